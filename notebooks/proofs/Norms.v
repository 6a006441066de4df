(* LayerNorm, RMSNorm and CRMSNorm, without gain and bias, and how they follow from each other. *)

From Normkit Require Export Vectors.

(* Jiang et al. 2023, Eq 1: LN(x) = (x − μ(x) 1) / √(‖x‖²/d − μ(x)² + ε) *)
Definition layerNorm {d} (eps : R) (x : vec d) : vec d :=
  fun i => (x i - mean x) / sqrt (normSq x / INR d - mean x ^ 2 + eps).

(* Jiang et al. 2023, Eq 2: RMS(x) = x / √(‖x‖²/d + ε) *)
Definition rmsNorm {d} (eps : R) (x : vec d) : vec d :=
  fun i => x i / sqrt (normSq x / INR d + eps).

(* Jiang et al. 2023, Eq 5, for y of R^(d−1), n = d − 1: CRMS(y) = y / √((Σ y_i² + (Σ y_i)²)/d + ε) *)
Definition crmsNorm {n} (eps : R) (y : vec n) : vec n :=
  fun i => y i / sqrt ((normSq y + Sum y ^ 2) / INR (S n) + eps).

(* The variance of Eq 1 is the mean of (x_i − μ)². *)
Lemma variance_two_forms d (x : vec d) : (1 <= d)%nat ->
  normSq x / INR d - mean x ^ 2 = normSq (center x) / INR d.
Proof.
  intros H. apply INR_positive in H. unfold center.
  rewrite normSq_shift. unfold mean. field. lra.
Qed.

(* With ε > 0 the three square roots are of positive numbers: nothing is divided by 0. *)
Theorem norms_are_defined d eps (x : vec d) : (1 <= d)%nat -> 0 < eps ->
  0 < normSq x / INR d - mean x ^ 2 + eps /\
  0 < normSq x / INR d + eps /\
  0 < (normSq x + Sum x ^ 2) / INR (S d) + eps.
Proof.
  intros H Heps. rewrite (variance_two_forms _ _ H). apply INR_positive in H.
  assert (nonneg : forall a b, 0 <= a -> 0 < b -> 0 <= a / b).
  { intros a b Ha Hb. apply Rmult_le_pos; [|apply Rlt_le, Rinv_0_lt_compat]; assumption. }
  pose proof (nonneg _ _ (Sum_squares_nonneg _ (center x)) H).
  pose proof (nonneg _ _ (Sum_squares_nonneg _ x) H).
  assert (0 <= (normSq x + Sum x ^ 2) / INR (S d)).
  { apply nonneg.
    - pose proof (Sum_squares_nonneg _ x). nra.
    - rewrite S_INR. lra. }
  lra.
Qed.

(* LayerNorm is RMSNorm of the centered vector, with the same ε. Jiang et al. 2023, Eq 1, 2 and §3.1. *)
Theorem layerNorm_is_rmsNorm_of_center d eps (x : vec d) : (1 <= d)%nat ->
  layerNorm eps x = rmsNorm eps (center x).
Proof.
  intros H. extensionality i. unfold layerNorm, rmsNorm.
  now rewrite (variance_two_forms _ _ H).
Qed.

(* On a vector of mean 0 LayerNorm and RMSNorm are the same. Jiang et al. 2023, §3.1. *)
Theorem layerNorm_is_rmsNorm_on_zero_mean d eps (x : vec d) : (1 <= d)%nat -> Sum x = 0 ->
  layerNorm eps x = rmsNorm eps x.
Proof.
  intros H H0. rewrite (layerNorm_is_rmsNorm_of_center _ _ _ H).
  now rewrite (center_zero_mean _ _ H0).
Qed.

(* Adding the same number to every coordinate does not change LayerNorm. Jiang et al. 2023, §3.1. *)
Theorem layerNorm_shift d eps k (x : vec d) : (1 <= d)%nat ->
  layerNorm eps (x ⊕ k • one) = layerNorm eps x.
Proof.
  intros H. rewrite !(layerNorm_is_rmsNorm_of_center _ _ _ H). f_equal.
  extensionality i. unfold center.
  rewrite mean_add, mean_scale, (mean_one _ H). unfold add, scale, one. ring.
Qed.

(* What LayerNorm and RMSNorm return for a vector of mean 0 has mean 0. Jiang et al. 2023, §3.1. *)
Theorem rmsNorm_keeps_zero_mean d eps (x : vec d) : Sum x = 0 -> Sum (rmsNorm eps x) = 0.
Proof.
  intros H. unfold rmsNorm, Rdiv.
  rewrite (Sum_ext _ _ (fun i => / sqrt (normSq x * / INR d + eps) * x i)) by (intros; ring).
  rewrite Sum_scale, H. ring.
Qed.

(* For x of mean 0, CRMSNorm of its first d−1 coordinates is those of RMSNorm(x). Jiang et al. 2023, Eq 5 and §3.2. *)
Theorem crmsNorm_is_first_of_rmsNorm n eps (x : vec (S n)) : Sum x = 0 ->
  crmsNorm eps (first x) = first (rmsNorm eps x).
Proof.
  intros H. apply last_of_zero_mean in H.
  extensionality i. unfold crmsNorm, first at 1, rmsNorm at 1.
  assert (same : normSq x = normSq (first x) + Sum (first x) ^ 2).
  { unfold normSq at 1. cbn [Sum]. fold (last x). rewrite H. unfold normSq, first. ring. }
  now rewrite same.
Qed.

(* GPAS in the forward pass, and how its gates, and DeepNorm's α, go into weights and ε. *)

From Normkit Require Export Affine.

Definition silu (a : R) : R := a / (1 + exp (- a)).

(* Chen et al. 2025, Eq 1–3: GPAS(x) = x − SiLU(α) · sg(x). In the forward pass the stop-gradient sg is the identity. *)
Definition gpas {d} (a : R) (x : vec d) : vec d := fun i => x i - silu a * x i.

(* 1 − SiLU(α) *)
Definition gate (a : R) : R := 1 - silu a.

(* In the forward pass GPAS multiplies by 1 − SiLU(α). Chen et al. 2025, Eq 1–3. *)
Theorem gpas_is_scale d a (x : vec d) : gpas a x = gate a • x.
Proof. extensionality i. unfold gpas, scale, gate. ring. Qed.

(* At α = 0, where training starts, GPAS changes nothing. Chen et al. 2025, Eq 1–3. *)
Theorem gpas_at_zero d (x : vec d) : gpas 0 x = x.
Proof. extensionality i. unfold gpas, silu, Rdiv. ring. Qed.

(* The gate is positive for every α ≤ 1 (in fact up to 1.278…, where SiLU(α) = 1). Chen et al. 2025, Eq 1–3. *)
Theorem gate_is_positive a : a <= 1 -> 0 < gate a.
Proof.
  intros Ha. unfold gate, silu. pose proof (exp_pos (- a)) as He.
  apply Rlt_Rminus, (Rmult_lt_reg_r (1 + exp (- a))); [lra|].
  unfold Rdiv. rewrite Rmult_assoc, Rinv_l by lra. lra.
Qed.

(* Norms of a scaled vector *)

(* norm_ε(c x) = norm_{ε/c²}(x) for c > 0 and ε > 0 *)
Definition absorbsScale {d} (norm : R -> vec d -> vec d) : Prop :=
  forall e c x, 0 < e -> 0 < c -> norm e (c • x) = norm (e / c ^ 2) x.

(* c a / √(c² s) = a / √s *)
Lemma quotient_of_scaled c s a : 0 < c -> 0 <= s -> c * a / sqrt (c ^ 2 * s) = a / sqrt s.
Proof.
  intros Hc Hs. rewrite sqrt_mult by nra. rewrite sqrt_pow2 by lra.
  unfold Rdiv. rewrite Rinv_mult. rewrite <- (Rmult_1_l (a * / sqrt s)), <- (Rinv_r c) by lra. ring.
Qed.

(* RMSNorm_ε(c x) = RMSNorm_{ε/c²}(x). Ours. *)
Theorem rmsNorm_absorbs_scale d : (1 <= d)%nat -> absorbsScale (rmsNorm (d := d)).
Proof.
  intros H e c x He Hc. extensionality i. unfold rmsNorm, scale at 1.
  rewrite <- (quotient_of_scaled c (normSq x / INR d + e / c ^ 2)).
  - rewrite normSq_scale. do 2 f_equal. apply INR_positive in H. field. lra.
  - assumption.
  - apply Rlt_le, norms_are_defined; [assumption|]. apply Rdiv_lt_0_compat; nra.
Qed.

(* LayerNorm_ε(c x) = LayerNorm_{ε/c²}(x). Ours. *)
Theorem layerNorm_absorbs_scale d : (1 <= d)%nat -> absorbsScale (layerNorm (d := d)).
Proof.
  intros H e c x He Hc. rewrite !(layerNorm_is_rmsNorm_of_center _ _ _ H), center_scale.
  now apply rmsNorm_absorbs_scale.
Qed.

(* CRMSNorm_ε(c y) = CRMSNorm_{ε/c²}(y). Ours. *)
Theorem crmsNorm_absorbs_scale n : absorbsScale (crmsNorm (n := n)).
Proof.
  intros e c y He Hc. set (x := fun i : index (S n) => match i with
    | Some j => y j | None => - Sum y end).
  assert (Hx : Sum x = 0) by (cbn; unfold x; change (Sum y + - Sum y = 0); ring).
  assert (Hcx : Sum (c • x) = 0) by (unfold scale; rewrite Sum_scale, Hx; ring).
  change (c • y) with (first (c • x)). change y with (first x).
  rewrite !crmsNorm_is_first_of_rmsNorm by assumption.
  rewrite rmsNorm_absorbs_scale; [reflexivity|lia|assumption|assumption].
Qed.

(* Stacks with gates *)

(* A layer that reads a stream smaller by the factor p and adds to it what is smaller by p. *)
Definition scaleLayer {T d} (p : R) (l : layer T d) : layer T d :=
  Layer (eps l / p ^ 2) (core_in l) (core_out l) (read_matrix l) (read_bias l) (core l)
    (fun i j => write_matrix l i j / p) (fun i => write_bias l i / p).

Definition scaleHead {d o} (p : R) (h : head o d) : head o d :=
  Head (head_eps h / p ^ 2) (head_matrix h) (head_bias h).

Lemma scaled_writer d k p (A : matrix d k) (b : vec d) (h : vec k) :
  linear (fun i j => A i j / p) (fun i => b i / p) h = / p • linear A b h.
Proof.
  extensionality i. unfold linear, apply, scale, add. rewrite Rmult_plus_distr_l, <- Sum_scale.
  f_equal; [apply Sum_ext; intros j|]; unfold Rdiv; ring.
Qed.

(* What the scaled layer adds to X is what the layer adds to p X, divided by p. *)
Lemma branch_scale T d norm p (l : layer T d) (X : tokens T d) :
  absorbsScale norm -> 0 < eps l -> 0 < p ->
  branch norm (scaleLayer p l) X = (fun t => / p • branch norm l (fun s => p • X s) t).
Proof.
  intros Hnorm He Hp. extensionality t. unfold branch. cbn. rewrite scaled_writer.
  do 4 f_equal. extensionality s. now rewrite Hnorm.
Qed.

(* Pre-LN with GPAS: x_{l+1} = GPAS(x_l + F_l(x_l)), one gate α for each sub-layer; sub-layers may have the same. *)
Definition gpasStep {T d} (norm : R -> vec d -> vec d) (X : tokens T d) (l : R * layer T d) :
  tokens T d := fun t => gpas (fst l) (preNormStep norm X (snd l) t).

Definition gpasModel {T d o} (norm : R -> vec d -> vec d) (layers : list (R * layer T d))
  (h : head o d) (X0 : tokens T d) : tokens T o :=
  output norm h (fold_left (gpasStep norm) layers X0).

(* The product of all gates, and the layers, each scaled by the product of the gates before it. *)
Fixpoint gates {T d} (p : R) (layers : list (R * layer T d)) : R :=
  match layers with
  | nil => p
  | (a, _) :: rest => gates (p * gate a) rest
  end.
Fixpoint foldGates {T d} (p : R) (layers : list (R * layer T d)) : list (layer T d) :=
  match layers with
  | nil => nil
  | (a, l) :: rest => scaleLayer p l :: foldGates (p * gate a) rest
  end.

Definition gateAndEpsPositive {T d} (l : R * layer T d) : Prop :=
  0 < gate (fst l) /\ 0 < eps (snd l).

(* The gated stream is the plain stream times the product of the gates so far. *)
Lemma gpas_stream T d norm (layers : list (R * layer T d)) : absorbsScale norm ->
  Forall gateAndEpsPositive layers -> forall p (X : tokens T d), 0 < p ->
  0 < gates p layers /\
  fold_left (gpasStep norm) layers (fun t => p • X t) =
  (fun t => gates p layers • fold_left (preNormStep norm) (foldGates p layers) X t).
Proof.
  intros Hnorm Hlayers. induction Hlayers as [|[a l] rest [Ha He] _ IH]; intros p X Hp.
  { now split. }
  cbn in Ha, He |- *.
  destruct (IH (p * gate a) (preNormStep norm X (scaleLayer p l))) as [Hgates <-].
  { now apply Rmult_lt_0_compat. }
  split; [assumption|]. f_equal.
  extensionality t. unfold gpasStep, preNormStep. cbn. rewrite gpas_is_scale.
  rewrite branch_scale by assumption.
  extensionality i. unfold scale, add. field. lra.
Qed.

(* GPAS = plain with branches over the product of the gates before them, ε over its square. Ours, for Chen et al. 2025, Eq 1–3. *)
Theorem gpas_is_plain T d o norm (layers : list (R * layer T d)) (h : head o d)
  (X0 : tokens T d) : absorbsScale norm -> Forall gateAndEpsPositive layers -> 0 < head_eps h ->
  gpasModel norm layers h X0 =
  preNormModel norm (foldGates 1 layers) (scaleHead (gates 1 layers) h) X0.
Proof.
  intros Hnorm Hlayers Hh. unfold gpasModel, preNormModel.
  destruct (gpas_stream _ _ _ _ Hnorm Hlayers 1 X0 Rlt_0_1) as [Hgates Hstream].
  replace (fun t => 1 • X0 t) with X0 in Hstream
    by (extensionality t; extensionality i; unfold scale; ring).
  rewrite Hstream. extensionality t. unfold output. cbn. now rewrite Hnorm.
Qed.

(* Pre-LN with GPAS = a plain Pre-LN model. Ours, for Chen et al. 2025, Eq 1–3. *)
Theorem preLN_gpas_is_preLN T d o (layers : list (R * layer T d)) (h : head o d)
  (X0 : tokens T d) : (1 <= d)%nat -> Forall gateAndEpsPositive layers -> 0 < head_eps h ->
  gpasModel layerNorm layers h X0 =
  preNormModel layerNorm (foldGates 1 layers) (scaleHead (gates 1 layers) h) X0.
Proof. intros H. apply gpas_is_plain. now apply layerNorm_absorbs_scale. Qed.

(* Pre-LN with GPAS = a plain Pre-CRMSNorm model (n = d − 1). Ours, for Chen et al. 2025, Eq 1–3, and Jiang et al. 2023, §3.2. *)
Theorem preLN_gpas_is_preCRMS T n o (layers : list (R * layer T (S n))) (h : head o (S n))
  (X0 : tokens T (S n)) : Forall gateAndEpsPositive layers -> 0 < head_eps h ->
  gpasModel layerNorm layers h X0 =
  preNormModel crmsNorm (map compressLayer (map centerLayer (foldGates 1 layers)))
    (compressHead (scaleHead (gates 1 layers) h)) (firstTokens (centerTokens X0)).
Proof.
  intros Hlayers Hh. rewrite preLN_gpas_is_preLN by (lia || assumption).
  apply preLN_is_preCRMS.
Qed.

(* DeepNorm *)

(* LN_ε(α x + f) = LN_{ε/α²}(x + f/α). Ours, for Wang et al. 2022 (DeepNet), §2. *)
Theorem deepNorm_absorbs_alpha d e alpha (x f : vec d) : (1 <= d)%nat -> 0 < e -> 0 < alpha ->
  layerNorm e (alpha • x ⊕ f) = layerNorm (e / alpha ^ 2) (x ⊕ / alpha • f).
Proof.
  intros H He Ha. rewrite <- layerNorm_absorbs_scale by assumption. f_equal.
  extensionality i. unfold scale, add. field. lra.
Qed.

(* x_{l+1} = LN(α x_l + F_l(x_l)); the branch reads the stream as it is. α = 1 is Post-LN. *)
Definition deepNormStep {T d} (X : tokens T d) (l : R * layer T d) : tokens T d :=
  fun t => layerNorm (eps (snd l)) (fst l • X t ⊕ branch (fun _ x => x) (snd l) X t).
Definition postNormStep {T d} (X : tokens T d) (l : layer T d) : tokens T d :=
  fun t => layerNorm (eps l) (X t ⊕ branch (fun _ x => x) l X t).

(* A DeepNorm stack = the Post-LN stack with branches over α and ε over α². Ours, for Wang et al. 2022 (DeepNet), §2. *)
Theorem deepNorm_is_postLN T d (layers : list (R * layer T d)) : (1 <= d)%nat ->
  Forall (fun l => 0 < fst l /\ 0 < eps (snd l)) layers -> forall X0 : tokens T d,
  fold_left deepNormStep layers X0 =
  fold_left postNormStep (map (fun l => scaleLayer (fst l) (snd l)) layers) X0.
Proof.
  intros H Hlayers. induction Hlayers as [|[a l] rest [Ha He] _ IH]; intros X; [reflexivity|].
  cbn in Ha, He |- *. rewrite <- IH. f_equal.
  extensionality t. unfold deepNormStep, postNormStep. cbn.
  rewrite deepNorm_absorbs_alpha by assumption. do 2 f_equal.
  unfold branch. cbn. now rewrite scaled_writer.
Qed.

(* GPAS on DeepNorm's shortcut multiplies its α by the gate. The placement is that of the code of Chen et al. 2025. *)
Theorem deepNorm_gpas_is_deepNorm d alpha a (x f : vec d) e :
  layerNorm e (alpha • gpas a x ⊕ f) = layerNorm e ((alpha * gate a) • x ⊕ f).
Proof.
  rewrite gpas_is_scale. do 2 f_equal. extensionality i. unfold scale. ring.
Qed.

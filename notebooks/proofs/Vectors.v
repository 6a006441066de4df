(* Vectors of R^d, their sums and means. The common base of the other files. *)

From Coq Require Export Arith Lia List Lra Reals FunctionalExtensionality.
Global Open Scope R_scope.

(* The d coordinates of R^d. For d = n + 1 the first n are [Some i], and the last is [None]. *)
Fixpoint index (d : nat) : Type :=
  match d with
  | O => Empty_set
  | S n => option (index n)
  end.

Definition vec (d : nat) : Type := index d -> R.

(* x_1 + … + x_d *)
Fixpoint Sum {d : nat} : vec d -> R :=
  match d with
  | O => fun _ => 0
  | S n => fun x => Sum (fun i : index n => x (Some i)) + x None
  end.

Definition add {d} (x y : vec d) : vec d := fun i => x i + y i.
Definition scale {d} (c : R) (x : vec d) : vec d := fun i => c * x i.
Definition times {d} (x y : vec d) : vec d := fun i => x i * y i.
Definition one {d} : vec d := fun _ => 1.

Notation "x ⊕ y" := (add x y) (at level 50, left associativity).
Notation "c • x" := (scale c x) (at level 40, left associativity).
Notation "x ⊙ y" := (times x y) (at level 40, left associativity).

(* ‖x‖² *)
Definition normSq {d} (x : vec d) : R := Sum (fun i => x i ^ 2).

(* μ(x) = 1ᵀx / d *)
Definition mean {d} (x : vec d) : R := Sum x / INR d.

(* Recenter(x) = x − μ(x) 1 *)
Definition center {d} (x : vec d) : vec d := fun i => x i - mean x.

(* x without its last coordinate, and that coordinate *)
Definition first {n} (x : vec (S n)) : vec n := fun i => x (Some i).
Definition last {n} (x : vec (S n)) : R := x None.

(* Sums are linear, and a double sum may be taken in either order. *)

Lemma INR_positive d : (1 <= d)%nat -> 0 < INR d.
Proof. intros H. apply lt_0_INR. lia. Qed.

Lemma Sum_ext d (x y : vec d) : (forall i, x i = y i) -> Sum x = Sum y.
Proof. intros H. f_equal. now extensionality i. Qed.

Lemma Sum_add d (x y : vec d) : Sum (fun i => x i + y i) = Sum x + Sum y.
Proof. induction d as [|n IH]; cbn; [|rewrite IH]; ring. Qed.

Lemma Sum_sub d (x y : vec d) : Sum (fun i => x i - y i) = Sum x - Sum y.
Proof. induction d as [|n IH]; cbn; [|rewrite IH]; ring. Qed.

Lemma Sum_scale d c (x : vec d) : Sum (fun i => c * x i) = c * Sum x.
Proof. induction d as [|n IH]; cbn; [|rewrite IH]; ring. Qed.

Lemma Sum_constant d c : Sum (fun _ : index d => c) = INR d * c.
Proof. induction d as [|n IH]; [cbn; ring|]. rewrite S_INR. cbn. rewrite IH. ring. Qed.

Lemma Sum_swap m n (a : index m -> index n -> R) :
  Sum (fun i => Sum (fun j => a i j)) = Sum (fun j => Sum (fun i => a i j)).
Proof.
  induction m as [|m IH]; cbn.
  - rewrite Sum_constant. ring.
  - now rewrite IH, Sum_add.
Qed.

Lemma Sum_squares_nonneg d (x : vec d) : 0 <= normSq x.
Proof.
  unfold normSq. induction d as [|n IH]; cbn; [lra|].
  specialize (IH (first x)). unfold first in IH. cbn in IH. nra.
Qed.

(* Σ (x_i − k)² = ‖x‖² − 2k Σ x_i + d k² *)
Lemma normSq_shift d (x : vec d) k :
  normSq (fun i => x i - k) = normSq x - 2 * k * Sum x + INR d * k ^ 2.
Proof.
  unfold normSq. induction d as [|n IH]; [cbn; ring|].
  rewrite S_INR. cbn [Sum]. rewrite IH. ring.
Qed.

Lemma normSq_scale d c (x : vec d) : normSq (c • x) = c ^ 2 * normSq x.
Proof. unfold normSq, scale. rewrite <- Sum_scale. apply Sum_ext. intros i. ring. Qed.

(* The mean is linear, and centering takes it away. *)

Lemma mean_add d (x y : vec d) : mean (x ⊕ y) = mean x + mean y.
Proof. unfold mean, add. rewrite Sum_add. unfold Rdiv. ring. Qed.

Lemma mean_scale d c (x : vec d) : mean (c • x) = c * mean x.
Proof. unfold mean, scale. rewrite Sum_scale. unfold Rdiv. ring. Qed.

Lemma mean_one d : (1 <= d)%nat -> mean (one : vec d) = 1.
Proof.
  intros H. apply INR_positive in H. unfold mean, one. rewrite Sum_constant. field. lra.
Qed.

Lemma Sum_center d (x : vec d) : (1 <= d)%nat -> Sum (center x) = 0.
Proof.
  intros H. apply INR_positive in H. unfold center, mean.
  rewrite Sum_sub, Sum_constant. field. lra.
Qed.

Lemma center_add d (x y : vec d) : center (x ⊕ y) = center x ⊕ center y.
Proof. extensionality i. unfold center. rewrite mean_add. unfold add. ring. Qed.

Lemma center_scale d c (x : vec d) : center (c • x) = c • center x.
Proof. extensionality i. unfold center. rewrite mean_scale. unfold scale. ring. Qed.

Lemma center_zero_mean d (x : vec d) : Sum x = 0 -> center x = x.
Proof. intros H. extensionality i. unfold center, mean. rewrite H. unfold Rdiv. ring. Qed.

(* The last coordinate of a vector of mean 0 is minus the sum of the others. *)
Lemma last_of_zero_mean n (x : vec (S n)) : Sum x = 0 -> last x = - Sum (first x).
Proof. cbn. unfold last, first. lra. Qed.

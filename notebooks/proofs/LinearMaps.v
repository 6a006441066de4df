(* Linear maps that write to the residual stream or read from it, and how they change with the norm. *)

From Normkit Require Export Norms.

(* m rows, d columns *)
Definition matrix (m d : nat) : Type := index m -> index d -> R.

(* A x, and A x + b *)
Definition apply {m d} (A : matrix m d) (x : vec d) : vec m := fun i => Sum (fun j => A i j * x j).
Definition linear {m d} (A : matrix m d) (b : vec m) (x : vec d) : vec m := apply A x ⊕ b.

(* Â = A − (1/d) 1 1ᵀ A: the mean of each column is taken away. *)
Definition centerMatrix {d k} (A : matrix d k) : matrix d k :=
  fun i j => A i j - / INR d * Sum (fun i' => A i' j).

(* A_[:, :-1] − a_d 1ᵀ: the last column is subtracted from the others, and dropped. *)
Definition compressMatrix {m n} (A : matrix m (S n)) : matrix m n :=
  fun i j => A i (Some j) - A i None.

(* A without its last row *)
Definition firstRows {n k} (A : matrix (S n) k) : matrix n k := fun i => A (Some i).

(* W diag(γ) *)
Definition scaleColumns {m d} (W : matrix m d) (gain : vec d) : matrix m d :=
  fun i j => W i j * gain j.

(* A centered matrix and bias write the output of the plain ones minus its mean. Jiang et al. 2023, §3.1, Lemma 3.1. *)
Theorem centered_writer_subtracts_mean d k (A : matrix d k) (b : vec d) (h : vec k) :
  linear (centerMatrix A) (center b) h = center (linear A b h).
Proof.
  unfold linear. rewrite center_add. f_equal.
  extensionality i. unfold apply, centerMatrix, center, mean.
  rewrite Sum_swap.
  rewrite (Sum_ext _ _ (fun j => A i j * h j - / INR d * (Sum (fun i' => A i' j) * h j)))
    by (intros; ring).
  rewrite Sum_sub, Sum_scale. unfold Rdiv. rewrite (Rmult_comm _ (/ INR d)).
  do 2 f_equal. apply Sum_ext. intros j.
  rewrite Rmult_comm, <- Sum_scale. apply Sum_ext. intros; ring.
Qed.

(* What a centered matrix and bias write has mean 0. Jiang et al. 2023, §3.1, Lemma 3.1. *)
Theorem centered_writer_has_zero_mean d k (A : matrix d k) (b : vec d) (h : vec k) :
  (1 <= d)%nat -> Sum (linear (centerMatrix A) (center b) h) = 0.
Proof. intros H. rewrite centered_writer_subtracts_mean. now apply Sum_center. Qed.

(* For x of mean 0, A x is the compressed matrix times the first d−1 coordinates of x. Jiang et al. 2023, §3.2. *)
Theorem compressed_reader m n (A : matrix m (S n)) (x : vec (S n)) : Sum x = 0 ->
  apply A x = apply (compressMatrix A) (first x).
Proof.
  intros H. apply last_of_zero_mean in H.
  extensionality i. unfold apply, compressMatrix. cbn [Sum]. fold (last x). rewrite H.
  transitivity (Sum (fun j => A i (Some j) * x (Some j) - A i None * first x j)).
  - rewrite Sum_sub, Sum_scale. unfold first. ring.
  - apply Sum_ext. intros j. unfold first. ring.
Qed.

(* A writer without its last row and last bias writes the first d−1 coordinates. Jiang et al. 2023, §3.2. *)
Theorem shortened_writer n k (A : matrix (S n) k) (b : vec (S n)) (h : vec k) :
  linear (firstRows A) (first b) h = first (linear A b h).
Proof. reflexivity. Qed.

(* Gain and bias go into the reader: W (γ ⊙ n + β) + b = (W diag γ) n + (b + W β). Ours; the paper's norms have neither. *)
Theorem fold_gain_and_bias m d (W : matrix m d) (b : vec m) (gain bias x : vec d) :
  linear W b (gain ⊙ x ⊕ bias) = linear (scaleColumns W gain) (b ⊕ apply W bias) x.
Proof.
  extensionality i. unfold linear, apply, scaleColumns, add, times.
  rewrite (Sum_ext _ _ (fun j => W i j * gain j * x j + W i j * bias j)) by (intros; ring).
  rewrite Sum_add. ring.
Qed.

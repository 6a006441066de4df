(* Pre-LN stacks of any number of layers, and the RMSNorm and CRMSNorm stacks that equal them. *)

From Normkit Require Export LinearMaps.

(* A sequence of T tokens, each a vector of R^d. *)
Definition tokens (T d : nat) : Type := index T -> vec d.

(* One sub-layer: norm, linear reader, core, linear writer. The core is any function of the whole sequence: attention with
   its mask, positions and memory, a feed-forward's activation, or both side by side. *)
Record layer (T d : nat) : Type := Layer {
  eps : R;
  core_in : nat;
  core_out : nat;
  read_matrix : matrix core_in d;
  read_bias : vec core_in;
  core : tokens T core_in -> tokens T core_out;
  write_matrix : matrix d core_out;
  write_bias : vec d
}.
Arguments Layer {T d}. Arguments eps {T d}. Arguments core_in {T d}. Arguments core_out {T d}.
Arguments read_matrix {T d}. Arguments read_bias {T d}. Arguments core {T d}.
Arguments write_matrix {T d}. Arguments write_bias {T d}.

(* The final norm's ε and the linear head with o outputs. *)
Record head (o d : nat) : Type := Head {
  head_eps : R;
  head_matrix : matrix o d;
  head_bias : vec o
}.
Arguments Head {o d}. Arguments head_eps {o d}. Arguments head_matrix {o d}.
Arguments head_bias {o d}.

(* What a layer adds to the stream X. *)
Definition branch {T d} (norm : R -> vec d -> vec d) (l : layer T d) (X : tokens T d) :
  tokens T d :=
  let H := core l (fun t => linear (read_matrix l) (read_bias l) (norm (eps l) (X t))) in
  fun t => linear (write_matrix l) (write_bias l) (H t).

(* x_{l+1} = x_l + F_l(x_l). Jiang et al. 2023, §2.3 *)
Definition preNormStep {T d} (norm : R -> vec d -> vec d) (X : tokens T d) (l : layer T d) :
  tokens T d := fun t => X t ⊕ branch norm l X t.

(* The final norm and the head, token by token. *)
Definition output {T d o} (norm : R -> vec d -> vec d) (h : head o d) (X : tokens T d) :
  tokens T o := fun t => linear (head_matrix h) (head_bias h) (norm (head_eps h) (X t)).

(* The whole model from the start of its stream to the outputs of its head. *)
Definition preNormModel {T d o} (norm : R -> vec d -> vec d) (layers : list (layer T d))
  (h : head o d) (X0 : tokens T d) : tokens T o :=
  output norm h (fold_left (preNormStep norm) layers X0).

(* The three conversions of a layer and a head. *)

Definition centerTokens {T d} (X : tokens T d) : tokens T d := fun t => center (X t).
Definition firstTokens {T n} (X : tokens T (S n)) : tokens T n := fun t => first (X t).

Definition centerLayer {T d} (l : layer T d) : layer T d :=
  Layer (eps l) (core_in l) (core_out l) (read_matrix l) (read_bias l) (core l)
    (centerMatrix (write_matrix l)) (center (write_bias l)).

Definition compressLayer {T n} (l : layer T (S n)) : layer T n :=
  Layer (eps l) (core_in l) (core_out l) (compressMatrix (read_matrix l)) (read_bias l) (core l)
    (firstRows (write_matrix l)) (first (write_bias l)).

Definition compressHead {n o} (h : head o (S n)) : head o n :=
  Head (head_eps h) (compressMatrix (head_matrix h)) (head_bias h).

(* Pre-LN and Pre-RMSNorm *)

(* A centered layer adds what the plain one adds, minus its mean. *)
Lemma branch_center T d (l : layer T d) (X : tokens T d) : (1 <= d)%nat ->
  branch rmsNorm (centerLayer l) (centerTokens X) = centerTokens (branch layerNorm l X).
Proof.
  intros H. extensionality t. unfold branch, centerTokens. cbn.
  rewrite centered_writer_subtracts_mean. do 3 f_equal.
  extensionality s. now rewrite (layerNorm_is_rmsNorm_of_center _ _ _ H).
Qed.

(* The stream of the Pre-RMSNorm model is the centered stream of the Pre-LN model. Jiang et al. 2023, §3.1, Lemma 3.1. *)
Theorem preRMS_stream_is_centered T d (layers : list (layer T d)) : (1 <= d)%nat ->
  forall X0 : tokens T d,
  fold_left (preNormStep rmsNorm) (map centerLayer layers) (centerTokens X0) =
  centerTokens (fold_left (preNormStep layerNorm) layers X0).
Proof.
  intros H. induction layers as [|l rest IH]; intros X0; [reflexivity|].
  cbn. rewrite <- IH. f_equal.
  extensionality t. unfold preNormStep. rewrite (branch_center _ _ _ _ H).
  unfold centerTokens. now rewrite center_add.
Qed.

(* Pre-LN = Pre-RMSNorm: the same outputs for all inputs, any number of layers. Jiang et al. 2023, §3.1, Lemma 3.1. *)
Theorem preLN_is_preRMS T d o (layers : list (layer T d)) (h : head o d) (X0 : tokens T d) :
  (1 <= d)%nat ->
  preNormModel layerNorm layers h X0 =
  preNormModel rmsNorm (map centerLayer layers) h (centerTokens X0).
Proof.
  intros H. extensionality t. unfold preNormModel, output.
  rewrite (preRMS_stream_is_centered _ _ _ H). unfold centerTokens.
  now rewrite (layerNorm_is_rmsNorm_of_center _ _ _ H).
Qed.

(* Pre-RMSNorm and Pre-CRMSNorm *)

Definition zeroMean {T d} (X : tokens T d) : Prop := forall t, Sum (X t) = 0.

(* A layer whose writer has mean 0: each column of the matrix, and the bias. *)
Definition writesZeroMean {T d} (l : layer T d) : Prop :=
  (forall j, Sum (fun i => write_matrix l i j) = 0) /\ Sum (write_bias l) = 0.

Lemma branch_zero_mean T d norm (l : layer T d) (X : tokens T d) :
  writesZeroMean l -> zeroMean (branch norm l X).
Proof.
  intros [HA Hb] t. unfold branch, linear, apply, add.
  rewrite Sum_add, Hb, Sum_swap.
  rewrite (Sum_ext _ _ (fun _ => 0)); [rewrite Sum_constant; ring|].
  intros j. set (H := core l _ t).
  rewrite (Sum_ext _ _ (fun i => H j * write_matrix l i j)) by (intros; ring).
  rewrite Sum_scale, HA. ring.
Qed.

(* A compressed layer adds the first d−1 coordinates of what the layer adds to a stream of mean 0. *)
Lemma branch_compress T n (l : layer T (S n)) (X : tokens T (S n)) : zeroMean X ->
  branch crmsNorm (compressLayer l) (firstTokens X) = firstTokens (branch rmsNorm l X).
Proof.
  intros HX. extensionality t. unfold branch, firstTokens. cbn -[Sum].
  rewrite shortened_writer. do 3 f_equal.
  extensionality s. unfold linear. f_equal.
  rewrite (crmsNorm_is_first_of_rmsNorm _ _ _ (HX s)).
  symmetry. apply compressed_reader, rmsNorm_keeps_zero_mean, HX.
Qed.

(* Pre-RMSNorm = Pre-CRMSNorm where the stream starts with mean 0 and layers write with mean 0. Jiang et al. 2023, §3.2. *)
Theorem preRMS_is_preCRMS T n o (layers : list (layer T (S n))) (h : head o (S n)) :
  Forall writesZeroMean layers -> forall X0 : tokens T (S n), zeroMean X0 ->
  preNormModel rmsNorm layers h X0 =
  preNormModel crmsNorm (map compressLayer layers) (compressHead h) (firstTokens X0).
Proof.
  unfold preNormModel. intros Hlayers.
  induction Hlayers as [|l rest Hl Hrest IH]; intros X HX; cbn [map fold_left].
  - extensionality t. unfold output, firstTokens, linear, compressHead. cbn -[Sum]. f_equal.
    rewrite (crmsNorm_is_first_of_rmsNorm _ _ _ (HX t)).
    apply compressed_reader, rmsNorm_keeps_zero_mean, HX.
  - rewrite IH.
    + f_equal. f_equal. extensionality t. unfold preNormStep.
      now rewrite (branch_compress _ _ _ _ HX).
    + intros t. unfold preNormStep, add. rewrite Sum_add, (HX t).
      rewrite (branch_zero_mean _ _ rmsNorm _ X Hl t). ring.
Qed.

Lemma centerLayer_writesZeroMean T d (l : layer T d) : (1 <= d)%nat ->
  writesZeroMean (centerLayer l).
Proof.
  intros H. split; cbn; [intros j|now apply Sum_center].
  rewrite <- (Sum_center _ (fun i => write_matrix l i j) H).
  apply Sum_ext. intros i. unfold centerMatrix, center, mean, Rdiv. ring.
Qed.

(* Pre-LN = Pre-CRMSNorm (n = d − 1): the same outputs for all inputs, any number of layers. Jiang et al. 2023, §3.1, §3.2. *)
Theorem preLN_is_preCRMS T n o (layers : list (layer T (S n))) (h : head o (S n))
  (X0 : tokens T (S n)) :
  preNormModel layerNorm layers h X0 =
  preNormModel crmsNorm (map compressLayer (map centerLayer layers)) (compressHead h)
    (firstTokens (centerTokens X0)).
Proof.
  assert (H : (1 <= S n)%nat) by lia.
  rewrite (preLN_is_preRMS _ _ _ _ _ _ H). apply preRMS_is_preCRMS.
  - apply Forall_map, Forall_forall. intros l _. now apply centerLayer_writesZeroMean.
  - intros t. now apply Sum_center.
Qed.

(* The start of the stream *)

(* A stream that starts as a sum of embeddings is centered by centering each table's rows. Jiang et al. 2023, §3.1. *)
Theorem centered_embeddings T d (E P : tokens T d) :
  centerTokens (fun t => E t ⊕ P t) = (fun t => centerTokens E t ⊕ centerTokens P t).
Proof. extensionality t. apply center_add. Qed.

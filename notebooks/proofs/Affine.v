(* Pre-LN stacks whose norms have a gain γ and a bias β, as checkpoints do. *)

From Normkit Require Export Stack.

(* γ ⊙ norm(x) + β *)
Definition affine {d} (norm : R -> vec d -> vec d) (gain bias : vec d) : R -> vec d -> vec d :=
  fun e x => gain ⊙ norm e x ⊕ bias.

(* A layer, or a head, with the gain and bias of its norm. *)
Record withAffine (A : Type) (d : nat) : Type := WithAffine { gain : vec d; bias : vec d; base : A }.
Arguments WithAffine {A d}. Arguments gain {A d}. Arguments bias {A d}. Arguments base {A d}.

Definition affineStep {T d} (norm : R -> vec d -> vec d) (X : tokens T d)
  (l : withAffine (layer T d) d) : tokens T d :=
  preNormStep (affine norm (gain l) (bias l)) X (base l).

Definition affineModel {T d o} (norm : R -> vec d -> vec d)
  (layers : list (withAffine (layer T d) d)) (h : withAffine (head o d) d) (X0 : tokens T d) :
  tokens T o :=
  output (affine norm (gain h) (bias h)) (base h) (fold_left (affineStep norm) layers X0).

Definition foldLayer {T d} (a : withAffine (layer T d) d) : layer T d :=
  let l := base a in
  Layer (eps l) (core_in l) (core_out l)
    (scaleColumns (read_matrix l) (gain a)) (read_bias l ⊕ apply (read_matrix l) (bias a)) (core l)
    (write_matrix l) (write_bias l).

Definition foldHead {d o} (a : withAffine (head o d) d) : head o d :=
  let h := base a in
  Head (head_eps h) (scaleColumns (head_matrix h) (gain a))
    (head_bias h ⊕ apply (head_matrix h) (bias a)).

(* All gains and biases go into the readers: the same outputs for all inputs, any number of layers. Ours. *)
Theorem affine_is_plain T d o norm (layers : list (withAffine (layer T d) d))
  (h : withAffine (head o d) d) : forall X0 : tokens T d,
  affineModel norm layers h X0 = preNormModel norm (map foldLayer layers) (foldHead h) X0.
Proof.
  unfold affineModel, preNormModel.
  induction layers as [|l rest IH]; intros X; cbn [map fold_left].
  - extensionality t. unfold output, affine. now rewrite fold_gain_and_bias.
  - rewrite IH. do 2 f_equal. extensionality t. unfold affineStep, preNormStep. f_equal.
    unfold branch. cbn. do 3 f_equal.
    extensionality s. unfold affine. now rewrite fold_gain_and_bias.
Qed.

(* Pre-LN with gains and biases = Pre-RMSNorm = Pre-CRMSNorm (n = d − 1), any number of layers. Jiang et al. 2023, §3.1, §3.2. *)
Theorem three_models_are_one T n o (layers : list (withAffine (layer T (S n)) (S n)))
  (h : withAffine (head o (S n)) (S n)) (X0 : tokens T (S n)) :
  let plain := map foldLayer layers in
  affineModel layerNorm layers h X0 =
    preNormModel rmsNorm (map centerLayer plain) (foldHead h) (centerTokens X0) /\
  affineModel layerNorm layers h X0 =
    preNormModel crmsNorm (map compressLayer (map centerLayer plain)) (compressHead (foldHead h))
      (firstTokens (centerTokens X0)).
Proof.
  intros plain. rewrite affine_is_plain. split.
  - apply preLN_is_preRMS. lia.
  - apply preLN_is_preCRMS.
Qed.

(* Whole language models, from tokens to logits: embeddings, tied or untied head, gains and biases; and their training. *)

From Normkit Require Export Affine.

(* A table of v vectors for tokens, a vector for each of T places, a stack with a final norm, and a head with v logits. L is
   what a layer is, H what a head is. *)
Record languageModel (v T d : nat) (L H : Type) : Type := LanguageModel {
  table : index v -> vec d;
  places : tokens T d;
  stack : list L;
  reader : H
}.
Arguments LanguageModel {v T d L H}. Arguments table {v T d L H}. Arguments places {v T d L H}.
Arguments stack {v T d L H}. Arguments reader {v T d L H}.

(* As a checkpoint has it, with a gain and a bias for each norm; and without, as a conversion leaves it. *)
Definition storedModel (v T d : nat) : Type :=
  languageModel v T d (withAffine (layer T d) d) (withAffine (head v d) d).
Definition plainModel (v T d : nat) : Type := languageModel v T d (layer T d) (head v d).

(* The T tokens of a sequence *)
Definition sequence (v T : nat) : Type := index T -> index v.

(* The stream starts as a token's vector and that of its place. *)
Definition start {v T d L H} (m : languageModel v T d L H) (ids : sequence v T) : tokens T d :=
  fun t => table m (ids t) ⊕ places m t.

Definition storedLogits {v T d} (norm : R -> vec d -> vec d) (m : storedModel v T d)
  (ids : sequence v T) : tokens T v := affineModel norm (stack m) (reader m) (start m ids).

Definition plainLogits {v T d} (norm : R -> vec d -> vec d) (m : plainModel v T d)
  (ids : sequence v T) : tokens T v := preNormModel norm (stack m) (reader m) (start m ids).

(* A tied head reads with the table. Nothing below asks for it: a converted head is a matrix of its own. *)
Definition isTied {v T d} (m : storedModel v T d) : Prop :=
  head_matrix (base (reader m)) = table m.

(* The two conversions *)

Definition toRMS {v T d} (m : storedModel v T d) : plainModel v T d :=
  LanguageModel (fun token => center (table m token)) (centerTokens (places m))
    (map centerLayer (map foldLayer (stack m))) (foldHead (reader m)).

Definition toCRMS {v T n} (m : storedModel v T (S n)) : plainModel v T n :=
  let r := toRMS m in
  LanguageModel (fun token => first (table r token)) (firstTokens (places r))
    (map compressLayer (stack r)) (compressHead (reader r)).

Lemma start_toRMS v T d (m : storedModel v T d) (ids : sequence v T) :
  start (toRMS m) ids = centerTokens (start m ids).
Proof. extensionality t. unfold start, centerTokens. cbn. now rewrite center_add. Qed.

Lemma start_toCRMS v T n (m : storedModel v T (S n)) (ids : sequence v T) :
  start (toCRMS m) ids = firstTokens (centerTokens (start m ids)).
Proof. rewrite <- start_toRMS. reflexivity. Qed.

(* From tokens to logits, Pre-LN = Pre-RMSNorm = Pre-CRMSNorm (n = d − 1), a tied head or not. Jiang et al. 2023, §3.1, §3.2. *)
Theorem three_language_models_are_one v T n (m : storedModel v T (S n)) :
  storedLogits layerNorm m = plainLogits rmsNorm (toRMS m) /\
  storedLogits layerNorm m = plainLogits crmsNorm (toCRMS m).
Proof.
  assert (both := three_models_are_one T n v (stack m) (reader m)).
  split; extensionality ids; destruct (both (start m ids)) as [rms crms];
    unfold storedLogits, plainLogits.
  - rewrite rms, <- start_toRMS. reflexivity.
  - rewrite crms, <- start_toCRMS. reflexivity.
Qed.

(* The head of a tied model is converted to diag(γ) behind the table: the two share no matrix any more. Ours. *)
Theorem tied_head_gets_its_own v T d (m : storedModel v T d) : isTied m ->
  forall token i, head_matrix (reader (toRMS m)) token i = table m token i * gain (reader m) i.
Proof. intros tied token i. unfold isTied in tied. cbn. now rewrite tied. Qed.

(* Training *)

(* n steps of any optimizer, whose state is of any kind: each step sees the parameters, the gradient of its own loss (another
   batch each time), and the state. *)
Fixpoint train {P State : Type} (gradient : (P -> R) -> P -> P)
  (update : nat -> P -> P -> State -> P * State) (losses : nat -> P -> R) (n : nat)
  (begin : P * State) : P * State :=
  match n with
  | O => begin
  | S k =>
    let '(parameters, state) := train gradient update losses k begin in
    update k parameters (gradient (losses k) parameters) state
  end.

(* Parameters are of any kind P, with parts that are shared between table and head or not; what is converted in each forward pass
   has the loss of the model itself, so it has its gradient by every rule of differentiation. *)

(* Converted in each forward pass, a model is trained to the same parameters as it is. Ours, for Jiang et al. 2023, §3.1, §3.2. *)
Theorem training_is_one (P State : Type) v T n (assemble : P -> storedModel v T (S n))
  (loss : nat -> (sequence v T -> tokens T v) -> R) gradient
  (update : nat -> P -> P -> State -> P * State) (steps : nat) (begin : P * State) :
  let run logits := train gradient update (fun k p => loss k (logits (assemble p))) steps begin in
  run (storedLogits layerNorm) = run (fun m => plainLogits rmsNorm (toRMS m)) /\
  run (storedLogits layerNorm) = run (fun m => plainLogits crmsNorm (toCRMS m)).
Proof.
  assert (rms : storedLogits layerNorm = fun m : storedModel v T (S n) => plainLogits rmsNorm (toRMS m))
    by (extensionality m; apply three_language_models_are_one).
  assert (crms : storedLogits layerNorm = fun m : storedModel v T (S n) => plainLogits crmsNorm (toCRMS m))
    by (extensionality m; apply three_language_models_are_one).
  intros run. split; [now rewrite rms|now rewrite crms].
Qed.

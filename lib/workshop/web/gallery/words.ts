// What each residual variant cures and what it costs, in a sentence each.

/** What is said of a variant. */
export interface VariantWords {
  /** What it was made for. */
  readonly cures: string;
  /** What is paid for it. */
  readonly costs: string;
}

/** What is said of each variant, by its id. */
export const variantWords: Readonly<Record<string, VariantWords>> = {
  "post-ln": {
    cures:
      "Nothing: it is the original Transformer, whose stream has the same size behind every layer.",
    costs: "It needs warm-up, and deep stacks fail: the gradient of early layers vanishes.",
  },
  "pre-ln": {
    cures: "The need for warm-up: a path without norms leads the gradient to every layer.",
    costs: "The stream grows with depth, so that deep layers change it less and less.",
  },
  "sub-ln": {
    cures: "Updates that grow with depth: a second norm stands before the output projection.",
    costs: "One more norm in each sub-layer, and a gain at the start that depends on depth.",
  },
  "deep-norm": {
    cures: "Exploding updates of Post-LN, to a thousand layers: the shortcut weighs more.",
    costs: "Two constants that depend on depth.",
  },
  "sandwich-ln": {
    cures:
      "Branch outputs that are too large for half precision: they are normed before they are added.",
    costs: "Two norms in each sub-layer.",
  },
  "resi-dual": {
    cures:
      "The vanishing gradient of Post-LN and the collapse of Pre-LN: a second stream sums all branches.",
    costs: "The memory of a second stream.",
  },
  "mix-ln": {
    cures: "Idle deep layers: Post-LN first, Pre-LN behind it.",
    costs: "The share of Post-LN is one more choice, and these layers want warm-up.",
  },
  "lns": {
    cures:
      "The growth of the stream: what a norm gives is divided by the root of the layer's number.",
    costs: "Deep layers begin slowly.",
  },
  "lns-gain": {
    cures: "The same as LNS at the start; the gains are trained afterwards.",
    costs: "Training may undo the scale.",
  },
  "peri-ln": {
    cures: "Massive activations: each branch is normed where it begins and where it ends.",
    costs: "Two norms in each sub-layer; the gain behind a branch cannot be folded away.",
  },
  "res-post-norm": {
    cures: "Large branch outputs of deep Pre-LN models: each is normed before it is added.",
    costs: "Branches read a stream that grows, without a norm.",
  },
};

/** What is said of GPAS. */
export const gpasWords: VariantWords = {
  cures:
    "The growth of the stream, on any variant: a learned gate scales it down, and the gradient does not see that.",
  costs: "One learned number in each layer.",
};

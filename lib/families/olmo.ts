// OLMo-1, whose LayerNorms have no parameters, and OLMo-2, whose RMSNorms stand on what its branches give.

import { resPostNorm } from "../residual/variants.ts";
import type { Family } from "./family.ts";
import { llamaLike, rmsOf } from "./llama_like.ts";

/** OLMo-1. */
export const olmo: Family = llamaLike({
  id: "olmo",
  label: "OLMo-1",
  norm: () => ({ kind: "layer", eps: 1e-5, gain: "", bias: "" }),
  tied: false,
});

/** OLMo-2. */
export const olmo2: Family = llamaLike({
  id: "olmo2",
  label: "OLMo-2",
  residual: () => resPostNorm,
  norm: rmsOf(1e-5),
  norms: {
    attention: { output: "post_attention_layernorm" },
    feedForward: { output: "post_feedforward_layernorm" },
  },
  queryNorms: "projectionNorms",
  tied: false,
});

// OLMo-1, whose LayerNorms have no parameters, and OLMo-2, OLMo-3 and EXAONE 4, whose RMSNorms stand on what branches give.

import { resPostNorm } from "../residual/variants.ts";
import type { Family } from "./family.ts";
import { llamaLike, type Manner, patternIn, rmsOf, windowBut } from "./llama_like.ts";
import { rotaryOfKind } from "./rotary.ts";

/** OLMo-1. */
export const olmo: Family = llamaLike({
  id: "olmo",
  label: "OLMo-1",
  norm: () => ({ kind: "layer", eps: 1e-5, gain: "", bias: "" }),
  tied: false,
});

/** What has norms behind its branches alone. */
const behind: Pick<Manner, "residual" | "norm" | "norms" | "tied"> = {
  residual: () => resPostNorm,
  norm: rmsOf(1e-5),
  norms: {
    attention: { output: "post_attention_layernorm" },
    feedForward: { output: "post_feedforward_layernorm" },
  },
  tied: false,
};

/** OLMo-2. */
export const olmo2: Family = llamaLike({
  id: "olmo2",
  label: "OLMo-2",
  ...behind,
  queryNorms: "projectionNorms",
});

const window3 = windowBut(() => 4);

/** OLMo-3: a window in three layers of four, whose positions are never stretched. */
export const olmo3: Family = llamaLike({
  id: "olmo3",
  label: "OLMo-3",
  ...behind,
  queryNorms: "projectionNorms",
  attention: (config, { index, headWidth }) => {
    const kind = window3(config, index) === undefined ? "full_attention" : "sliding_attention";
    return { rotary: rotaryOfKind(config, headWidth, kind, ["rope_theta", 5e5]) };
  },
  window: window3,
});

const exaoneWindow = windowBut(patternIn(4));

/** EXAONE 4: where some layers have a window, only those have positions. */
export const exaone4: Family = llamaLike({
  id: "exaone4",
  label: "EXAONE 4",
  ...behind,
  queryNorms: "headNorms",
  turns: (config, index) =>
    config["sliding_window"] === null || exaoneWindow(config, index) !== undefined,
  window: exaoneWindow,
});

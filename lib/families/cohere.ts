// Cohere's Command R: parallel branches behind one LayerNorm without bias, rotary positions that turn neighbors, scaled logits.

import type { Family } from "./family.ts";
import { llamaLike } from "./llama_like.ts";
import { layerNormAt } from "./spec_parts.ts";
import { rotaryIn } from "./rotary.ts";
import { epsIn, positiveIn, unknownSetting } from "./settings.ts";

/** Cohere's Command R. */
export const cohere: Family = llamaLike({
  id: "cohere",
  label: "Cohere",
  norm: (config, path) => ({
    ...layerNormAt(path, epsIn(config, ["layer_norm_eps"], 1e-5)),
    bias: "",
  }),
  parallel: () => true,
  tied: true,
  attention: (config, _, headWidth) => {
    if (config["use_qk_norm"] === true) {
      throw unknownSetting(
        "use_qk_norm",
        true,
        "norms with a gain for each head are not described",
      );
    }
    return { rotary: { ...rotaryIn(config, headWidth), order: "pairs" } };
  },
  head: (config) => ({ scale: positiveIn(config, ["logit_scale"], 0.0625) }),
});

// What of a model has no place in GPT2LMHeadModel.

import { isCentered, streamNorm } from "../convert/convert.ts";
import { outputsOf } from "../families/shapes.ts";
import type { TargetRules } from "./target_rules.ts";

/** What GPT-2 asks of a decoder. */
export const gpt2Rules: TargetRules = {
  stack: [
    ({ entry }) =>
      entry.kind === "tokens" && entry.positions === undefined && "its positions are not learned",
  ],
  attention: [
    ({ rotary }) => rotary !== undefined && "its positions are rotary",
    ({ heads, keyValueHeads }) =>
      heads !== keyValueHeads && `its ${heads} heads share ${keyValueHeads} keys and values`,
  ],
  network: [
    ({ gate, holdsGate }) => (gate ?? holdsGate) && "its feed-forward network has a gate",
  ],
  norms: [
    (model) => {
      const kind = streamNorm(model);
      if (kind === "layer") return undefined;
      const seesMean = kind.startsWith("rms") && !isCentered(model);
      const why = seesMean ? ", which sees the mean of the stream" : ': convert it to "pre-ln"';
      return `its norms are ${kind}${why}`;
    },
  ],
  shared: ({ attention: { sublayer }, network }, model) => {
    const { up, activation } = network.sublayer;
    return `${sublayer.heads} heads of width ${sublayer.headWidth}, activation ${activation}, ` +
      `hidden width ${outputsOf(model, up)}`;
  },
};

// How far a model's output has moved since it was first seen.

import { readAll } from "../backend/read.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";

/** The distance of the logits from the first ones. */
export type OutputRow = {
  /** `output` */
  readonly kind: "output";
  /** Root mean square over logits of F(θ_now) − F(θ_first). */
  readonly change: number;
};

/** Looks at the output and compares it with the first that it saw. */
export type OutputWatch = (
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
) => Promise<OutputRow[]>;

/**
 * A probe that remembers: the model's accumulated update ΔF. It keeps numbers, no tensor.
 *
 * Source: Wang et al. 2022 (DeepNet), Fig. 4a.
 *
 * @returns The probe, which wants the same tokens each time; its first row has a change of 0.
 */
export function watchOutput(): OutputWatch {
  let first: ArrayLike<number> | undefined;
  return async (parameters, config, tokens) => {
    const logits = decoder(parameters, config, tokens);
    try {
      const [now] = await readAll([logits]);
      const before = first ??= now!;
      const squares = Array.from(now!, (value, i) => (value - before[i]!) ** 2);
      const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
      return [{ kind: "output", change: Math.sqrt(mean) }];
    } finally {
      logits.dispose();
    }
  };
}

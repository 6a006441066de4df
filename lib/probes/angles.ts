// A probe of the residual stream: the angles between its directions at two depths.

import * as tf from "@tensorflow/tfjs";
import { readAll } from "../backend/read.ts";
import type { Tensor } from "../core/tensor.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { completeConfig } from "../decoder/config.ts";
import { decoder, type Tokens } from "../decoder/decoder.ts";
import type { DecoderParameters } from "../decoder/initialization.ts";
import { average } from "./observe.ts";

/** The angle between the stream before two layers. */
export type AngleRow = {
  /** `angle` */
  readonly kind: "angle";
  /** Layers before the first place; 0 is the embedding. */
  readonly from: number;
  /** Layers before the second place. */
  readonly to: number;
  /** Cosine of the angle, averaged over tokens. */
  readonly cosine: number;
  /** Angular distance arccos(cosine) / π in [0, 1], averaged over tokens. */
  readonly angular: number;
};

/**
 * Cosine and angular distance of the stream between every two depths.
 *
 * ```
 * d(x, y) = arccos(x · y / (‖x‖ ‖y‖)) / π
 * ```
 *
 * Source: Sun et al. 2025 (The Curse of Depth), §2.1, Eq. 1.
 *
 * @param parameters The parameters.
 * @param config The configuration.
 * @param tokens Rows of token ids.
 * @returns One row for each pair of depths, `from` < `to`.
 */
export async function probeAngles(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
): Promise<AngleRow[]> {
  const last = `blocks.${completeConfig(config).depth}.resid_post`;
  const pairs: { from: number; to: number }[] = [];
  const cosines = tf.tidy(() => {
    const directions: Tensor[] = [];
    decoder(parameters, config, tokens, {
      tap: (name, x) => {
        if (!name.endsWith("resid_pre") && name !== last) return;
        directions.push(tf.keep(tf.div(x, tf.norm(x, 2, -1, true))));
      },
    });
    const results = directions.flatMap((x, from) =>
      directions.slice(from + 1).map((y, offset) => {
        pairs.push({ from, to: from + 1 + offset });
        return tf.sum(tf.mul(x, y), -1);
      })
    );
    for (const direction of directions) direction.dispose();
    return results;
  });
  try {
    return (await readAll(cosines)).map((values, i) => ({
      kind: "angle",
      ...pairs[i]!,
      cosine: average(values),
      angular: average(
        Array.from(values, (c) => Math.acos(Math.max(-1, Math.min(1, c))) / Math.PI),
      ),
    }));
  } finally {
    for (const cosine of cosines) cosine.dispose();
  }
}

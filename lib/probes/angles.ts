// A probe of the residual stream: the angles between its directions at two depths.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { DescribedParameters } from "../decoder/described.ts";
import {
  average,
  observe,
  observed,
  placeOf,
  type ProbedInputs,
  type ProbedModel,
} from "./observe.ts";

/** The angle between the stream before two layers. */
export type AngleRow = {
  /** `angle` */
  readonly kind: "angle";
  /** The stack, where the model has several. */
  readonly stack?: string;
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
 * @param model A decoder's configuration, or any model's spec.
 * @param inputs Rows of token ids, or what a model of any kind reads.
 * @returns One row for each pair of depths of a stack, `from` < `to`.
 */
export async function probeAngles(
  parameters: DescribedParameters,
  model: ProbedModel,
  inputs: ProbedInputs,
): Promise<AngleRow[]> {
  const of = observed(model, inputs);
  const stacks = Object.keys(of.spec.stacks);
  const ends = stacks.map((stack) => {
    const end = `blocks.${of.spec.stacks[stack]!.blocks.length}.resid_post`;
    return stacks.length === 1 ? end : `${stack}.${end}`;
  });
  const seen = await observe(parameters, of, (
    keep: (of: Pick<AngleRow, "stack" | "from" | "to">, value: Tensor) => void,
  ) => {
    const directions = new Map<string, Tensor[]>(); // by each stack
    return (name, x) => {
      if (!name.endsWith("resid_pre") && !ends.includes(name)) return;
      const { layer: _, ...place } = placeOf(name);
      const earlier = directions.get(place.stack ?? "") ?? [];
      const direction = tf.div(x, tf.norm(x, 2, -1, true));
      directions.set(place.stack ?? "", [...earlier, direction]);
      earlier.forEach((other, from) =>
        keep({ ...place, from, to: earlier.length }, tf.sum(tf.mul(other, direction), -1))
      );
    };
  });
  const rank = ({ stack = "", from }: Pick<AngleRow, "stack" | "from">): number =>
    stacks.indexOf(stack) * (seen.length + 1) + from;
  return seen.toSorted((a, b) => rank(a.of) - rank(b.of)).map(({ of, values }) => ({
    kind: "angle",
    ...of,
    cosine: average(values),
    angular: average(
      Array.from(values, (c) => Math.acos(Math.max(-1, Math.min(1, c))) / Math.PI),
    ),
  }));
}

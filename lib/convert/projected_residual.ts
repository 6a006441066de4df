// Pre-LN whose residual stream is projected at each write: centered for RMSNorm, centered and cut by a value for CRMSNorm.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Residual } from "../residual/types.ts";

/** A linear map of the last axis. */
export type StreamProjection = (x: Tensor) => Tensor;

/** C x, each vector without its mean: all that LayerNorm reads of it. Jiang et al. 2023, §3.1. */
export const center: StreamProjection = (x) => tf.tidy(() => tf.sub(x, tf.mean(x, -1, true)));

/** C x without its last value, which is minus the sum of the others; a lane of 0 in its place. Jiang et al. 2023, §3.2. */
export const compress: StreamProjection = (x) =>
  tf.tidy(() => {
    const width = x.shape.at(-1)!;
    const lanes = Float32Array.from({ length: width }, (_, lane) => lane < width - 1 ? 1 : 0);
    return tf.mul(center(x), tf.tensor1d(lanes));
  });

/** A function of tensors as one of an equation's values: what is projected runs on tensors alone. */
const onTensors = (projection: StreamProjection): <T>(x: T) => T =>
  projection as unknown as <T>(x: T) => T;

/**
 * Pre-LN whose stream is projected as it is written: x ← P x at its start, x ← x + P f(norm(x)) at each sub-layer. f includes
 * the dropout at the end of the branch, so that this is the place behind it.
 */
export function projected(base: Residual, projection: StreamProjection): Residual {
  const project = onTensors(projection);
  return {
    ...base,
    id: `${base.id}-projected`,
    label: `${base.label}, projected`,
    source: `Jiang et al. 2023, §3.1 and footnote 5; ${base.source}`,
    equation: String.raw`x_1 = P x_0,\quad x_{l+1} = x_l + P f_l(\mathrm{Norm}(x_l))`,
    wiring: ({ layer, role }) => ({
      norms: ["input"],
      gate: "sum",
      update: ({ add }, x, f, n) => {
        const stream = layer === 1 && role === "attention" ? project(x) : x;
        return add(stream, project(f(n.input(stream))));
      },
    }),
  };
}

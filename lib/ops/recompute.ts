// What is computed twice instead of being kept.

import * as tf from "@tensorflow/tfjs";
import { gradientDepth, gradientsWithin } from "../backend/engine.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * A function that keeps nothing for its gradient but what it is given: its inner results are computed again when the gradient is
 * taken. The values are the same; a gradient costs one more evaluation, and peak memory is that of one such function instead of all.
 *
 * Shapes: inputs any · returns what `f` does
 * Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost (arXiv 1604.06174), section 4.
 *
 * @param f The function; called twice, it must compute the same.
 * @param inputs What it is called with.
 * @param reads Other tensors that it reads and that are to have a gradient, such as parameters.
 * @returns The value of `f`.
 */
export function recompute(
  f: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  reads: readonly Tensor[] = [],
): Tensor {
  if (gradientDepth() !== 1) return f(inputs); // no gradient, or that of a gradient, which needs what is inside
  const kept = tf.customGrad((...given) => {
    const save = given.pop() as unknown as tf.GradSaveFunc;
    const value = f(inputs);
    save([...inputs]); // behind it, since what is kept belongs to nobody until the call returns, and `f` may be cut off
    return {
      value,
      gradFunc: (dy, saved) => {
        const all = [...saved, ...reads];
        const { value, grads } = gradientsWithin(() => f(saved), all, dy);
        value.dispose();
        return grads.map((gradient, at) => gradient ?? tf.zerosLike(all[at]!));
      },
    };
  });
  return kept(...inputs, ...reads);
}

// Results that are zeros whatever the inputs hold: those without an element, and sums without a term. tfjs's backends each fail
// at some of them; here no kernel runs.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";

/**
 * Zeros that do not depend on some inputs, whose gradients are zeros then.
 *
 * Shapes: inputs any · returns the shape
 *
 * @param shape The shape of the result.
 * @param inputs What it is a function of.
 * @returns The zeros.
 */
export function zerosFrom(shape: readonly number[], inputs: readonly Tensor[]): Tensor {
  const zeros: (...inputs: Tensor[]) => Tensor = tf.customGrad((...given) => {
    const save = given.at(-1) as unknown as tf.GradSaveFunc;
    save(given.slice(0, -1) as Tensor[]);
    return {
      value: tf.zeros([...shape]),
      gradFunc: (_, saved) => saved.map((input) => tf.zerosLike(input)),
    };
  });
  return zeros(...inputs);
}

// The weights of the networks of a mixture, as functions of tensors. Which networks count does not change with their scores.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Routing } from "../model/spec.ts";

/** What is computed of a tensor and does not change with it. */
function fixed(x: Tensor, compute: (scores: Tensor) => Tensor): Tensor {
  return tf.customGrad((input) => {
    const value = compute(input as Tensor);
    return { value, gradFunc: () => tf.zeros((input as Tensor).shape) };
  })(x);
}

/** 1 where something is so, else 0. */
const ones = (isSo: Tensor): Tensor => tf.cast(isSo, "float32");

/** What takes a score out of a softmax. */
const hidden = -1e9;

/** 1 for the largest scores of each row, else 0. */
function chosen(scores: Tensor, top: number): Tensor {
  const others = ones(tf.greater(tf.expandDims(scores, -2), tf.expandDims(scores, -1)));
  return ones(tf.less(tf.sum(others, -1), top));
}

/** SparseMixer's weights, of one choice after the other. */
function mixSparsely(x: Tensor, top: number, within: number): Tensor {
  const weights: Tensor[] = [];
  let left = fixed(x, tf.zerosLike); // what is added to the scores of those that are chosen already
  for (let turn = 0; turn < top; turn++) {
    const before = left;
    const first = fixed(x, (scores) => chosen(tf.add(scores, before), 1));
    const far = fixed(x, (scores) => {
      const most = tf.max(tf.add(scores, before), -1, true);
      const distance = tf.div(tf.sub(most, scores), tf.maximum(tf.abs(scores), most));
      return tf.mul(ones(tf.greater(distance, 2 * within)), hidden);
    });
    weights.push(tf.mul(first, tf.softmax(tf.addN([x, before, far]))));
    left = tf.add(before, tf.mul(first, hidden));
  }
  return tf.addN(weights);
}

/**
 * The weights of networks, from their scores; 0 for those that are not chosen.
 *
 * Shapes: x [..., E] · returns the same
 *
 * @param x Scores.
 * @param routing How they become weights.
 * @returns The weights.
 */
export function route(x: Tensor, { top, among }: Routing): Tensor {
  if (typeof among === "number") return mixSparsely(x, top, among);
  const isChosen = fixed(x, (scores) => chosen(scores, top));
  if (among === "all") return tf.mul(tf.softmax(x), isChosen);
  return tf.softmax(tf.add(x, tf.mul(tf.sub(1, isChosen), hidden)));
}

// Connectionist temporal classification: the loss of labels whose places in time nobody wrote down. Rows of a batch, states, and both
// directions go through the frames together.

import * as tf from "@tensorflow/tfjs";
import { requireDtype } from "../core/check.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { isNestedGradient } from "../kernels/call.ts";
import {
  type CtcBatch,
  ctcBatch,
  CtcGrid,
  type CtcLabel,
  type CtcOptions,
  meetings,
  reversed,
} from "./ctc_plan.ts";
import { lookup } from "./lookup.ts";
import { oneHot } from "./one_hot.ts";
import { finite, logSoftmax, logSumExp, lowest, softmax } from "./second_derivatives.ts";
import { constantOf } from "./stop_gradient.ts";

/**
 * Mean negative log likelihood of labels, over all their alignments with the frames.
 *
 * ```
 * loss = mean over rows of −log p(label) / |label|,   p(label) = Σ over paths with B(path) = label of Π_t softmax(logits_t)[path_t]
 * ```
 *
 * B joins equal symbols that follow each other and then drops blanks. The division by the label's length (by 1 where it is empty) is
 * that of PyTorch's `ctc_loss` with `reduction="mean"`. The gradient is `softmax − occupation`, divided alike.
 *
 * Shapes: logits [B, T, V] · labels B lists · returns []
 * Units: nats per symbol.
 * Source: Graves et al. 2006, Eqs. 3, 6 and 16.
 *
 * @param logits Unnormalized log probabilities of each frame's symbol. Where −∞ rules every alignment out the loss is about 1e30.
 * @param labels The symbols of each row, none of them blank.
 * @param options Lengths of rows that end in padding, which is not read, and the blank.
 * @returns The loss, a scalar; frames of padding get no gradient.
 * @throws {RangeError} If the logits have another shape or no element, labels or lengths are not as many as rows or out of range, or a
 *   label takes more frames than its row has: one for each symbol, and one between equal ones.
 * @throws {TypeError} If the logits are not float32.
 */
export function ctcLoss(
  logits: Tensor,
  labels: readonly CtcLabel[],
  options: CtcOptions = {},
): Scalar {
  const batch = ctcBatch(logits.shape, labels, options);
  requireDtype("float32", { logits });
  return tf.tidy(() => {
    const flat = tf.reshape(logits, [-1, logits.shape[2]!]);
    const frames = batch.kept.length === flat.shape[0] ? flat : lookup(flat, batch.kept);
    return (isNestedGradient() ? likelihoodLoss : occupationLoss)(frames, batch).asScalar();
  });
}

/** What a row's loss is multiplied by. */
function weightsOf({ rows }: CtcBatch): number[] {
  return rows.map(({ symbols }) => 1 / (rows.length * Math.max(1, (symbols.length - 1) / 2)));
}

/** The loss of frames [N, V], differentiated step by step as often as is asked. */
function likelihoodLoss(frames: Tensor, batch: CtcBatch): Tensor {
  const { likelihoods } = throughFrames(frames, new CtcGrid(batch.rows, batch.blank));
  return tf.neg(tf.sum(tf.mul(likelihoods, tf.tensor1d(weightsOf(batch)))));
}

/** The same with the gradient of the paper, for which the rows go through their frames from the end as well. */
function occupationLoss(frames: Tensor, batch: CtcBatch): Tensor {
  const loss: (frames: Tensor) => Tensor = tf.customGrad((...given) => {
    const [x, save] = given as unknown as [Tensor, tf.GradSaveFunc];
    const both = [...batch.rows, ...batch.rows.map(reversed)];
    const grid = new CtcGrid(both, batch.blank);
    const passes = throughFrames(x, grid);
    const own = tf.slice(passes.likelihoods, 0, batch.rows.length);
    const weights = weightsOf(batch);
    const each = batch.rows.flatMap(({ frames }, row) => frames.map(() => [weights[row]!]));
    const occupied = occupation(passes, batch, grid, x.shape[1]!);
    save([tf.mul(tf.sub(softmax(x), occupied), tf.tensor2d(each))]);
    return {
      value: tf.neg(tf.sum(tf.mul(own, tf.tensor1d(weights)))),
      gradFunc: (dLoss: Tensor, [slopes]: Tensor[]) => tf.mul(dLoss, slopes!),
    };
  });
  return loss(frames);
}

/** Scores of states in each frame, logarithms up to a number that all states of a frame and row have in common: [T, R, S]. */
interface Passes {
  /** Of all ways to the states, without what the frame says. */
  readonly before: Tensor;
  /** With it. */
  readonly reached: Tensor;
  /** log p of each row, [R]. */
  readonly likelihoods: Tensor;
}

/** The forward variables of Graves et al., Eqs. 6 and 7. Frames [N, V]. The highest score of a frame and row is brought to 0. */
function throughFrames(frames: Tensor, grid: CtcGrid): Passes {
  const { rows, steps, states } = grid;
  const shape: [number, number] = [rows.length, states];
  const classes = frames.shape[1]!;
  const logs = tf.reshape(logSoftmax(frames), [-1, 1]);
  const open = tf.tensor2d(grid.mask((symbols, state) => state < symbols.length), shape);
  const entrances = grid.entrances();
  const emitted = tf.unstack(tf.add(
    finite(tf.reshape(lookup(logs, grid.emitted(classes)), [steps, ...shape])),
    open,
  ));
  const before: Tensor[] = [tf.tensor2d(grid.mask((_, state) => state < 2), shape)];
  const reached: Tensor[] = [];
  const shifts: Tensor[] = [];
  for (const [step, emission] of emitted.entries()) {
    if (step > 0) before.push(enter(reached.at(-1)!, entrances));
    const scores = tf.add(before.at(-1)!, emission);
    const highest = constantOf(scores, (x) => tf.max(x, -1, true));
    shifts.push(highest);
    reached.push(tf.sub(scores, highest));
  }
  const all = tf.stack(reached);
  const likelihoods = likelihoodsOf(all, tf.stack(shifts), grid);
  return { before: tf.stack(before), reached: all, likelihoods };
}

/** The scores with which states are entered from those that may come before. [R, S] → [R, S] */
function enter(scores: Tensor, entrances: Int32Array): Tensor {
  const cells = tf.reshape(tf.pad(tf.reshape(scores, [-1]), [[0, 1]], lowest), [-1, 1]);
  return logSumExp(tf.reshape(lookup(cells, entrances), [...scores.shape, 3]));
}

/** log p of each row: what the last two states of its last frame have, and all that was taken away until there. */
function likelihoodsOf(reached: Tensor, shifts: Tensor, grid: CtcGrid): Tensor {
  const { rows, steps, states } = grid;
  const lasts = rows.map(({ frames }, row) => (frames.length - 1) * rows.length + row);
  const last = lookup(tf.reshape(reached, [-1, states]), Int32Array.from(lasts));
  const final = grid.mask((symbols, state) => state >= symbols.length - 2);
  const counted = Array.from(
    { length: steps },
    (_, step) => rows.map(({ frames }) => step < frames.length ? 1 : 0),
  );
  const taken = tf.sum(tf.mul(tf.reshape(shifts, [steps, rows.length]), tf.tensor2d(counted)), 0);
  return tf.add(taken, logSumExp(tf.add(last, tf.tensor2d(final, [rows.length, states]))));
}

/** The share of a label's paths that have a class in a frame, [N, V]: Graves et al., Eqs. 13 to 15. */
function occupation(
  { before, reached }: Passes,
  batch: CtcBatch,
  grid: CtcGrid,
  classes: number,
): Tensor {
  const { rows, blank } = batch;
  const { steps, states } = grid;
  const { past, future } = meetings(batch, grid);
  const at = (scores: Tensor, places: Int32Array): Tensor =>
    tf.gather(tf.reshape(scores, [-1]), tf.tensor1d(places, "int32"));
  const ways = tf.add(at(reached, past), at(before, future));
  const shares = softmax(tf.reshape(ways, [rows.length, steps, states]));
  const symbols = rows.flatMap(({ symbols }) =>
    Array.from({ length: states }, (_, state) => symbols[state] ?? blank)
  );
  const emits = tf.reshape(oneHot(Int32Array.from(symbols), classes), [rows.length, states, -1]);
  const padded = tf.reshape(tf.matMul(shares, emits), [-1, classes]);
  const kept = rows.flatMap(({ frames }, row) => frames.map((_, step) => row * steps + step));
  return tf.gather(padded, tf.tensor1d(kept, "int32"));
}

// Which rows of a batch heads read.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Picked } from "../model/interpreter.ts";
import type { Stack } from "../model/spec.ts";
import { lookup } from "../ops/lookup.ts";
import { type EagerContext, sliceRows, type TokenBatch } from "./eager_context.ts";
import { endOf, lastOf, sourceEndOf } from "./head_rows.ts";
import { perRow } from "./padding.ts";

/** A row of each sequence [B, T, D], by a place among its tokens: [B, 1, D]. */
function rowsAt(
  x: Tensor,
  { ids, size: [batch, length] }: TokenBatch,
  placeIn: (tokens: number[]) => number,
): Tensor {
  const [, rows, width] = x.shape as [number, number, number];
  const places = Int32Array.from(
    { length: batch },
    (_, row) => row * rows + placeIn([...ids.subarray(row * length, (row + 1) * length)]),
  );
  return tf.reshape(lookup(tf.reshape(x, [batch * rows, width]), places), [batch, 1, width]);
}

/** The mean of the rows that count, [B, 1, D]; padding does not. */
function meanRow(x: Tensor, lengths: readonly number[] | undefined): Tensor {
  if (lengths === undefined) return tf.mean(x, 1, true);
  const [batch, rows] = x.shape as [number, number, number];
  const shares = perRow(lengths, [batch, rows], { counted: (count) => 1 / count, padding: 0 });
  return tf.sum(tf.mul(x, tf.expandDims(shares, -1)), 1, true);
}

/**
 * The rows that a head reads.
 *
 * Shapes: x [B, T, D] · returns [B, rows, D], of the first beside a mean [B, 1, 2 D]
 *
 * @param context The inputs, which tell where texts end and how many patches there are.
 * @param x A stack's final norm.
 * @param head Which rows.
 * @param stack The stack.
 * @returns The rows.
 * @throws {RangeError} If a mean of patches is asked for and there are none, or a text has no such end.
 */
export function pickRows(
  context: EagerContext,
  x: Tensor,
  head: Picked,
  { entry }: Stack,
): Tensor {
  const length = x.shape[1]!;
  const patchMean = (): Tensor => {
    if (entry.kind !== "patches") {
      throw new RangeError(
        `Cannot read the mean of patches of a stack that starts with ${entry.kind}`,
      );
    }
    const count = context.countPatches(entry);
    return tf.mean(sliceRows(x, length - count, count), 1, true);
  };
  switch (head.reads) {
    case "all":
      return x;
    case "first":
      return sliceRows(x, 0, 1);
    case "second":
      return sliceRows(x, 1, 1);
    case "last":
      return head.padToken === undefined
        ? sliceRows(x, length - 1, 1)
        : rowsAt(x, context.input("tokens"), (own) => lastOf(own, head));
    case "end":
      return rowsAt(x, context.input("tokens"), (own) => endOf(own, head));
    case "source-end":
      return rowsAt(x, context.input("source"), (own) => sourceEndOf(own, length, head));
    case "mean":
      return meanRow(x, context.keyLengths);
    case "patch-mean":
      return patchMean();
    case "first-two":
      return tf.mean(sliceRows(x, 0, 2), 1, true);
    case "first-and-mean":
      return tf.concat([sliceRows(x, 0, 1), patchMean()], -1);
  }
}

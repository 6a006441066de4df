// readAll() and takeNumbers(): numbers in the order and in the arrays that their tensors say.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { readAll, takeNumbers } from "../../../lib/backend/mod.ts";
import { onEachBackend } from "../../support/backends.ts";

onEachBackend("readAll() gives casts as arrays of their own dtype", async () => {
  const [x, truths] = [tf.tensor1d([3, -4], "int32"), tf.tensor1d([1, 0], "bool")];
  const tensors = [tf.cast(x, "float32"), tf.cast(truths, "float32"), tf.cast(truths, "int32"), x];
  assertEquals(await readAll(tensors), [
    Float32Array.of(3, -4),
    Float32Array.of(1, 0),
    Int32Array.of(1, 0),
    Int32Array.of(3, -4),
  ]);
  tf.dispose([...tensors, truths]);
});

onEachBackend("takeNumbers() frees the scalars that it reads", async () => {
  assertEquals(await takeNumbers([tf.scalar(2), tf.scalar(0.5)]), [2, 0.5]);
});

// Changes along the axis that meets a stream, by the roles of matrices.

import { assertEquals } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { type Change, WeightEdits } from "../../../lib/convert/weight_edits.ts";
import { dropLast } from "../../../lib/convert/lazy_matrix.ts";
import type { Linear } from "../../../lib/model/spec.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";

const count = (length: number): number[] => Array.from({ length }, (_, at) => at);

const source = memoryTensors({
  "square.weight": { shape: [3, 4], values: count(12) },
  "square.bias": { shape: [3], values: count(3) },
  "double.weight": { shape: [2, 6], values: count(12) },
  "kernel.weight": { shape: [3, 2, 2], values: count(12) },
  "place.weight": { shape: [2, 3, 1, 1], values: count(6) },
  "table": { shape: [1, 2, 3], values: count(6) },
});

const linear = (path: string, layout: Linear["layout"]): Linear => ({
  weight: `${path}.weight`,
  bias: `${path}.bias`,
  layout,
});

const widths = { from: 3, to: 2 };

Deno.test("WeightEdits.writer() changes outputs and bias, of either layout", async () => {
  const edit = new WeightEdits(source);
  edit.writer(linear("square", "out-in"), widths, dropLast);
  edit.writer(linear("kernel", "out-in"), widths, dropLast);
  edit.writer(linear("double", "in-out"), { from: 6, to: 5 }, dropLast);
  const { tensors } = edit;
  assertEquals(
    ["square.weight", "square.bias", "kernel.weight", "double.weight"].map((name) =>
      tensors.info(name).shape
    ),
    [
      [2, 4],
      [2],
      [2, 2, 2],
      [2, 5],
    ],
  );
  assertEquals([...await readTensor(tensors, "square.weight")], count(8));
  assertEquals([...await readTensor(tensors, "kernel.weight")], count(8));
  assertEquals([...await readTensor(tensors, "double.weight")], [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]);
  assertEquals(tensors.has("kernel.bias"), false);
});

Deno.test("WeightEdits.reader() changes inputs of either layout, several vectors in a row too, and no bias", async () => {
  const edit = new WeightEdits(source);
  edit.reader(linear("square", "in-out"), widths, dropLast);
  edit.reader(linear("double", "out-in"), widths, dropLast);
  edit.reader(linear("place", "out-in"), widths, dropLast);
  const { tensors } = edit;
  assertEquals(tensors.info("place.weight").shape, [2, 2, 1, 1]); // a convolution of one place
  assertEquals([...await readTensor(tensors, "place.weight")], [0, 1, 3, 4]);
  assertEquals(tensors.info("square.weight").shape, [2, 4]);
  assertEquals(tensors.info("square.bias").shape, [3]);
  assertEquals(tensors.info("double.weight").shape, [2, 4]);
  assertEquals([...await readTensor(tensors, "double.weight")], [0, 1, 3, 4, 6, 7, 9, 10]);
});

Deno.test("WeightEdits.table() changes vectors, and each tensor from what it was at the start", async () => {
  const edit = new WeightEdits(source);
  const double: Change = (matrix) => ({
    ...matrix,
    read: async (first, rows) => (await matrix.read(first, rows)).map((value) => 2 * value),
  });
  const same = { from: 3, to: 3 };
  edit.table("table", same, double);
  edit.table("table", same, double);
  assertEquals([...await readTensor(edit.tensors, "table")], [0, 2, 4, 6, 8, 10]);
  edit.table("table", widths, dropLast);
  assertEquals(edit.tensors.info("table").shape, [1, 2, 2]);
  assertEquals([...await readTensor(edit.tensors, "table")], [0, 1, 3, 4]);
  edit.table("absent", widths, dropLast);
  assertEquals(edit.tensors.names, source.names);
});

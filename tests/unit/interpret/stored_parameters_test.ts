// Linear maps whose matrix is read in parts.

import { assert } from "@std/assert";
import type { TensorSource } from "../../../lib/checkpoint/tensors.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { apply } from "../../../lib/interpret/stored_parameters.ts";
import { matrixIn } from "../../support/arithmetic_cases.ts";
import { assertClose } from "../../support/close.ts";
import { Store } from "../../support/described_layer.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { affine } from "../../support/plain_layer.ts";

for (const layout of ["out-in", "in-out"] as const) {
  Deno.test(`apply() reads a large matrix in parts, ${layout}`, async () => {
    const store = new Store(9);
    const map = store.affine(7, 6);
    const linear = store.linear("map", layout, [map]);
    const x = store.matrix(3, 6);
    const source = memoryTensors(store.tensors);
    const counts: number[] = [];
    const tensors: TensorSource = {
      ...source,
      rows: (name, first, count) => {
        if (name === "map.weight") counts.push(count);
        return source.rows(name, first, count);
      },
    };
    const y = await apply({ arithmetic: float64, tensors }, linear, matrixIn(float64, x), 15);
    assertClose(y.values, x.flatMap((row) => affine(map, row)), 1e-13, "y");
    assert(counts.length > 2 && counts.every((count) => count === 2 || count === 1), `${counts}`);
  });
}

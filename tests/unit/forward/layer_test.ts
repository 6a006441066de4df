// One layer of each kind against plain loops: float64 to 1e-13, float32 on every backend.

import { assertEquals, assertRejects } from "@std/assert";
import type { Arithmetic } from "../../../lib/forward/arithmetic.ts";
import { runBlock } from "../../../lib/forward/block.ts";
import type { Attention } from "../../../lib/families/description.ts";
import { float32 } from "../../../lib/forward/float32.ts";
import { float64 } from "../../../lib/forward/float64.ts";
import { matrixIn } from "../../support/arithmetic_cases.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { gatedLayer, type LayerCase, layerCases } from "../../support/layer_cases.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { tolerance } from "../../support/tolerances.ts";

/** What comes out of a layer. */
function outcome<T>(
  arithmetic: Arithmetic<T>,
  { block, tensors, x, memory }: Omit<LayerCase, "name" | "expected">,
): Promise<Float64Array> {
  return arithmetic.scope(async (inner) => {
    const place = { arithmetic: inner, tensors: memoryTensors(tensors) };
    const memories = memory === undefined ? {} : { encoder: matrixIn(inner, memory) };
    return await inner.read(await runBlock(place, block, matrixIn(inner, x), memories));
  });
}

for (const one of layerCases) {
  Deno.test(`runBlock() ${one.name}`, async () => {
    assertClose(await outcome(float64, one), one.expected.flat(), 1e-13, one.name);
  });
}

onEachBackend("runBlock() gives the same in float32 and leaves nothing behind", async (backend) => {
  for (const one of layerCases) {
    const values = await outcome(float32(), one);
    assertClose(values, one.expected.flat(), tolerance(backend, "value"), one.name);
  }
});

Deno.test("runBlock() without branches gives the stream in a matrix of its own", async () => {
  const x = [[1, 2]];
  const block = { branches: [], parallel: false };
  assertEquals(Array.from(await outcome(float64, { block, tensors: {}, x })), [1, 2]);
});

/** The first case with another attention. */
function changed(change: Partial<Attention>): LayerCase {
  const [one] = layerCases as [LayerCase];
  const [first, ...others] = one.block.branches;
  const sublayer = { ...first!.sublayer, ...change } as Attention;
  return { ...one, block: { ...one.block, branches: [{ ...first!, sublayer }, ...others] } };
}

onEachBackend("runBlock() refuses what contradicts itself, and frees what it made", async () => {
  const linear = { weight: "absent", bias: "absent", layout: "out-in" } as const;
  const gated = gatedLayer(false);
  const wrong: readonly LayerCase[] = [
    changed({ keyValueHeads: 3 }),
    changed({ alibi: [1] }),
    changed({ memory: "nowhere" }),
    changed({ rotary: { width: 5, base: 10, order: "half" } }),
    changed({ rotary: { width: 8, base: 10, order: "half" } }),
    changed({ output: { linear } }),
    changed({ projections: { qkv: linear, order: "heads" }, memory: "encoder" }),
    { ...gated, block: { ...gated.block, parallel: true } },
  ];
  for (const one of wrong) {
    await assertRejects(() => outcome(float32(), one), RangeError, "Cannot ");
  }
});

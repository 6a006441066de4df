// Positions that are computed, of a stream that starts with nothing else: transformers' formulas, and every interpreter alike.

import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { eagerInterpreter } from "../../../lib/interpret/eager.ts";
import { float32 } from "../../../lib/interpret/float32.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import { KeyValueCache } from "../../../lib/interpret/key_value_cache.ts";
import { forward } from "../../../lib/model/forward.ts";
import { sinusoidRows } from "../../../lib/model/sinusoids.ts";
import type { EntryOf } from "../../../lib/model/interpreter.ts";
import type { ModelSpec } from "../../../lib/model/spec.ts";
import { preLn } from "../../../lib/residual/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, tensorOf } from "../../support/evaluate.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { openGolden } from "../../support/golden_models.ts";
import { assertOutputs, goldenOf, outputsOf } from "../../support/golden_models.ts";
import { describeModel } from "../../../lib/families/model.ts";

const width = 6;
const tokens = [4, 1, 2, 1, 3];
const zeros = { x: { shape: [9, width], values: new Float64Array(9 * width) } };

type Places = Pick<EntryOf<"tokens">, "padding" | "sinusoids">;

const specOf = (places: Places): ModelSpec => ({
  stacks: {
    decoder: {
      width,
      entry: { kind: "tokens", tokens: { table: "x" }, scale: 1, offset: 2, ...places },
      recenter: false,
      residual: preLn,
      blocks: [],
    },
  },
  heads: [],
});

/** Marian's and fairseq's formulas, place by place; fairseq's first place is one beyond the padding's id. */
const cases: readonly (readonly [places: Places, rows: (readonly number[])[]])[] = [
  [
    { sinusoids: { steps: 3 } },
    tokens.map((_, t) => {
      const angles = [0, 1, 2].map((p) => (t + 2) / 10000 ** (2 * p / width));
      return [...angles.map(Math.sin), ...angles.map(Math.cos)];
    }),
  ],
  [
    { sinusoids: { steps: 2 }, padding: 1 },
    tokens.map((token, t) => {
      if (token === 1) return [0, 0, 0, 0, 0, 0];
      const place = 1 + tokens.slice(0, t + 1).filter((one) => one !== 1).length;
      const angles = [0, 1, 2].map((p) => place * Math.exp(-p * Math.log(10000) / 2));
      return [...angles.map(Math.sin), ...angles.map(Math.cos)];
    }),
  ],
];

for (const [places, rows] of cases) {
  onEachBackend(`forward() starts with positions of ${JSON.stringify(places)}`, async () => {
    const model = { spec: specOf(places), tensors: memoryTensors(zeros) };
    const exact = (await runModel(float64, model, { tokens })).outputs["decoder"]!;
    assertClose(exact.values, rows.flat(), 1e-15, "float64");
    const single = (await runModel(float32(), model, { tokens })).outputs["decoder"]!;
    assertClose(single.values, rows.flat(), 1e-6, "float32");
    const [eager] = await numbersOf(() => {
      const table = tensorOf(zeros.x);
      const batch = { ids: Int32Array.from([...tokens, ...tokens]), size: [2, 5] as const };
      return [
        forward(
          eagerInterpreter({ parameter: () => table, inputs: { tokens: batch } }),
          model.spec,
        )["decoder"]!,
      ];
    });
    assertClose(eager!, [...rows.flat(), ...rows.flat()], 1e-6, "eager");
  });
}

onEachBackend("forward() goes on with places behind a cache", async () => {
  const [rest] = await numbersOf(() => {
    using store = new KeyValueCache();
    store.advance(2);
    const batch = { ids: Int32Array.from(tokens.slice(2)), size: [1, 3] as const };
    const table = tf.zeros([9, width]) as ReturnType<typeof tensorOf>;
    const engine = eagerInterpreter({ parameter: () => table, inputs: { tokens: batch }, store });
    return [forward(engine, specOf({ sinusoids: { steps: 3 } }))["decoder"]!];
  });
  assertClose(rest!, cases[0]![1].slice(2).flat(), 1e-6, "behind two");
});

Deno.test("sinusoidRows() refuses an odd width", () => {
  assertThrows(() => sinusoidRows({ steps: 2 }, 5, [0]), RangeError, "they must be pairs");
});

Deno.test("positions that Pegasus stored in later versions alone are computed", async () => {
  using stored = await openGolden("pegasus");
  const isPosition = (tensor: string): boolean => tensor.endsWith("embed_positions.weight");
  const tensors = {
    names: stored.tensors.names.filter((tensor) => !isPosition(tensor)),
    has: (tensor: string) => !isPosition(tensor) && stored.tensors.has(tensor),
    info: (tensor: string) => stored.tensors.info(tensor),
    rows: (tensor: string, first: number, count: number) =>
      stored.tensors.rows(tensor, first, count),
  };
  const model = describeModel(stored.family, stored.config, tensors);
  const { inputs, expected: { logits } } = await goldenOf("pegasus");
  assertEquals(stored.tensors.names.length - tensors.names.length, 2);
  assertOutputs(await outputsOf(float64, model, inputs), { logits: logits! }, 1e-6, "pegasus");
});

// Every kernel on WASM and WebGPU against the CPU's plain loops, over random shapes and attributes (fast-check, seeded).

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { GateActivation, KernelName, NormKind } from "../../lib/kernels/mod.ts";
import { gateActivations } from "../reference/gpas.ts";
import { assertClose } from "../support/close.ts";
import { type Given, scalarOf } from "../support/evaluate.ts";
import {
  floats,
  integers,
  type KernelCase,
  kernelCase,
  onEachBackendWith,
  outputsOf,
} from "../support/kernels.ts";
import { plainly } from "../support/plainly.ts";
import { tolerance } from "../support/tolerances.ts";
import { normCases } from "../unit/kernels/norm_cases.ts";

const width = fc.integer({ min: 1, max: 300 });
const count = fc.integer({ min: 1, max: 40 });
const seed = fc.integer({ min: 0, max: 2 ** 31 });
const shape = fc.tuple(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }), width)
  .map(([leading, last]) => [...leading, last]);
const activation = fc.constantFrom(...Object.keys(gateActivations) as GateActivation[]);
const gate = fc.double({ min: -3, max: 3, noNaN: true }).map((value) =>
  scalarOf(Math.fround(value))
);
const alpha = fc.constantFrom(1, 1.5, 0.25);

const norms = fc.record({
  kind: fc.constantFrom<NormKind>("layer", "rms", "crms", "crms-padded"),
  shape,
  gain: fc.boolean(),
  bias: fc.boolean(),
  eps: fc.constantFrom(0.1, 1), // below, gradients at width 2 are what is left of equal terms
  alpha,
}).map(normCases);

const gated = fc.record({
  shape,
  seed,
  gate,
  activation,
  alpha,
  on: fc.constantFrom("sum" as const, "shortcut" as const),
});
const gelus = fc.record({
  shape,
  seed,
  approximation: fc.constantFrom("none" as const, "tanh" as const),
});
const scores = fc.record({
  shape: fc.tuple(fc.integer({ min: 1, max: 5 }), count, count)
    .map(([batch, queries, past]) => [batch, queries, queries + past - 1]),
  seed,
  scale: fc.constantFrom(1, 0.125),
});
const attended = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  queries: fc.integer({ min: 1, max: 120 }),
  past: fc.integer({ min: 0, max: 120 }),
  groups: fc.integer({ min: 1, max: 2 }),
  share: fc.integer({ min: 1, max: 3 }),
  width: fc.constantFrom(1, 3, 4, 8, 14, 16, 40),
  causal: fc.boolean(),
  window: fc.constantFrom(1, 7, 100, Infinity),
  counted: fc.boolean(),
  seed,
}).map(({ batch, queries, past, groups, share, width, causal, window, counted, seed }) => {
  const keys = queries + past;
  const [ofQueries, ofKeys] = [[batch, queries, groups * share, width], [
    batch,
    keys,
    groups,
    width,
  ]];
  const tensors = [floats(ofQueries, seed), floats(ofKeys, seed + 1), floats(ofKeys, seed + 2)];
  const lengths = integers(Array.from({ length: batch }, (_, b) => 1 + (seed + 7 * b) % keys));
  const attributes = { scale: width ** -0.5, causal, window, counted };
  const counts = counted ? [lengths] : [];
  return { attributes, tensors, counts, dy: floats(ofQueries, seed + 3) };
});
const classified = fc.tuple(count, width, seed).map(([rows, classes, seed]) => ({
  logits: floats([rows, classes], seed, { spread: 4 }),
  labels: integers(Array.from({ length: rows }, (_, row) => (row * 31 + seed) % classes)),
}));
const linears = fc.record({
  rows: count,
  inner: width,
  outer: width,
  maps: fc.integer({ min: 1, max: 3 }),
  bias: fc.boolean(),
  seed,
}).map(({ rows, inner, outer, maps, bias, seed }) => {
  const each = (shape: number[], from: number): Given[] =>
    Array.from({ length: maps }, (_, at) => floats(shape, from + at));
  return {
    ...{ x: floats([rows, inner], seed), matrices: each([inner, outer], seed + 1), bias },
    ...{ biases: bias ? each([outer], seed + 10) : [], dys: each([rows, outer], seed + 20) },
  };
});
const looked = fc.tuple(count, count, width, seed).map(([rows, table, columns, seed]) => {
  const ids = Array.from({ length: rows }, (_, row) => (row * row + seed) % table);
  const order = ids.map((_, at) => at).sort((a, b) => ids[a]! - ids[b]! || a - b);
  const starts = Array.from({ length: table + 1 }, (_, v) => ids.filter((id) => id < v).length);
  return [floats([rows, columns], seed), integers(order), integers(starts)];
});
const lists = fc.tuple(fc.array(shape, { minLength: 1, maxLength: 12 }), seed);

/** Random cases by kernel. */
const cases: Readonly<Record<KernelName, fc.Arbitrary<KernelCase>>> = {
  NormkitNorm: norms.map(({ norm }) => norm),
  NormkitNormGradient: norms.map(({ gradient }) => gradient),
  NormkitAddNorm: norms.map(({ add }) => add),
  NormkitAddNormGradient: norms.map(({ addGradient }) => addGradient),
  NormkitGpas: gated.map(({ shape, seed, gate, activation }) =>
    kernelCase("NormkitGpas", [floats(shape, seed), gate], { activation })
  ),
  NormkitGpasGradient: gated.map(({ shape, seed, gate, activation }) =>
    kernelCase("NormkitGpasGradient", [floats(shape, seed + 1), floats(shape, seed), gate], {
      activation,
    })
  ),
  NormkitAddGpas: gated.map(({ shape, seed, gate, ...attributes }) =>
    kernelCase("NormkitAddGpas", [floats(shape, seed), floats(shape, seed + 1), gate], attributes)
  ),
  NormkitAddGpasGradient: gated.map(({ shape, seed, gate, ...attributes }) =>
    kernelCase(
      "NormkitAddGpasGradient",
      [...[2, 0, 1].map((more) => floats(shape, seed + more)), gate],
      attributes,
    )
  ),
  NormkitGelu: gelus.map(({ shape, seed, approximation }) =>
    kernelCase("NormkitGelu", [floats(shape, seed, { spread: 5 })], { approximation })
  ),
  NormkitGeluGradient: gelus.map(({ shape, seed, approximation }) =>
    kernelCase(
      "NormkitGeluGradient",
      [floats(shape, seed + 1), floats(shape, seed, { spread: 5 })],
      { approximation },
    )
  ),
  NormkitCausalSoftmax: scores.map(({ shape, seed, scale }) =>
    kernelCase("NormkitCausalSoftmax", [floats(shape, seed, { spread: 6 })], { scale })
  ),
  NormkitCausalSoftmaxGradient: scores.map(({ shape, seed, scale }) => {
    const softmax = kernelCase("NormkitCausalSoftmax", [floats(shape, seed)], { scale });
    const inputs = [floats(shape, seed + 1), plainly(softmax)[0]!];
    return kernelCase("NormkitCausalSoftmaxGradient", inputs, { scale });
  }),
  NormkitAttention: attended.map(({ attributes, tensors, counts }) =>
    kernelCase("NormkitAttention", [...tensors, ...counts], attributes)
  ),
  NormkitAttentionGradient: attended.map(({ attributes, tensors, counts, dy }) => {
    const mixed = plainly(kernelCase("NormkitAttention", [...tensors, ...counts], attributes));
    const inputs = [dy, ...tensors, ...mixed, ...counts];
    return kernelCase("NormkitAttentionGradient", inputs, attributes);
  }),
  NormkitCrossEntropy: classified.map(({ logits, labels }) =>
    kernelCase("NormkitCrossEntropy", [logits, labels], {})
  ),
  NormkitCrossEntropyGradient: classified.map(({ logits, labels }) => {
    const [, logSums] = plainly(kernelCase("NormkitCrossEntropy", [logits, labels], {}));
    const inputs = [scalarOf(1.5), logits, labels, logSums!];
    return kernelCase("NormkitCrossEntropyGradient", inputs, {});
  }),
  NormkitLinear: linears.map(({ x, matrices, biases, bias }) =>
    kernelCase("NormkitLinear", [x, ...matrices, ...biases], { bias })
  ),
  NormkitLinearGradient: linears.map(({ x, matrices, dys, bias }) =>
    kernelCase("NormkitLinearGradient", [...dys, x, ...matrices], { bias })
  ),
  NormkitScatterRows: looked.map((inputs) => kernelCase("NormkitScatterRows", inputs, {})),
  NormkitGlobalNorm: lists.map(([shapes, seed]) =>
    kernelCase("NormkitGlobalNorm", shapes.map((shape, at) => floats(shape, seed + at)), {})
  ),
  NormkitAdamW: fc.tuple(lists, fc.integer({ min: 1, max: 1000 })).map(([[shapes, seed], step]) =>
    kernelCase("NormkitAdamW", [
      ...[0, 1, 2].flatMap((kind) =>
        shapes.map((shape, at) => floats(shape, seed + 20 * kind + at))
      ),
      ...shapes.map((shape, at) => floats(shape, seed + at, { center: 1.5 })),
      scalarOf(0.5),
    ], {
      rate: 0.01,
      betas: [0.9, 0.99],
      eps: 1e-8,
      step,
      decay: shapes.map(({ length }) => length > 1 ? 0.1 : 0),
    })
  ),
};

for (const name of Object.keys(cases) as KernelName[]) {
  onEachBackendWith(
    [name],
    `${name} of random shapes and attributes is the CPU's`,
    (backend) =>
      fc.assert(
        fc.asyncProperty(cases[name], async (given) => {
          const expected = plainly(given);
          const found = await outputsOf(backend, given, expected);
          assertEquals(found.map(({ shape }) => shape), expected.map(({ shape }) => shape));
          const limit = tolerance(backend, "kernel against the CPU's");
          found.forEach(({ values }, at) =>
            assertClose(values, expected[at]!.values, limit, `output ${at} of ${name}`)
          );
        }),
        { seed: 20250101, numRuns: 20 },
      ),
    ["wasm", "webgpu"],
  );
}

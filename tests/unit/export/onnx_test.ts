// Exported models in onnxruntime: the logits that transformers has, with either operator of RMSNorm, whatever the layout of files.
// Residual variants are exported in tests/variants_test.ts.

import { fromBinary } from "@bufbuild/protobuf";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelProtoSchema } from "onnx-buf";
import { convert } from "../../../lib/convert/convert.ts";
import { onnxBytes, saveOnnx } from "../../../lib/export/mod.ts";
import { toOnnx } from "../../../lib/export/onnx_model.ts";
import type { OnnxOptions } from "../../../lib/export/mod.ts";
import { mapStacks } from "../../../lib/model/spec.ts";
import type { Model } from "../../../lib/families/model.ts";
import type { Values } from "../../../lib/interpret/inputs.ts";
import { preLn, type Residual, withGpas } from "../../../lib/residual/mod.ts";
import { assertClose } from "../../support/close.ts";
import { besides, expectedOf, inFolder, logitsOf, openGolden } from "./golden.ts";
import { canBecome, goldenNames } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { layerCases } from "../../support/layer_cases.ts";
import { layerModel } from "../../support/layer_model.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { runOnnx } from "./onnx_runtime.ts";

/** float32 against float64; the golden models were within 1e-6. */
const limit = 1e-5;

async function assertOutputs(
  model: Model,
  expected: Readonly<Record<string, Values>>,
  options: OnnxOptions,
  what: string,
): Promise<void> {
  const found = await runOnnx(await onnxBytes(model, options), expected);
  assert(Object.keys(found).length > 0);
  for (const [name, { shape, values }] of Object.entries(found)) {
    assertEquals(shape, expected[name]!.shape, `${name} of ${what}`);
    assertClose(values, expected[name]!.values, limit, `${name} of ${what}`);
  }
}

for (const name of goldenNames) {
  Deno.test(`toOnnx(): ${name} in onnxruntime has the outputs of transformers`, async () => {
    using source = await openGolden(name);
    const expected = await expectedOf(name);
    const targets = (["weightless", "pre-rmsnorm", "pre-crmsnorm"] as const)
      .filter((target) => canBecome(name, target));
    await assertOutputs(source, expected, {}, name);
    for (const to of targets) {
      const converted = convert(source, { to });
      for (const rmsOperator of ["RMSNormalization", "SimplifiedLayerNormalization"] as const) {
        await assertOutputs(converted, expected, { rmsOperator }, `${name} ${to} ${rmsOperator}`);
      }
    }
  });
}

Deno.test("toOnnx() subtracts the mean of a stream whose head kept its table", async () => {
  for (const name of ["gpt2", "bloom"]) {
    using source = await openGolden(name);
    const kept = convert(source, { to: "pre-rmsnorm", tied: "keep" });
    await assertOutputs(kept, await expectedOf(name), {}, `${name} keep`);
  }
});

for (const one of layerCases) {
  // the images of a case are columns, and exported images are square
  if (one.memory !== undefined) continue;
  Deno.test(`toOnnx() ${one.name}`, async () => {
    const { spec, tensors, inputs } = layerModel(one);
    const { family, config } = normkitModel(small);
    const model = { family, config, spec, tensors: memoryTensors(tensors) };
    const tokens = { shape: [1, one.x.length], values: Float64Array.from(inputs.tokens!) };
    const { decoder } = await runOnnx(await onnxBytes(model), { tokens });
    assertClose(decoder!.values, one.expected.flat(), limit, one.name);
  });
}

Deno.test("toOnnx() refuses parallel branches with gates, padding, and two inputs of a kind", async () => {
  using source = await openGolden("gptj");
  const withResidual = (residual: Residual): Model => ({
    ...source,
    spec: mapStacks(source.spec, (stack) => ({ ...stack, residual })),
  });
  assertThrows(
    () => toOnnx(withResidual(withGpas(preLn))),
    RangeError,
    "Cannot run parallel branches with Pre-LN + GPAS",
  );
  assertThrows(
    () => toOnnx(normkitModel({ ...small, norm: "crms-padded" })),
    RangeError,
    "Cannot export a norm whose last lane is padding",
  );
  const { stacks } = source.spec;
  const doubled = { ...stacks, other: stacks["decoder"]! };
  const two: Model = { ...source, spec: { ...source.spec, stacks: doubled } };
  assertThrows(() => toOnnx(two), RangeError, "with the inputs input_ids, input_ids");
});

Deno.test("toOnnx() takes batches and lengths of any size", async () => {
  using source = await openGolden("falcon-new");
  const model = convert(source, { to: "pre-rmsnorm" });
  const bytes = await onnxBytes(model);
  const rows = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 39]];
  const tokens = { shape: [3, 5], values: Float64Array.from(rows.flat()) };
  const { logits } = await runOnnx(bytes, { tokens });
  assertEquals(logits!.shape, [3, 5, 40]);
  for (const [at, row] of rows.entries()) {
    const own = logits!.values.slice(at * 200, (at + 1) * 200);
    assertClose(own, await logitsOf(source, row), limit, `row ${at}`);
  }
});

Deno.test("toOnnx() names the operator and the opset that has it", async () => {
  using source = await openGolden("gpt2");
  const model = convert(source, { to: "pre-rmsnorm" });
  const of = async (made: Model, options?: OnnxOptions) => {
    const { opsetImport, irVersion, graph } = fromBinary(
      ModelProtoSchema,
      await onnxBytes(made, options),
    );
    const operators = new Set(graph!.node.map(({ opType }) => opType));
    const norms = [...operators].filter((name) => name.includes("Norm"));
    return [opsetImport.map(({ domain, version }) => `${domain}${version}`), irVersion, norms];
  };
  assertEquals(await of(model), [["23"], 11n, ["RMSNormalization"]]);
  assertEquals(await of(model, { rmsOperator: "SimplifiedLayerNormalization" }), [
    ["20"],
    9n,
    ["SimplifiedLayerNormalization"],
  ]);
  assertEquals(await of(source), [["20"], 9n, ["LayerNormalization"]]);
  assertThrows(
    () => toOnnx(model, { rmsOperator: "RMSNorm" as "RMSNormalization" }),
    RangeError,
    'Cannot use rmsOperator = "RMSNorm": it must be one of RMSNormalization, SimplifiedLayerNormalization',
  );
});

Deno.test("toOnnx() stores matrices as F16 where it is asked to, and computes in float32", async () => {
  using source = await openGolden("gptj");
  const model = convert(source, { to: "pre-rmsnorm" });
  const expected = await expectedOf("gptj");
  const made = toOnnx(model, { dtype: "F16" });
  for (const { name, dims, dtype } of made.weights) {
    assertEquals(dtype, dims.length === 1 ? "F32" : "F16", name);
  }
  const [single, half] = [await onnxBytes(model), await onnxBytes(model, { dtype: "F16" })];
  assert(half.length < 0.8 * single.length, `${half.length} of ${single.length}`);
  const { logits } = await runOnnx(half, expected);
  assertClose(logits!.values, expected["logits"]!.values, 1e-2, "F16");
});

Deno.test("onnxBytes() refuses what F16 cannot hold, before anything is infinite", async () => {
  using source = await openGolden("gptj");
  const name = "lm_head.weight";
  const { shape } = source.tensors.info(name);
  const tensors = besides(source.tensors, name, shape, new Float64Array(640).fill(1e5));
  const model: Model = { ...source, tensors };
  await assertRejects(
    () => onnxBytes(model, { dtype: "F16" }),
    RangeError,
    "Cannot store 100000 of lm_head.weight as F16: it must be at most 65504 in size",
  );
});

Deno.test("saveOnnx() writes one file, or weights beside it, and tells how far it is", () =>
  inFolder(async (folder) => {
    using source = await openGolden("llama");
    const expected = await expectedOf("llama");
    const steps: number[] = [];
    const one = await saveOnnx(`${folder}/one`, source, {
      onProgress: (done, total) => steps.push(done / total),
    });
    assertEquals(one.files, ["model.onnx"]);
    assertEquals([steps.length, steps.at(-1)], [one.weights, 1]);
    const two = await saveOnnx(`${folder}/two`, source, { maxFileBytes: 0 });
    assertEquals(two.files, ["model.onnx", "model.onnx.data"]);
    assertEquals(two.bytes, one.bytes);
    const read = (file: string): Promise<Uint8Array> => Deno.readFile(`${folder}/${file}`);
    const [whole, divided, data] = [
      await read("one/model.onnx"),
      await read("two/model.onnx"),
      await read("two/model.onnx.data"),
    ];
    assertEquals(whole, await onnxBytes(source));
    const own = await runOnnx(whole, expected);
    const other = await runOnnx(divided, expected, { "model.onnx.data": data });
    assertEquals(own, other);
    assertClose(own["logits"]!.values, expected["logits"]!.values, limit, "logits");
    await assertRejects(
      () => saveOnnx(`${folder}/one`, source),
      RangeError,
      "it already has model.onnx",
    );
    await assertRejects(
      () => saveOnnx(`${folder}/three`, source, { maxFileBytes: 3e9 }),
      RangeError,
      "maxFileBytes",
    );
  }));

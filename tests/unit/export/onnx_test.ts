// Exported models in onnxruntime: the logits that transformers has, with either operator of RMSNorm, whatever the layout of files.

import { fromBinary } from "@bufbuild/protobuf";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ModelProtoSchema } from "onnx-buf";
import { convert, type Target } from "../../../lib/convert/convert.ts";
import { onnxBytes, saveOnnx } from "../../../lib/export/mod.ts";
import { toOnnx } from "../../../lib/export/onnx_model.ts";
import type { OnnxOptions } from "../../../lib/export/mod.ts";
import type { Block } from "../../../lib/families/description.ts";
import { mapStacks } from "../../../lib/families/form.ts";
import type { Model } from "../../../lib/families/model.ts";
import type { Values } from "../../../lib/forward/inputs.ts";
import { assertClose } from "../../support/close.ts";
import { besides, expectedOf, inFolder, logitsOf, openGolden } from "./golden.ts";
import { runOnnx } from "./onnx_runtime.ts";

/** float32 against float64; the golden models were within 1e-6. */
const limit = 1e-5;

const decoders = [
  ...["gpt2", "gpt2-untied", "opt", "gpt-neo", "gpt-neox", "gpt-neox-sequential", "gptj", "phi"],
  ...["bloom", "falcon", "falcon-new", "falcon-alibi", "mpt", "llama", "mistral", "qwen2", "qwen3"],
  ...["gemma", "olmo", "olmo-tied", "stablelm", "stablelm-parallel"],
];
const others = ["vit", "deit", "dinov2", "dinov2-with-registers", "clip", "whisper"];

/** Models of RMSNorms, which cannot be centered. */
const rms = ["llama", "mistral", "qwen2", "qwen3", "gemma"];

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

for (const name of [...decoders, ...others]) {
  Deno.test(`toOnnx(): ${name} in onnxruntime has the outputs of transformers`, async () => {
    using source = await openGolden(name);
    const expected = await expectedOf(name);
    const targets: readonly Target[] = rms.includes(name)
      ? ["weightless"]
      : ["pre-rmsnorm", "pre-crmsnorm"];
    await assertOutputs(source, expected, {}, name);
    for (const to of targets) {
      const converted = convert(source, { to });
      for (const rmsOperator of ["RMSNormalization", "SimplifiedLayerNormalization"] as const) {
        await assertOutputs(converted, expected, { rmsOperator }, `${name} ${to} ${rmsOperator}`);
      }
    }
  });
}

Deno.test("toOnnx() recenters the stream of a head that kept its table", async () => {
  for (const name of ["gpt2", "bloom"]) {
    using source = await openGolden(name);
    const kept = convert(source, { to: "pre-rmsnorm", tied: "keep" });
    await assertOutputs(kept, await expectedOf(name), {}, `${name} keep`);
  }
});

/** A GPT-2 whose layers are changed and whose branches have a gate. */
function changed(source: Model, change: (block: Block) => Block): Model {
  return {
    ...source,
    tensors: besides(source.tensors, "gate", [1], Float64Array.of(0.7)),
    description: mapStacks(source.description, (stack) => ({
      ...stack,
      blocks: stack.blocks.map(change),
    })),
  };
}

const variants: Readonly<Record<string, (block: Block) => Block>> = {
  "Pre-LN with gates": ({ branches, ...block }) => ({
    ...block,
    branches: branches.map((branch) => ({ ...branch, gate: "gate" })),
  }),
  "LNS": ({ branches, ...block }) => ({
    ...block,
    branches: branches.map((branch) => ({ ...branch, normScale: 0.6 })),
  }),
  "Post-LN": (block) => ({ ...block, post: true }),
  "Pre-LN with gates of tanh": ({ branches, ...block }) => ({
    ...block,
    branches: branches.map((branch) => ({ ...branch, gate: "gate", gateActivation: "tanh" })),
  }),
  "DeepNorm with gates": ({ branches, ...block }) => ({
    ...block,
    post: true,
    shortcut: 1.7,
    branches: branches.map((branch) => ({ ...branch, gate: "gate" })),
  }),
};

for (const [name, change] of Object.entries(variants)) {
  Deno.test(`toOnnx() computes ${name} as the forward pass does`, async () => {
    using source = await openGolden("gpt2");
    const model = changed(source, change);
    const given = await expectedOf("gpt2");
    const expected = await logitsOf(model, [...given["tokens"]!.values]);
    const { logits } = await runOnnx(await onnxBytes(model), given);
    assertClose(logits!.values, expected, limit, name);
  });
}

Deno.test("toOnnx() refuses parallel branches with gates, and two inputs of a kind", async () => {
  using source = await openGolden("gptj");
  const gated = changed(source, (block) => ({ ...variants["Pre-LN with gates"]!(block) }));
  assertThrows(() => toOnnx(gated), RangeError, "Cannot export parallel branches with a gate");
  const { stacks } = source.description;
  const doubled = { ...stacks, other: stacks["decoder"]! };
  const two: Model = { ...source, description: { ...source.description, stacks: doubled } };
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

// Folders as people have them: right as they are, mended by a rule that is said, or refused with the cause and the way out. What is right
// or mended has the outputs of transformers, in inspect's words it can be converted, and then it can.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { planCopy } from "../../lib/checkpoint/copy.ts";
import { type DType, encodeNumbers } from "../../lib/checkpoint/dtype.ts";
import { readTensor } from "../../lib/checkpoint/tensors.ts";
import { type PlannedTensor, writeSafetensors } from "../../lib/checkpoint/writer.ts";
import { convert, type Target } from "../../lib/convert/convert.ts";
import { inspect } from "../../lib/convert/inspect.ts";
import { saveModel } from "../../lib/convert/save.ts";
import type { Config } from "../../lib/families/family.ts";
import { type OpenModel, openModel } from "../../lib/families/open.ts";
import { float64 } from "../../lib/interpret/float64.ts";
import { runModel } from "../../lib/interpret/stream.ts";
import { runHere } from "../support/cli.ts";
import { assertClose } from "../support/close.ts";
import { goldenFolder, goldenOf, openGolden } from "../support/golden_models.ts";
import { inFolder, namesIn } from "../unit/checkpoint/files.ts";
import odd from "./odd.json" with { type: "json" };

/** A tensor of numbers. */
function numbers(
  name: string,
  shape: readonly number[],
  values: Float64Array,
  dtype: DType = "F32",
): PlannedTensor {
  const bytes = encodeNumbers(dtype, values);
  return {
    name,
    dtype,
    shape,
    chunks: async function* () {
      yield await Promise.resolve(bytes);
    },
  };
}

/** A tensor of bytes in a dtype that is not computed with, or whose numbers do not matter. */
function bytes(
  name: string,
  dtype: DType,
  shape: readonly number[],
  length: number,
): PlannedTensor {
  const zeros = new Uint8Array(length);
  return {
    name,
    dtype,
    shape,
    chunks: async function* () {
      yield await Promise.resolve(zeros);
    },
  };
}

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** How a golden model is written otherwise than it is. */
interface Change {
  /** What its tensors are called; undefined for those that are left out. */
  readonly named?: (name: string) => string | undefined;
  /** Tensors besides, or in place of others. */
  readonly more?: (model: OpenModel) => Promise<PlannedTensor[]> | PlannedTensor[];
  /** Its settings, or the bytes of its file. */
  readonly config?: (config: Config) => Config | Uint8Array | undefined;
  /** The files of its tensors, by what is in each; `model.safetensors` by default. */
  readonly files?: (
    tensors: readonly PlannedTensor[],
  ) => Readonly<Record<string, readonly PlannedTensor[] | Uint8Array>>;
  /** Metadata of its files. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Other files beside. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Where the model is taken from. */
  readonly path?: string;
}

async function write(folder: string, base: string, change: Change): Promise<void> {
  using model = await openGolden(base);
  const { named = (name: string) => name, more = () => [], metadata = { format: "pt" } } = change;
  const added = await more(model);
  const kept = model.tensors.names
    .map((name) => [name, named(name)] as const)
    .filter(([, as]) => as !== undefined && !added.some(({ name }) => name === as))
    .map(([name, as]) => planCopy(model.tensors, name, as));
  const tensors = [...kept, ...added];
  const { files = () => ({ "model.safetensors": tensors }), beside = {} } = change;
  for (const [file, content] of Object.entries(files(tensors))) {
    if (content instanceof Uint8Array) await Deno.writeFile(`${folder}/${file}`, content);
    else await writeSafetensors(`${folder}/${file}`, content, { metadata });
  }
  const text = JSON.parse(await Deno.readTextFile(`${goldenFolder(base)}/config.json`));
  const config = (change.config ?? ((one) => one))(text);
  if (config instanceof Uint8Array) await Deno.writeFile(`${folder}/config.json`, config);
  else if (config !== undefined) {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  }
  for (const [file, content] of Object.entries(beside)) {
    await Deno.writeTextFile(`${folder}/${file}`, content);
  }
}

const settings = (more: Config) => (config: Config): Config => ({ ...config, ...more });
const without = (...keys: string[]) => (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
const but = (pattern: RegExp) => (name: string): string | undefined =>
  pattern.test(name) ? undefined : name;
const raw = (text: (config: Config) => string | Uint8Array<ArrayBuffer>) => (config: Config) => {
  const content = text(config);
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
};

/** Files numbered as the parts of one, and their index. */
function shards(
  tensors: readonly PlannedTensor[],
  index?: (map: Record<string, string>) => unknown,
): Record<string, readonly PlannedTensor[] | Uint8Array> {
  const half = tensors.length >> 1;
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const map = Object.fromEntries(
    tensors.map(({ name }, at) => [name, at < half ? first : second]),
  );
  const files = { [first]: tensors.slice(0, half), [second]: tensors.slice(half) };
  if (index === undefined) return files;
  const text = JSON.stringify(index(map));
  return { ...files, "model.safetensors.index.json": new TextEncoder().encode(text) };
}

const masks = (path: (layer: number) => string, dtype: DType): PlannedTensor[] =>
  [0, 1].flatMap((layer) => [
    numbers(`${path(layer)}.bias`, [1, 1, 24, 24], new Float64Array(576).fill(1), dtype),
    numbers(`${path(layer)}.masked_bias`, [], Float64Array.of(-1e4)),
  ]);

const isMap = /(?:c_attn|c_proj|c_fc)\.weight$/;

/** Matrices in the layout of nn.Linear. */
async function transposed({ tensors }: OpenModel): Promise<PlannedTensor[]> {
  return await Promise.all(
    tensors.names.filter((name) => isMap.test(name)).map(async (name) => {
      const [rows, width] = tensors.info(name).shape as [number, number];
      const values = await readTensor(tensors, name);
      const turned = values.map((_, at) => values[(at % rows) * width + Math.floor(at / rows)]!);
      return numbers(name, [width, rows], turned);
    }),
  );
}

async function otherHead({ tensors }: OpenModel): Promise<PlannedTensor[]> {
  const table = await readTensor(tensors, "transformer.wte.weight");
  return [
    numbers("lm_head.weight", [40, 24], table.map((x, at) => 1.5 * x + Math.fround(Math.sin(at)))),
  ];
}

async function copyOf(name: string, { tensors }: OpenModel, as: string): Promise<PlannedTensor[]> {
  return [numbers(as, tensors.info(name).shape, await readTensor(tensors, name))];
}

/** Linear maps of OPT as bitsandbytes stores them. */
function quantized({ tensors }: OpenModel, fourBit: boolean): PlannedTensor[] {
  return tensors.names.filter((name) => /(?:proj|fc\d)\.weight$/.test(name)).flatMap((name) => {
    const { shape } = tensors.info(name);
    const size = shape.reduce((product, length) => product * length, 1);
    return fourBit
      ? [
        bytes(name, "U8", [size / 2, 1], size / 2),
        bytes(`${name}.absmax`, "F32", [4], 16),
        bytes(`${name}.quant_state.bitsandbytes__nf4`, "U8", [10], 10),
      ]
      : [
        bytes(name, "I8", shape, size),
        bytes(name.replace("weight", "SCB"), "F32", [shape[0]!], 4 * shape[0]!),
      ];
  });
}

/** The same models with what transformers makes of them. */
const right: Readonly<Record<string, readonly [base: string, change: Change, stored?: string]>> = {
  "as it is": ["gpt2", {}],
  "a byte order mark before the configuration": [
    "gpt2",
    { config: raw((config) => `\ufeff${JSON.stringify(config)}`) },
  ],
  "no architectures": ["gpt2", { config: without("architectures") }],
  "names without the prefix, and masks in numbers": [
    "gpt2",
    {
      named: (name) => name.replace("transformer.", ""),
      more: () => masks((layer) => `h.${layer}.attn`, "F32"),
      config: settings({ n_ctx: 24 }),
    },
  ],
  "masks in truth values": ["gpt2", {
    more: () => masks((at) => `transformer.h.${at}.attn`, "BOOL"),
  }],
  "angles and masks beside": [
    "gpt-neox",
    {
      more: () => [
        ...masks((layer) => `gpt_neox.layers.${layer}.attention`, "BOOL"),
        numbers("gpt_neox.layers.0.attention.rotary_emb.inv_freq", [2], Float64Array.of(1, 0.1)),
      ],
    },
  ],
  "a copy of the table as the head": [
    "gpt2",
    { more: (model) => copyOf("transformer.wte.weight", model, "lm_head.weight") },
  ],
  "a head of its own beside the word that it is the table": [
    "gpt2",
    { more: otherHead },
    "gpt2 with a head of its own",
  ],
  "no biases": ["gpt2", { named: but(/\.bias$/) }, "gpt2 without biases"],
  ...Object.fromEntries(
    (["U16", "U32", "U64", "C64", "F8_E4M3", "F4"] as const).map((dtype, at) => [
      `a buffer of ${dtype}`,
      ["gpt2", { more: () => [bytes("extra.buffer", dtype, [2], [4, 8, 16, 16, 2, 1][at]!)] }],
    ]),
  ),
  "shards with a total that is no whole number": [
    "gpt2",
    {
      files: (all) => shards(all, (weight_map) => ({ metadata: { total_size: 1.5 }, weight_map })),
    },
  ],
  "shards without metadata": [
    "gpt2",
    { files: (all) => shards(all, (weight_map) => ({ weight_map })) },
  ],
  "shards with a tensor that the index forgot": [
    "gpt2",
    {
      files: (all) =>
        shards(all, ({ "transformer.h.0.ln_1.weight": _, ...weight_map }) => ({ weight_map })),
    },
  ],
  "one file beside shards": [
    "gpt2",
    {
      files: (all) => ({
        "model.safetensors": all,
        "model-00001-of-00002.safetensors": bytesOf("x"),
      }),
    },
  ],
  "settings of transformers 4": [
    "gpt-neox",
    { config: settings({ rotary_emb_base: 500 }) },
    "gpt-neox of transformers 4",
  ],
  "settings of transformers 5": [
    "gpt-neox",
    {
      config: (config) => ({
        ...without("rotary_pct", "rotary_emb_base")(config),
        rope_parameters: { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.25 },
      }),
    },
    "gpt-neox of transformers 5",
  ],
  "a stale base": [
    "gpt-neox",
    {
      config: settings({
        rope_parameters: { rope_type: "default", rope_theta: 500, partial_rotary_factor: 0.25 },
        rotary_emb_base: 50,
        rope_theta: 70,
      }),
    },
    "gpt-neox with a stale base",
  ],
  "a base of transformers 4": ["llama", {
    config: settings({ rope_theta: 500, rope_scaling: null }),
  }, "llama of transformers 4"],
  "a default scaling": [
    "llama",
    { config: settings({ rope_theta: 500, rope_scaling: { type: "default" } }) },
    "llama with a default scaling",
  ],
  "a base that is written twice": [
    "llama",
    {
      config: settings({
        rope_theta: 70,
        rope_parameters: { rope_type: "default", rope_theta: 500 },
      }),
    },
    "llama with a base that is written twice",
  ],
  "a share that it does not read": [
    "llama",
    { config: settings({ partial_rotary_factor: 0.5 }) },
    "llama with a share that it does not read",
  ],
  "parts of a pretraining": [
    "llama",
    { config: settings({ pretraining_tp: 2 }) },
    "llama in parts of a pretraining",
  ],
  "no share": [
    "stablelm",
    { config: without("partial_rotary_factor") },
    "stablelm without a share",
  ],
};

/** What is mended, with what is said of it. */
const mended: Readonly<Record<string, readonly [base: string, change: Change, note: string]>> = {
  "a compiled model": [
    "gpt2",
    { named: (name) => `_orig_mod.${name}` },
    "names: without _orig_mod.",
  ],
  "compiled layers": [
    "gpt2",
    { named: (name) => name.replace(/(h\.\d\.)/, "$1_orig_mod.") },
    "names: without _orig_mod.",
  ],
  "sharded and checkpointed modules": [
    "gpt2",
    {
      named: (name) =>
        `_fsdp_wrapped_module.${name.replace(/(h\.\d\.)/, "$1_checkpoint_wrapped_module.")}`,
    },
    "names: without _checkpoint_wrapped_module.",
  ],
  "data in parallel": ["gpt2", { named: (name) => `module.${name}` }, "names: without module."],
  "data in parallel, compiled": [
    "bert",
    { named: (name) => `module._orig_mod.${name}` },
    "names: without module.",
  ],
  "a merged adapter's names": [
    "llama",
    { named: (name) => `base_model.model.${name}` },
    "names: without base_model.model.",
  ],
  "a module of Lightning": ["llama", { named: (name) => `model.${name}` }, "names: without model."],
  "TensorFlow's words": [
    "gpt2",
    {
      named: (name) =>
        name.replace(/(ln_\w\.)weight/, "$1gamma").replace(/(ln_\w\.)bias/, "$1beta"),
    },
    "names: gamma and beta of norms are weight and bias",
  ],
  "TensorFlow's words in BERT": [
    "bert",
    {
      named: (name) =>
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
          "LayerNorm.bias",
          "LayerNorm.beta",
        ),
    },
    "names: gamma and beta of norms are weight and bias",
  ],
  "save_model's one name for a shared tensor": [
    "gpt2",
    {
      named: (name) => name === "transformer.wte.weight" ? "lm_head.weight" : name,
      metadata: { "transformer.wte.weight": "lm_head.weight" },
    },
    "transformer.wte.weight is stored as lm_head.weight",
  ],
  "one name for head and table, without a word": [
    "gpt2",
    { named: (name) => name === "transformer.wte.weight" ? "lm_head.weight" : name },
    "transformer.wte.weight is stored as lm_head.weight",
  ],
  "copies of the table under other names": [
    "gpt2",
    { more: (model) => copyOf("transformer.wte.weight", model, "encoder.embed_tokens.weight") },
    "encoder.embed_tokens.weight is a copy of transformer.wte.weight, and is left out",
  ],
  "shards without an index": [
    "gpt2",
    { files: (all) => shards(all) },
    "weights: model-*-of-00002.safetensors, in the place of model.safetensors",
  ],
  "a variant": [
    "gpt2",
    { files: (all) => ({ "model.fp16.safetensors": all }) },
    "weights: model.fp16.safetensors, in the place of model.safetensors",
  ],
  "an adapter beside": [
    "gpt2",
    { beside: { "adapter_config.json": "{}" } },
    "adapter: the one beside the model is not merged into it, and is left out",
  ],
};

const pickle = "PK\x03\x04\0\0\b\b\0\0\0\0\0\0";

/** What is refused, with what is said. */
const refused: Readonly<Record<string, readonly [base: string, change: Change, why: string]>> = {
  "a gain that one layer lacks": [
    "gpt2",
    { named: but(/h\.1\.ln_1\.weight/) },
    "it has no transformer.h.1.ln_1.weight, and it has transformer.h.0.ln_1.weight",
  ],
  "a matrix that one layer lacks": [
    "gpt2",
    { named: but(/h\.1\.mlp\.c_fc\.weight/) },
    "the checkpoint has no transformer.h.1.mlp.c_fc.weight",
  ],
  "a configuration of more layers": [
    "gpt2",
    { config: settings({ n_layer: 3 }) },
    "Cannot use a model of 3 layers: the checkpoint has no transformer.h.2.attn.c_attn.weight",
  ],
  "a configuration of fewer layers": [
    "gpt2",
    { config: settings({ n_layer: 1 }) },
    "config.json has fewer layers",
  ],
  "a head that is nowhere": [
    "gpt2",
    { config: settings({ tie_word_embeddings: false }) },
    "it has no lm_head.weight, and config.json says that the head is not the token table",
  ],
  "a table that is nowhere, beside a head of its own": [
    "gpt2-untied",
    { named: but(/wte/) },
    "it has no transformer.wte.weight, and its config.json has it",
  ],
  "heads that do not divide": [
    "gpt2",
    { config: settings({ n_head: 5 }) },
    "Cannot use n_head = 5 of config.json",
  ],
  "heads that do not divide, without a word of their width": [
    "qwen2",
    { config: settings({ num_attention_heads: 5 }) },
    "Cannot use num_attention_heads = 5 of config.json: heads must divide their width of 16",
  ],
  "matrices in another layout": [
    "gpt2",
    { more: transposed },
    "it must take 24 numbers and give 72 (in-out); its transpose would; this family stores it the other way round",
  ],
  "a padded vocabulary": [
    "gpt2",
    { more: () => [bytes("transformer.wte.weight", "F32", [48, 24], 48 * 24 * 4)] },
    "vocab_size is 40; if the checkpoint is right, it must be 48",
  ],
  "8 bits": [
    "opt",
    {
      more: (model) => quantized(model, false),
      config: settings({
        quantization_config: { quant_method: "bitsandbytes", load_in_8bit: true },
      }),
    },
    'Cannot use the quantization "bitsandbytes" of config.json',
  ],
  "8 bits without a word": [
    "opt",
    { more: (model) => quantized(model, false) },
    "it is of a quantized model",
  ],
  "4 bits without a word": [
    "opt",
    { more: (model) => quantized(model, true) },
    "it is of a quantized model",
  ],
  "codes without a word": [
    "opt",
    { more: (model) => quantized(model, false).filter(({ name }) => !name.endsWith("SCB")) },
    "it is stored as I8, and must be one of F64, F32, BF16, F16; dequantize the model",
  ],
  "8 bits with a point": [
    "gpt2",
    { more: () => [bytes("transformer.h.0.attn.c_attn.weight", "F8_E4M3", [24, 72], 24 * 72)] },
    "Cannot compute with transformer.h.0.attn.c_attn.weight: it is stored as F8_E4M3",
  ],
  "a quantized part": [
    "clip",
    {
      config: (config) => ({
        ...config,
        text_config: {
          ...config["text_config"] as Config,
          quantization_config: { quant_method: "gptq" },
        },
      }),
    },
    'Cannot use the quantization "gptq" of config.json',
  ],
  "an adapter that is not merged": [
    "gpt2",
    { named: (name) => `base_model.model.${name.replace("c_attn.", "c_attn.base_layer.")}` },
    "it is of an adapter that is not merged; merge it, model.merge_and_unload()",
  ],
  "an adapter alone": [
    "gpt2",
    {
      named: () => undefined,
      config: () => undefined,
      files: () => ({ "adapter_model.safetensors": [] }),
      beside: { "adapter_config.json": "{}" },
    },
    "it has adapter_config.json, an adapter without its model: merge it",
  ],
  "pickles alone": [
    "gpt2",
    { files: () => ({ "pytorch_model.bin": bytesOf(pickle) }) },
    "it has pytorch_model.bin, a pickle of PyTorch",
  ],
  "a pickle under another name": ["gpt2", {
    files: () => ({ "model.safetensors": bytesOf(pickle) }),
  }, "it is a pickle of PyTorch"],
  "a pointer of Git LFS": [
    "gpt2",
    {
      files: () => ({
        "model.safetensors": bytesOf("version https://git-lfs.github.com/spec/v1\noid"),
      }),
    },
    "it is a pointer of Git LFS, not the file itself; fetch that with git lfs pull",
  ],
  "no weights": ["gpt2", { files: () => ({}) }, "it has no weights"],
  "no configuration": [
    "gpt2",
    { config: () => undefined },
    "it has model.safetensors without config.json",
  ],
  "no model_type": [
    "gpt2",
    { config: without("model_type") },
    'without model_type, of ["GPT2LMHeadModel"]',
  ],
  "Infinity in the configuration": [
    "gpt2",
    {
      config: raw((config) =>
        JSON.stringify({ ...config, x: 0 }).replace('"x":0', '"x": Infinity')
      ),
    },
    'it is not JSON: it has Infinity as "x", which JSON has not; write a number or null',
  ],
  "a configuration in UTF-16": [
    "gpt2",
    {
      config: raw((config) =>
        Uint8Array.from([
          0xff,
          0xfe,
          ...[...JSON.stringify(config)].flatMap((c) => [c.charCodeAt(0), 0]),
        ])
      ),
    },
    "it is not UTF-8 but UTF-16; save it as UTF-8",
  ],
  "an index that names too much": [
    "gpt2",
    {
      files: (all) =>
        shards(all, (map) => ({ weight_map: { ...map, ghost: Object.values(map)[0] } })),
    },
    'the tensor "ghost" is not in model-00001-of-00002.safetensors',
  ],
  "shards of which one is missing": [
    "gpt2",
    {
      files: (all) => {
        const { "model-00002-of-00002.safetensors": _, ...others } = shards(all);
        return others;
      },
    },
    "of the 2 files model-*-of-00002.safetensors it has 1",
  ],
};

/** Requires what transformers makes of a model: of the golden one as it is stored with it, else the last row in odd.json. */
async function assertRight(model: OpenModel, base: string, stored?: string): Promise<void> {
  const isDecoder = stored !== undefined;
  const { inputs, expected } = await goldenOf(base);
  const given = isDecoder ? { tokens: odd.tokens } : inputs;
  const { outputs } = await runModel(float64, model, given);
  if (!isDecoder) {
    for (const [name, { values }] of Object.entries(expected)) {
      assertClose(outputs[name]!.values, values, 2e-6, name);
    }
    return;
  }
  const row = (odd.logits as Readonly<Record<string, readonly number[]>>)[stored]!;
  assertClose(outputs["logits"]!.values.slice(-row.length), row, 2e-6, stored);
}

/** Requires that every conversion which inspect calls possible can be made, written and opened, and computes the same. */
async function assertPossible(
  folder: string,
  model: OpenModel,
  ...as: [base: string, stored?: string]
): Promise<void> {
  for (const [to, { possible }] of Object.entries(inspect(model).targets)) {
    if (!possible) continue;
    const made = `${folder}/${to}`;
    await saveModel(made, convert(model, { to: to as Target }));
    using written = await openModel(made);
    assertEquals(written.notes, []);
    await assertRight(written, ...as);
    for (const name of written.tensors.names.filter((one) => one === "extra.buffer")) {
      assertEquals(await written.tensors.bytes(name), await model.tensors.bytes(name));
    }
  }
}

for (const [what, [base, change, stored]] of Object.entries(right)) {
  Deno.test(`${base} with ${what} is right`, () =>
    inFolder(async (folder) => {
      await write(folder, base, change);
      using model = await openModel(folder);
      assertEquals(model.notes, []);
      await assertRight(model, base, stored);
      await assertPossible(folder, model, base, stored);
    }));
}

for (const [what, [base, change, note]] of Object.entries(mended)) {
  Deno.test(`${base} with ${what} is mended, and it is said`, () =>
    inFolder(async (folder) => {
      await write(folder, base, change);
      using model = await openModel(folder);
      assert(model.notes.includes(note), `${model.notes}`);
      assertEquals(inspect(model).notes, model.notes);
      await assertRight(model, base);
      await assertPossible(folder, model, base);
    }));
}

for (const [what, [base, change, why]] of Object.entries(refused)) {
  Deno.test(`${base} with ${what} is refused`, () =>
    inFolder(async (folder) => {
      await write(folder, base, change);
      const { message } = await assertRejects(() => openModel(folder));
      assert(message.includes(why), message);
    }));
}

const commands: readonly (readonly string[])[] = [
  ["inspect", "DIR"],
  ...[[], ["--no-verify"], ["--dry-run"]]
    .map((more) => ["convert", "DIR", "OUT", "--to", "pre-ln", ...more]),
  ["fold", "DIR", "OUT"],
  ...["onnx", "gpt2", "llama"].map((form) => ["export", "DIR", "OUT", "--as", form]),
  ["logits", "DIR", "--tokens", "1", "--out", "OUT"],
  ["generate", "DIR", "--prompt", "a"],
  ["verify", "DIR", goldenFolder("gpt2")],
  ["verify", goldenFolder("gpt2"), "DIR"],
  ["train", "--from", "DIR", "--text", "TEXT", "--out", "OUT"],
];

Deno.test("every command that opens a model refuses one that lacks a gain, before anything is written", () =>
  inFolder(async (folder) => {
    const paths: Readonly<Record<string, string>> = {
      DIR: `${folder}/model`,
      OUT: `${folder}/out`,
      TEXT: `${folder}/text.txt`,
    };
    await Deno.mkdir(paths["DIR"]!);
    await Deno.writeTextFile(paths["TEXT"]!, "text");
    await write(paths["DIR"]!, "gpt2", { named: but(/h\.1\.ln_1\.weight/) });
    for (const command of commands) {
      const { code, err } = await runHere(...command.map((word) => paths[word] ?? word));
      assertEquals(code, 3, `${command.join(" ")}: ${err}`);
      assertStringIncludes(err, "it has no transformer.h.1.ln_1.weight", command.join(" "));
      assertEquals(namesIn(folder), ["model", "text.txt"], command.join(" "));
    }
  }));

Deno.test("a certificate and the report of a conversion say what was mended, what nothing reads, and what was lost", () =>
  inFolder(async (folder) => {
    const [source, out] = [`${folder}/model`, `${folder}/out`];
    await Deno.mkdir(source);
    await write(source, "gpt2", {
      named: (name) => `module.${name}`,
      more: () => [bytes("module.extra.buffer", "U16", [2], 4)],
    });
    await Deno.symlink("nowhere", `${source}/tokenizer.json`);
    await Deno.writeTextFile(`${source}/LICENSE`, "licence");
    const made = await runHere(
      "convert",
      source,
      out,
      "--to",
      "pre-rmsnorm",
      "--backend",
      "cpu",
      "--json",
    );
    const { notes, companions, certificate } = JSON.parse(made.out);
    assertEquals([made.code, companions], [0, ["LICENSE"]]);
    assertEquals(notes, [
      "names: without module.",
      "unused: extra.buffer",
      "tokenizer.json is a link to nothing, and is left out",
    ]);
    const { expected, actual } = certificate;
    assertEquals([expected.notes, expected.unused], [["names: without module."], ["extra.buffer"]]);
    assertEquals([actual.notes, actual.unused], [[], ["extra.buffer"]]);
    assertStringIncludes(await Deno.readTextFile(`${out}/certificate.txt`), "unused: extra.buffer");
  }));

Deno.test("the model in a hub's cache is found in its snapshot", () =>
  inFolder(async (folder) => {
    const cache = `${folder}/models--me--gpt2`;
    for (const inner of ["blobs", "refs", "snapshots/abc", "snapshots/old"]) {
      await Deno.mkdir(`${cache}/${inner}`, { recursive: true });
    }
    await write(`${cache}/blobs`, "gpt2", {});
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.symlink(`../../blobs/${name}`, `${cache}/snapshots/abc/${name}`);
    }
    await assertRejects(() => openModel(cache), RangeError, "Cannot find a model at");
    await Deno.writeTextFile(`${cache}/refs/main`, "abc\n");
    using model = await openModel(`${cache}/`);
    assertEquals(model.path, `${cache}/snapshots/abc`);
    assertEquals(model.notes, ["folder: snapshots/abc of the hub's cache"]);
    await assertRight(model, "gpt2");
    const { err } = await runHere("generate", cache, "--prompt", "a"); // its tokenizer is looked for beside the snapshot
    assertStringIncludes(err, `${cache}/snapshots/abc/tokenizer.json`);
    const start = `Cannot find a model at ${folder}: there is no ${folder}/config.json and no run`;
    const { message } = await assertRejects(() => openModel(folder), RangeError);
    assertEquals(message, `${start} ${folder}.json; there are models in it: "models--me--gpt2"`);
  }));

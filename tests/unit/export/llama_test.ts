// Models as LlamaForCausalLM: the same logits under other names and orders, and a precise refusal of all else.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { saveModel } from "../../../lib/convert/save.ts";
import { Random } from "../../../lib/core/random.ts";
import { toLlama } from "../../../lib/export/mod.ts";
import type {
  Attention,
  Branch,
  FeedForward,
  ModelSpec,
  NormSpec,
  QkvOrder,
} from "../../../lib/model/spec.ts";
import { mapNorms, mapStacks } from "../../../lib/model/spec.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { normkitConfig, normkitFamily } from "../../../lib/families/normkit.ts";
import { openModel } from "../../../lib/families/open.ts";
import { lns, periLn, postLn, resiDual } from "../../../lib/residual/mod.ts";
import { assertClose } from "../../support/close.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { besides, expectedOf, inFolder, logitsOf, openGolden } from "./golden.ts";

/** A model as Llama has it: with RMSNorms. */
function withRms(model: Model): Model {
  return model.family.id === "olmo" ? convert(model, { to: "pre-rmsnorm" }) : model;
}

for (const name of ["olmo", "llama", "llama-llama3", "qwen2"]) {
  Deno.test(`toLlama() writes ${name} as a folder that opens as Llama, with the same logits`, () =>
    inFolder(async (folder) => {
      using source = await openGolden(name);
      const expected = await expectedOf(name);
      const tokens = [...expected["tokens"]!.values];
      await saveModel(folder, toLlama(withRms(source)));
      using written = await openModel(folder);
      assertEquals(written.family.id, "llama");
      assert(!("normkit" in written.config));
      const logits = await logitsOf(written, tokens);
      // OLMo's matrices were computed in float64 and are stored in float32
      assertClose(logits, await logitsOf(source, tokens), name === "olmo" ? 1e-6 : 1e-12, name);
      assertClose(logits, expected["logits"]!.values, 1e-6, `${name} as transformers has it`);
    }));

  Deno.test(`toLlama() of ${name} is exact before tensors are rounded`, async () => {
    using source = await openGolden(name);
    const tokens = [...(await expectedOf(name))["tokens"]!.values];
    const logits = await logitsOf(toLlama(withRms(source)), tokens);
    assertClose(logits, await logitsOf(source, tokens), 1e-12, name);
  });
}

Deno.test("toLlama() has Llama's names, shapes and settings", async () => {
  using source = await openGolden("qwen2");
  const { tensors, config } = toLlama(source);
  const layer = (at: number): string[] =>
    [
      "input_layernorm.weight",
      ...["q", "k", "v", "o"].flatMap((one) =>
        ["weight", "bias"].map((part) => `self_attn.${one}_proj.${part}`)
      ),
      "post_attention_layernorm.weight",
      ...["gate", "up", "down"].map((one) => `mlp.${one}_proj.weight`),
    ].map((name) => `model.layers.${at}.${name}`);
  assertEquals(tensors.names, [
    "model.embed_tokens.weight",
    ...layer(0),
    ...layer(1),
    "model.norm.weight",
    "lm_head.weight",
  ]);
  assertEquals(tensors.info("model.layers.0.self_attn.k_proj.weight").shape, [8, 16]);
  const bias = await readTensor(tensors, "model.layers.1.self_attn.o_proj.bias");
  assertEquals(bias, new Float64Array(16), "Qwen2 has none there, Llama has all or none");
  const expected = {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: 40,
    hidden_size: 16,
    intermediate_size: 40,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 8,
    max_position_embeddings: 24,
    rms_norm_eps: 0.001,
    rope_theta: 1e6,
    attention_bias: true,
    mlp_bias: false,
    tie_word_embeddings: false,
    torch_dtype: "float32",
    bos_token_id: 1,
  };
  assertEquals({ ...config, ...expected }, config);
});

/** A decoder of normkit's own with rotary positions and a gated network: its matrices are (in, out). */
function ownDecoder({ tied, embeddingScale }: { tied: boolean; embeddingScale: number }): Model {
  const sizes = { vocabulary: 11, context: 9, width: 12, depth: 2, heads: 2, hidden: 20 };
  const config = normkitConfig({
    ...sizes,
    positions: "rotary",
    activation: "swiglu",
    bias: false,
    tied,
    embeddingScale,
  });
  const random = new Random(3);
  const { width, hidden, vocabulary } = sizes;
  const tensor = (...shape: number[]) => ({
    shape,
    values: random.normals(shape.reduce((a, b) => a * b, 1), 0.5),
  });
  const layer = (path: string) => ({
    ...Object.fromEntries(
      ["wq", "wk", "wv", "wo"].map((name) => [`${path}.attention.${name}`, tensor(width, width)]),
    ),
    [`${path}.feedForward.w1`]: tensor(width, hidden),
    [`${path}.feedForward.w3`]: tensor(width, hidden),
    [`${path}.feedForward.w2`]: tensor(hidden, width),
    [`${path}.norm.attention.input.gain`]: tensor(width),
    [`${path}.norm.feedForward.input.gain`]: tensor(width),
  });
  const tensors = memoryTensors({
    wte: tensor(vocabulary, width),
    ...layer("blocks.1"),
    ...layer("blocks.2"),
    "norm.final.gain": tensor(width),
    ...(tied ? {} : { "head.w": tensor(width, vocabulary) }),
  });
  return describeModel(normkitFamily, config, tensors);
}

for (const tied of [false, true]) {
  for (const embeddingScale of [1, 3]) {
    const what = `${tied ? "a tied" : "an own"} head, embeddings times ${embeddingScale}`;
    Deno.test(`toLlama() turns the matrices of normkit's own decoders: ${what}`, async () => {
      const source = ownDecoder({ tied, embeddingScale });
      const llama = toLlama(convert(source, { to: "pre-rmsnorm" }));
      const tokens = [1, 10, 4, 4, 0, 7];
      const expected = await logitsOf(source, tokens);
      assertClose(await logitsOf(llama, tokens), expected, 1e-12, what);
      assertEquals(llama.config["max_position_embeddings"], 9);
    });
  }
}

Deno.test("toLlama() keeps a tied head where the table is what the head reads", async () => {
  const source = ownDecoder({ tied: true, embeddingScale: 1 });
  const rms: Model = {
    ...source,
    spec: mapNorms(source.spec, (norm) => ({ ...norm, kind: "rms" })),
  };
  const llama = toLlama(rms);
  assertEquals(llama.config["tie_word_embeddings"], true);
  assert(!llama.tensors.has("lm_head.weight"));
  const tokens = [3, 1, 4, 1, 5];
  assertClose(await logitsOf(llama, tokens), await logitsOf(rms, tokens), 1e-12, "tied");
});

/** Changes the branches of every layer. */
function branches(change: (branch: Branch) => Branch): (of: ModelSpec) => ModelSpec {
  return (spec) =>
    mapStacks(spec, (stack) => ({
      ...stack,
      blocks: stack.blocks.map((block) => ({ ...block, branches: block.branches.map(change) })),
    }));
}

const attention = (change: Partial<Attention>): (of: ModelSpec) => ModelSpec =>
  branches((branch) =>
    branch.sublayer.kind === "attention"
      ? { ...branch, sublayer: { ...branch.sublayer, ...change } }
      : branch
  );

for (const order of ["blocks", "heads", "groups"] as const satisfies readonly QkvOrder[]) {
  Deno.test(`toLlama() splits queries, keys and values fused as ${order}`, async () => {
    using source = await openGolden("qwen2");
    const [heads, groups, headWidth] = [2, order === "heads" ? 2 : 1, 8];
    const random = new Random(5);
    const width = 16;
    const rows = (heads + 2 * groups) * headWidth;
    const weights = Float64Array.from(random.normals(rows * width, 0.3));
    const biases = Float64Array.from(random.normals(rows, 0.3));
    const fused = besides(
      besides(source.tensors, "qkv.weight", [rows, width], weights),
      "qkv.bias",
      [rows],
      biases,
    );
    const linear = { weight: "qkv.weight", bias: "qkv.bias", layout: "out-in" } as const;
    const change = attention({ projections: { qkv: linear, order }, keyValueHeads: groups });
    const model: Model = {
      ...source,
      tensors: fused,
      spec: change(source.spec),
    };
    const tokens = [...(await expectedOf("qwen2"))["tokens"]!.values];
    const llama = toLlama(model);
    assertClose(await logitsOf(llama, tokens), await logitsOf(model, tokens), 1e-12, order);
    const name = "model.layers.0.self_attn.q_proj.weight";
    const all = await readTensor(llama.tensors, name);
    assertEquals(await llama.tensors.rows(name, 3, 10), all.slice(3 * width, 13 * width));
  });
}

const network = (change: (of: FeedForward) => FeedForward): (of: ModelSpec) => ModelSpec =>
  branches((branch) =>
    branch.sublayer.kind === "feedForward"
      ? { ...branch, sublayer: change(branch.sublayer) }
      : branch
  );

const headNorm: NormSpec = { kind: "rms", eps: 1e-5, gain: "q", bias: "" };
const rotary = { width: 6, base: 10000, order: "half" } as const;

/** What has no place in Llama, and what the refusal says of it. */
const refused: Readonly<Record<string, (of: ModelSpec) => ModelSpec>> = {
  "its norms are LayerNorms": (of) => mapNorms(of, (norm) => ({ ...norm, kind: "layer" })),
  "its norms are CRMSNorms": (of) => mapNorms(of, (norm) => ({ ...norm, kind: "crms" })),
  "1 + gain": (of) => mapNorms(of, (norm) => ({ ...norm, kind: "rms-offset" })),
  "its norms have biases (lm_head.weight)": (of) =>
    mapNorms(of, (norm) => ({ ...norm, bias: "lm_head.weight" })),
  "its norms have several ε (0.00001, 0.1)": (of) =>
    mapNorms(of, (norm) => norm.gain === "model.norm.weight" ? { ...norm, eps: 0.1 } : norm),
  "it has 2 stacks (decoder, other)": (of) => ({
    ...of,
    stacks: { ...of.stacks, other: of.stacks["decoder"]! },
  }),
  "learned positions (wpe)": (of) =>
    mapStacks(of, (stack) => ({
      ...stack,
      entry: { ...stack.entry, kind: "tokens", positions: { table: "wpe" } } as typeof stack.entry,
    })),
  "a norm between its embeddings and the first layer": (of) =>
    mapStacks(of, (stack) => ({ ...stack, entryNorm: headNorm })),
  'tied = "untie"': (of) => mapStacks(of, (stack) => ({ ...stack, recenter: true })),
  "parallel": (of) =>
    mapStacks(of, (stack) => ({
      ...stack,
      blocks: stack.blocks.map((block) => ({ ...block, parallel: true })),
    })),
  "Post-LN": (of) => mapStacks(of, (stack) => ({ ...stack, residual: postLn })),
  "fold it first": (of) => mapStacks(of, (stack) => ({ ...stack, residual: lns })),
  "norms behind its branches": (of) => mapStacks(of, (stack) => ({ ...stack, residual: periLn })),
  "more than one stream": (of) => mapStacks(of, (stack) => ({ ...stack, residual: resiDual })),
  "ALiBi": attention({ alibi: [1, 2, 3, 4] }),
  "a window of 5 keys": attention({ window: 5 }),
  "cut to ± 0.8": attention({ clip: 0.8 }),
  "norms of their own": attention({ headNorms: { q: headNorm, k: headNorm } }),
  "turn 4 of 6 coordinates": attention({ rotary: { ...rotary, width: 4 } }),
  "turn neighbors": attention({ rotary: { ...rotary, order: "pairs" } }),
  "its scores are multiplied by 1,": attention({ scale: 1 }),
  "not causal": attention({ causal: false }),
  "it attends to encoder": attention({ memory: "encoder" }),
  "no gate": network(({ gate: _, ...rest }) => rest),
  "the activation gelu, not silu": network((of) => ({ ...of, activation: "gelu" })),
  "its layers differ: layer 0 has": (of) =>
    mapStacks(of, (stack) => ({
      ...stack,
      blocks: stack.blocks.map((block, at) =>
        at === 0 ? block : ({
          ...block,
          branches: block.branches.map((branch) =>
            branch.sublayer.kind === "attention"
              ? { ...branch, sublayer: { ...branch.sublayer, rotary: { ...rotary, base: 5 } } }
              : branch
          ),
        })
      ),
    })),
  "its head has a bias (model.norm.weight)": (of) => ({
    ...of,
    heads: of.heads.map((head) => ({
      ...head,
      linear: { ...head.linear, bias: "model.norm.weight" },
    })),
  }),
  "it has 0 heads": (of) => ({ ...of, heads: [] }),
};

Deno.test("toLlama() refuses what Llama has no place for, and says what it is", async () => {
  using source = await openGolden("llama");
  for (const [text, change] of Object.entries(refused)) {
    const model: Model = { ...source, spec: change(source.spec) };
    const error = assertThrows(() => toLlama(model), RangeError);
    assertStringIncludes(error.message, "Cannot write this Llama model as Llama: ");
    assertStringIncludes(error.message, text);
  }
});

Deno.test("toLlama() names the first reason of other families", async () => {
  const reasons: Readonly<Record<string, string>> = {
    "gpt2": "it adds learned positions",
    "gpt-neox": "its branches are parallel",
    "gptj": "its branches are parallel",
    "bloom": "it has a norm between its embeddings and the first layer",
    "mpt": "it adds ALiBi",
    "stablelm": "turn 4 of 8 coordinates",
    "olmo-tied": "are cut to ± 0.8",
    "vit": "it reads patches",
    "whisper": "it has 2 stacks (encoder, decoder)",
  };
  for (const [name, text] of Object.entries(reasons)) {
    using source = await openGolden(name);
    const model = convert(source, { to: "pre-rmsnorm" });
    assertStringIncludes(assertThrows(() => toLlama(model), RangeError).message, text);
  }
});

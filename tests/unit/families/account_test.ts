// The account of a checkpoint: what may be absent, what may not, and what nothing reads.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { foldVariant } from "../../../lib/convert/fold_variant.ts";
import { accountOf, unknownReaders } from "../../../lib/families/account.ts";
import type { Config } from "../../../lib/families/family.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { editedTensors, type TensorEdits } from "../../support/edited_tensors.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";

/** A golden model whose tensors and configuration are changed. */
async function edited(
  name: string,
  edits: TensorEdits,
  settings: Config = {},
): Promise<Model & Disposable> {
  const model = await openGolden(name);
  const made = (): Model =>
    describeModel(
      model.family,
      { ...model.config, ...settings },
      editedTensors(model.tensors, edits),
    );
  try {
    return { ...made(), [Symbol.dispose]: () => model.close() };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** What is said of it. */
async function refusal(...edit: Parameters<typeof edited>): Promise<string> {
  try {
    using _model = await edited(...edit);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

const ones = (...shape: number[]): { shape: number[]; values: number[] } => ({
  shape,
  values: Array(shape.reduce((product, length) => product * length, 1)).fill(1),
});

/** Of losses. */
const numbers: Readonly<Record<string, readonly string[]>> = {
  "clip": ["logit_scale"],
  "siglip": ["logit_bias", "logit_scale"],
};

Deno.test("accountOf() of every golden model finds nothing absent, and only numbers that read no stream unused", async () => {
  for (const name of goldenNames) {
    using model = await openGolden(name);
    assertEquals(accountOf(model), { absent: [], unused: numbers[name] ?? [] }, name);
    assertEquals(unknownReaders(model), [], name);
  }
});

const lost: readonly (readonly [
  name: string,
  what: RegExp,
  reason: string,
  settings?: Config,
])[] = [
  ["gpt2", /^transformer\.wpe/, "no transformer.wpe.weight, and its config.json has it"],
  [
    "gpt2",
    /h\.1\.ln_1\.weight/,
    "no transformer.h.1.ln_1.weight, and it has transformer.h.0.ln_1.weight",
  ],
  ["gpt2", /h\.0\.attn\.c_proj\.bias/, "and it has transformer.h.1.attn.c_proj.bias"],
  ["gpt2", /ln_f\.bias/, "no transformer.ln_f.bias, and it has transformer.h.0.ln_1.bias"],
  ["gpt2", /ln_f\.weight/, "config.json does not say that norms have no gain"],
  ["gpt2", /ln_\d\.weight/, "no transformer.h.0.ln_1.weight (and 3 more), and config.json"],
  ["llama", /input_layernorm/, "config.json does not say that norms have no gain"],
  ["llama", /^lm_head/, "no lm_head.weight, and config.json says", {
    architectures: ["LlamaForCausalLM"],
  }],
  ["qwen3", /1\.self_attn\.k_norm/, "and it has model.layers.0.self_attn.k_norm.weight"],
  ["dinov2", /0\.layer_scale1/, "and it has dinov2.encoder.layer.1.layer_scale1.lambda1"],
  ["vit", /cls_token/, "no vit.embeddings.cls_token, and its config.json has it"],
  ["whisper", /embed_positions/, "embed_positions.weight (and 1 more)"],
  ["whisper", /decoder\.embed_tokens/, "no matrix of a head, and config.json says"],
  ["vit", /^classifier/, 'no matrix of a head, and config.json says "ViTForImageClassification"'],
  ["wav2vec2", /^lm_head/, 'no matrix of a head, and config.json says "Wav2Vec2ForCTC"'],
  ["bert", /transform\.dense\.weight/, "no matrix of a head, and config.json says"],
  ["opt-narrow", /project_out/, "no model.decoder.project_out.weight, and its config.json has it"],
  ["clip", /^text_projection/, "no text_projection.weight, and its config.json has it"],
  ["wav2vec2", /original0/, "weight.original0, and its config.json has it"],
  ["cohere-norms", /0\.self_attn\.k_norm/, "no model.layers.0.self_attn.k_norm.weight, and its"],
];

for (const [name, without, reason, settings] of lost) {
  Deno.test(`describeModel() refuses ${name} without ${without.source}`, async () => {
    const message = await refusal(name, { without }, settings);
    assertEquals([message.startsWith("Cannot use this checkpoint: it has no "), true], [
      true,
      message.includes(reason),
    ], message);
  });
}

Deno.test("describeModel() takes what may be absent: all biases, the head of a body, norms that a conversion emptied", async () => {
  const fine: readonly Parameters<typeof edited>[] = [
    ["gpt2", { without: /\.bias$/ }],
    ["gpt2", { without: /attn\.c_attn\.bias/ }],
    ["llama", { without: /^lm_head/ }, { architectures: ["LlamaModel"] }],
    ["vit", { without: /^classifier/ }, { architectures: ["ViTModel"] }],
    ["opt", { without: /norm/ }, { layer_norm_elementwise_affine: false }],
  ];
  for (const [name, edits, settings] of fine) {
    using model = await edited(name, edits, settings);
    assertEquals(accountOf(model).absent, [], `${name} ${edits.without}`);
  }
  using gpt2 = await openGolden("gpt2");
  const { family, config, tensors } = convert(gpt2, { to: "weightless" });
  assertEquals(accountOf(describeModel(family, config, tensors)), { absent: [], unused: [] });
  const { normkit: _, ...plain } = config;
  assertThrows(() => describeModel(family, plain, tensors), RangeError, "have no gain");
});

Deno.test("describeModel() refuses a configuration of fewer layers than the checkpoint", async () => {
  for (const [name, key] of [["gpt2", "n_layer"], ["bert", "num_hidden_layers"]] as const) {
    const message = await refusal(name, {}, { [key]: 1 });
    assertEquals(message.includes("config.json has fewer layers"), true, message);
  }
});

Deno.test("describeModel() refuses to compute with anything but floating-point numbers", async () => {
  for (const dtype of ["I8", "U8", "I32", "BOOL"] as const) {
    const name = "transformer.h.0.mlp.c_fc.weight";
    const added = { [name]: { ...ones(24, 96), dtype } };
    const message = await refusal("gpt2", { added });
    assertEquals(message.startsWith(`Cannot compute with ${name}: it is stored as ${dtype}`), true);
  }
});

Deno.test("accountOf() knows masks, angles and places, which engines compute anew", async () => {
  const added = {
    "transformer.h.0.attn.bias": ones(1, 1, 24, 24),
    "transformer.h.0.attn.masked_bias": ones(),
    "transformer.h.0.attn.causal_mask": ones(24, 24),
    "transformer.h.0.attn.rotary_emb.inv_freq": ones(24),
    "transformer.embeddings.position_ids": ones(1, 24),
  };
  using model = await edited("gpt2", { added });
  assertEquals([accountOf(model).unused, unknownReaders(model)], [[], []]);
});

Deno.test("convert() refuses a model with a tensor that may read or write its stream and is not described", async () => {
  for (const shape of [[2, 24], [24], [24, 1, 3], [5, 48]]) {
    const added = { "probe.weight": ones(...shape), "probe.scale": ones() };
    using model = await edited("gpt2", { added });
    assertEquals(accountOf(model).unused, ["probe.weight", "probe.scale"]);
    for (const to of targets) {
      const { message } = assertThrows(() => convert(model, { to }), RangeError);
      assertEquals(
        message,
        "Cannot convert this GPT-2 model: its checkpoint has probe.weight, which is not described and may read or write " +
          "the stream; remove it if nothing uses it",
      );
    }
  }
  for (
    const harmless of [ones(2, 25), { ...ones(24), dtype: "I64" as const }]
  ) {
    using model = await edited("gpt2", { added: { "probe.weight": harmless } });
    convert(model, { to: "pre-ln" });
  }
  using dinov2 = await edited("dinov2", { added: { "probe.weight": ones(16) } });
  await assertRejects(
    () => foldVariant(dinov2),
    RangeError,
    "probe.weight, which is not described",
  );
});

// Who reads and who writes the streams, in models of all shapes.

import { assertEquals } from "@std/assert";
import {
  entryOf,
  missingBiases,
  normsWithReaders,
  type NormWithReaders,
  readingAxis,
  writersOf,
  writingAxis,
} from "../../../lib/convert/readers_and_writers.ts";
import type { Linear } from "../../../lib/model/spec.ts";
import type { Model } from "../../../lib/families/model.ts";
import { openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

/** Each norm of a model with its readers, without the words that all names share. */
function readersOf({ spec }: Model): Record<string, string[]> {
  const short = (name: string): string =>
    name.replace(/^(transformer|gpt_neox|model)\./, "").replace(/\.(weight|gain)$/, "");
  return Object.fromEntries(
    normsWithReaders(spec).map(({ norm, readers }) => [
      short(norm.gain),
      readers.map(({ weight }) => short(weight)),
    ]),
  );
}

Deno.test("readingAxis() and writingAxis() are the axes of a matrix that meet a stream", () => {
  const linear = (layout: Linear["layout"]): Linear => ({ weight: "w", bias: "b", layout });
  const layouts = [linear("out-in"), linear("in-out")];
  assertEquals(layouts.map(readingAxis), ["columns", "rows"]);
  assertEquals(layouts.map(writingAxis), ["rows", "columns"]);
});

Deno.test("normsWithReaders() gives a norm its readers: gate and up, queries, keys and values, the head", async () => {
  using model = await openGolden("stablelm");
  const { spec } = model;
  const sites = readersOf(model);
  assertEquals(Object.keys(sites), [
    "layers.0.input_layernorm",
    "layers.0.post_attention_layernorm",
    "layers.1.input_layernorm",
    "layers.1.post_attention_layernorm",
    "norm",
  ]);
  assertEquals(
    sites["layers.1.input_layernorm"],
    ["q", "k", "v"].map((name) => `layers.1.self_attn.${name}_proj`),
  );
  assertEquals(sites["layers.0.post_attention_layernorm"], [
    "layers.0.mlp.up_proj",
    "layers.0.mlp.gate_proj",
  ]);
  assertEquals(sites["norm"], ["lm_head"]);
  assertEquals(normsWithReaders(spec).map(({ final }) => final), [
    false,
    false,
    false,
    false,
    true,
  ]);
});

Deno.test("normsWithReaders() takes a norm that parallel branches share once, and two norms as two", async () => {
  using shared = await openGolden("gptj");
  assertEquals(readersOf(shared)["h.0.ln_1"], [
    "h.0.attn.q_proj",
    "h.0.attn.k_proj",
    "h.0.attn.v_proj",
    "h.0.mlp.fc_in",
  ]);
  assertEquals(Object.keys(readersOf(shared)).length, 3);
  using two = await openGolden("gpt-neox");
  assertEquals(readersOf(two)["layers.0.input_layernorm"], ["layers.0.attention.query_key_value"]);
  assertEquals(readersOf(two)["layers.0.post_attention_layernorm"], ["layers.0.mlp.dense_h_to_4h"]);
  using falcon = await openGolden("falcon");
  assertEquals(readersOf(falcon)["h.1.input_layernorm"], [
    "h.1.self_attention.query_key_value",
    "h.1.mlp.dense_h_to_4h",
  ]);
});

Deno.test("normsWithReaders() keeps norms without names apart", async () => {
  using olmo = await openGolden("olmo");
  const sites = normsWithReaders(olmo.spec);
  assertEquals(sites.map(({ readers }) => readers.length), [3, 2, 3, 2, 1]);
});

Deno.test("normsWithReaders() lets cross-attention read the other stack's final norm, and its own for queries", async () => {
  using whisper = await openGolden("whisper");
  const sites = readersOf(whisper);
  const cross = [0, 1].flatMap((layer) =>
    ["k", "v"].map((name) => `decoder.layers.${layer}.encoder_attn.${name}_proj`)
  );
  assertEquals(sites["encoder.layer_norm"], cross);
  assertEquals(sites["decoder.layers.1.encoder_attn_layer_norm"], [
    "decoder.layers.1.encoder_attn.q_proj",
  ]);
  assertEquals(sites["decoder.layer_norm"], ["decoder.embed_tokens"]);
  const stacks = new Set(normsWithReaders(whisper.spec).map(({ stack }) => stack));
  assertEquals([...stacks], ["encoder", "decoder"]);
});

Deno.test("normsWithReaders() gives CLIP's final norms their projections", async () => {
  using clip = await openGolden("clip");
  const sites = readersOf(clip);
  assertEquals(sites["vision_model.post_layernorm"], ["visual_projection"]);
  assertEquals(sites["text_model.final_layer_norm"], ["text_projection"]);
  assertEquals(Object.hasOwn(sites, "vision_model.pre_layrnorm"), false);
});

Deno.test("normsWithReaders() has no final site where there is no norm after the last layer", () => {
  const { spec } = normkitModel({ ...small, ends: [] });
  assertEquals(normsWithReaders(spec).map(({ final }: NormWithReaders) => final), [
    false,
    false,
    false,
    false,
  ]);
});

Deno.test("writersOf() are what layers write with, scales included", async () => {
  using whisper = await openGolden("whisper");
  const { encoder, decoder } = whisper.spec.stacks;
  assertEquals([writersOf(encoder!).length, writersOf(decoder!).length], [4, 6]);
  using dino = await openGolden("dinov2");
  const [first] = writersOf(dino.spec.stacks["vision"]!);
  assertEquals(first!.linear.weight, "dinov2.encoder.layer.0.attention.output.dense.weight");
  assertEquals(first!.scale, "dinov2.encoder.layer.0.layer_scale1.lambda1");
});

Deno.test("entryOf() are the tables and maps that a stream starts from", async () => {
  const entries = async (name: string, stack: string) => {
    using model = await openGolden(name);
    const { tables, linears } = entryOf(model.spec.stacks[stack]!);
    return { tables, linears: linears.map(({ weight }) => weight) };
  };
  assertEquals(await entries("gpt2", "decoder"), {
    tables: ["transformer.wte.weight", "transformer.wpe.weight"],
    linears: [],
  });
  assertEquals(await entries("llama", "decoder"), {
    tables: ["model.embed_tokens.weight"],
    linears: [],
  });
  const path = "dinov2_with_registers.embeddings";
  assertEquals(await entries("dinov2-with-registers", "vision"), {
    tables: ["cls_token", "register_tokens", "position_embeddings", "mask_token"].map((name) =>
      `${path}.${name}`
    ),
    linears: [`${path}.patch_embeddings.projection.weight`],
  });
  assertEquals(await entries("whisper", "encoder"), {
    tables: ["model.encoder.embed_positions.weight"],
    linears: [],
  });
});

Deno.test("missingBiases() are the biases that a folded norm's bias asks for", async () => {
  using gptj = await openGolden("gptj");
  const [first, , final] = normsWithReaders(gptj.spec);
  assertEquals(
    missingBiases(gptj, first!),
    ["q", "k", "v"].map((name) => `transformer.h.0.attn.${name}_proj.bias`),
  );
  assertEquals(missingBiases(gptj, final!), []);
  using mpt = await openGolden("mpt"); // its norms have no biases
  assertEquals(normsWithReaders(mpt.spec).flatMap((site) => missingBiases(mpt, site)), []);
  using gpt2 = await openGolden("gpt2");
  assertEquals(normsWithReaders(gpt2.spec).flatMap((site) => missingBiases(gpt2, site)), [
    "lm_head.bias",
  ]);
});

// Counts of a configuration that the checkpoint does not have: refused before anything of that size is made.

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { randomInputs } from "../../../lib/convert/inputs.ts";
import { inspect } from "../../../lib/convert/inspect.ts";
import type { Config } from "../../../lib/families/family.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { headsIn } from "../../../lib/families/settings.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";

/** Configurations with each number of one in the place of another. */
function* changed(config: Config, value: unknown): Generator<[key: string, config: Config]> {
  for (const [key, old] of Object.entries(config)) {
    if (typeof old === "number") yield [key, { ...config, [key]: value }];
    if (typeof old !== "object" || old === null || Array.isArray(old)) continue;
    for (const [inner, part] of changed(old as Config, value)) {
      yield [`${key}.${inner}`, { ...config, [key]: part }];
    }
  }
}

/** What is done with a folder before its tensors are read. */
function look(model: Model, config: Config): string {
  const made = describeModel(model.family, config, model.tensors);
  randomInputs(made, 0, 1);
  return JSON.stringify(inspect(made));
}

/** Keys that say how much of something a model has. */
const counts = [
  /(^|\.)(n_layers?|num_(hidden_)?layers|(en|de)coder_layers)$/,
  /(^|\.)(n_heads?|num(_attention|_key_value)?_heads|(en|de)coder_attention_heads)$/,
  /(^|\.)(n_embd|d_model|hidden_size|head_dim|image_size|patch_size|num_channels|num_mel_bins)$/,
];

for (const name of goldenNames) {
  Deno.test(`describeModel() refuses counts that ${name} does not have, and no other number makes it large`, async () => {
    using model = await openGolden(name);
    look(model, model.config);
    const refused = new Set<string>();
    for (const value of [100_003, 1e308, -1, 0.5, "3"]) {
      for (const [key, config] of changed(model.config, value)) {
        try {
          look(model, config);
        } catch (error) {
          assertInstanceOf(error, RangeError);
          const { message } = error as RangeError;
          assert(message.startsWith("Cannot ") && message.length < 500, message);
          if (value === 100_003) refused.add(key);
        }
      }
    }
    const keys = [...changed(model.config, 1)].map(([key]) => key);
    assert(keys.some((key) => counts[0]!.test(key)));
    const wanted = keys.filter((key) => counts.some((pattern) => pattern.test(key)));
    assertEquals(wanted.filter((key) => !refused.has(key)), []);
  });
}

/** Keys of the width of networks and of the number of places, which transformers would not load either. */
const sizes: readonly (readonly [name: string, key: string, right: string])[] = [
  ["gpt2", "n_positions", "24"],
  ["gpt2", "n_inner", "96"],
  ["gpt-neo", "max_position_embeddings", "24"],
  ["opt", "max_position_embeddings", "24 or 26"],
  ["opt", "ffn_dim", "48"],
  ["roberta", "max_position_embeddings", "14 or 16"],
  ["bart", "encoder_ffn_dim", "16"],
  ["bart", "decoder_ffn_dim", "16"],
  ["whisper", "max_target_positions", "16"],
  ["t5", "d_ff", "12"],
  ["distilbert", "hidden_dim", "32"],
  ["llama", "intermediate_size", "56"],
  ["phi3", "intermediate_size", "24"],
  ["modernbert", "intermediate_size", "24"],
];

for (const [name, key, right] of sizes) {
  Deno.test(`describeModel() refuses another ${key} of ${name}, and says which is right`, async () => {
    using model = await openGolden(name);
    const describe = (value: number) => () =>
      describeModel(model.family, { ...model.config, [key]: value }, model.tensors);
    const message =
      `with this config.json: ${key} is 17; if the checkpoint is right, it must be ${right}`;
    const error = assertThrows(describe(17), RangeError, message);
    assert(error.message.endsWith(right), error.message);
    for (const one of right.split(" or ")) describe(Number(one))();
  });
}

Deno.test("describeModel() takes what its images do not mean by intermediate_size", async () => {
  using model = await openGolden("dinov2");
  describeModel(model.family, { ...model.config, intermediate_size: 17 }, model.tensors);
});

Deno.test("describeModel() refuses tensors of other shapes than the configuration's, and names them", async () => {
  using model = await openGolden("gpt2");
  const shaped = (name: string, shape: readonly number[]): Model["tensors"] => ({
    names: model.tensors.names,
    has: (one) => model.tensors.has(one),
    rows: (one, first, count) => model.tensors.rows(one, first, count),
    info: (one) => one === name ? { dtype: "F32", shape } : model.tensors.info(one),
  });
  const cases = [
    ["transformer.wte.weight", [40, 17]],
    ["transformer.wpe.weight", [17]],
    ["transformer.h.1.ln_1.weight", [2 ** 40]],
    ["transformer.h.1.attn.c_attn.weight", [16, 47]],
    ["transformer.h.1.attn.c_attn.bias", [2 ** 40]],
    ["transformer.h.0.attn.c_proj.weight", [15, 16]],
    ["transformer.h.0.mlp.c_fc.weight", [17, 64]],
    ["transformer.h.0.mlp.c_proj.weight", [63, 16]],
    ["transformer.ln_f.bias", [1]],
  ] as const;
  for (const [name, shape] of cases) {
    assertThrows(
      () => describeModel(model.family, model.config, shaped(name, shape)),
      RangeError,
      `Cannot use ${name} of shape [${shape.join(", ")}] with this config.json`,
    );
  }
});

Deno.test("GPT-Neo's patterns of layers are not written out", async () => {
  using model = await openGolden("gpt-neo");
  const { attention_layers: _, ...config } = model.config;
  const depth = model.spec.stacks["decoder"]!.blocks.length;
  const described = (patterns: unknown, layers = depth): Model =>
    describeModel(
      model.family,
      { ...config, num_layers: layers, attention_types: patterns },
      model.tensors,
    );
  const windows = described([[["global", "local"], depth / 2]]).spec.stacks["decoder"]!
    .blocks
    .map(({ branches: [attention] }) => "window" in attention!.sublayer);
  assertEquals(windows, Array.from({ length: depth }, (_, index) => index % 2 === 1));
  for (
    const wrong of [5, [5], [[["global"], -1]], [[["global"], 0.5]], [["global", 2]], [[[], 2]]]
  ) {
    assertThrows(() => described(wrong), RangeError, "there must be one for each of");
  }
  assertThrows(() => described([[["global"], 1e9]], 1e9), RangeError, "the checkpoint has no ");
});

Deno.test("headsIn() divide their width, and are no more than fit into memory", () => {
  assertEquals(headsIn({ n_head: 4 }, ["n_head"], 64), 4);
  assertEquals(headsIn({ n_head: 2 ** 16 }, ["n_head"], 2 ** 16), 2 ** 16);
  for (const [heads, width] of [[5, 64], [128, 64], [2 ** 17, 2 ** 17], [0.5, 64]] as const) {
    assertThrows(
      () => headsIn({ n_head: heads }, ["n_head"], width),
      RangeError,
      `Cannot use n_head = ${heads} of config.json`,
    );
  }
});

Deno.test("describeModel() refuses heads of keys and values that do not divide those of queries", async () => {
  using llama = await openGolden("llama");
  const { family, config, tensors } = llama;
  const wide = {
    ...tensors,
    names: tensors.names,
    has: (name: string) => tensors.has(name),
    info: (name: string) => {
      const info = tensors.info(name);
      return /[kv]_proj/.test(name) ? { ...info, shape: [18, 24] } : info;
    },
    rows: tensors.rows.bind(tensors),
  };
  assertThrows(
    () => describeModel(family, { ...config, num_key_value_heads: 3 }, wide),
    RangeError,
    "Cannot use 3 heads of keys and values of config.json: they must divide the 4 heads of queries",
  );
});

// Models on disk, and what is said where there is none.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openModel, readConfig } from "../../../lib/families/open.ts";
import { saveModel } from "../../../lib/convert/save.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { goldenFolder, openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("openModel() opens a folder, and reads tensors until it is closed", async () => {
  const model = await openGolden("gpt2");
  assertEquals([model.family.id, model.path], ["gpt2", goldenFolder("gpt2")]);
  assertEquals((await readTensor(model.tensors, "transformer.ln_f.bias")).length, 24);
  model.close();
  model.close();
  await assertRejects(() => readTensor(model.tensors, "transformer.ln_f.bias"));
});

/** A run as `normkit train` leaves it. */
async function writeRun(path: string, residual: string): Promise<void> {
  const characters = "abcdefgh€";
  const { vocabulary: _, ...own } = small;
  await saveModel(`${path}.folder`, normkitModel({ ...small, residual }));
  await Deno.rename(`${path}.folder/model.safetensors`, `${path}.safetensors`);
  const manifest = { settings: { model: { ...own, residual } }, corpus: { characters } };
  await Deno.writeTextFile(`${path}.json`, JSON.stringify(manifest));
}

Deno.test("openModel() opens a run of normkit train, whose vocabulary is its text's characters", async () => {
  await inFolder(async (folder) => {
    await writeRun(`${folder}/pre-ln+gpas`, "pre-ln+gpas");
    using model = await openModel(`${folder}/pre-ln+gpas`);
    assertEquals(model.config["vocabulary"], 9);
    assertEquals(model.config["characters"], "abcdefgh€");
    const expected = normkitModel({ ...small, residual: "pre-ln+gpas" }).spec;
    assertEquals(JSON.stringify(model.spec), JSON.stringify(expected));
    const { checkpoint } = await readConfig(`${folder}/pre-ln+gpas`);
    assertEquals(checkpoint, `${folder}/pre-ln+gpas.safetensors`);
  });
});

Deno.test("openModel() says where it looked for a model", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/nothing`;
    const message =
      `Cannot find a model at ${path}: there is no ${path}/config.json and no run ${path}.json`;
    assertEquals((await assertRejects(() => openModel(path), RangeError)).message, message);
    // a file is no folder either
    await Deno.writeTextFile(path, "");
    assertEquals(
      (await assertRejects(() => openModel(path), RangeError)).message,
      `${message}; it is a file; give the folder that it is in`,
    );
  });
});

Deno.test("openModel() of a run's folder or of one of its files says how the run is named", async () => {
  await inFolder(async (folder) => {
    await writeRun(`${folder}/pre-ln`, "pre-ln");
    await Deno.remove(`${folder}/pre-ln.folder`, { recursive: true });
    const said = async (path: string): Promise<string> =>
      (await assertRejects(() => openModel(path), RangeError)).message.split("; ").slice(1).join(
        "; ",
      );
    assertEquals(await said(folder), 'there are models in it: "pre-ln"');
    for (const ending of ["json", "safetensors"]) {
      assertEquals(
        await said(`${folder}/pre-ln.${ending}`),
        `it is a file of a run; give ${folder}/pre-ln`,
      );
    }
  });
});

Deno.test("openModel() refuses a manifest that is none, and a configuration that is no object", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/run.json`, '{"settings": {}}');
    const { message } = await assertRejects(() => openModel(`${folder}/run`), RangeError);
    assertEquals(message, `Cannot read ${folder}/run.json: it is not the manifest of a run`);
    await Deno.writeTextFile(`${folder}/config.json`, "[]");
    const wrong = await assertRejects(() => openModel(folder), SyntaxError);
    assertEquals(wrong.message, `Cannot read ${folder}/config.json: it is not a JSON object`);
  });
});

Deno.test("openModel() of a folder without weights, or with a configuration that is not described, leaves nothing open", async () => {
  await inFolder(async (folder) => {
    await Deno.copyFile(`${goldenFolder("gpt2")}/config.json`, `${folder}/config.json`);
    await assertRejects(() => openModel(folder), Deno.errors.NotFound, "neither model.safetensors");
    await Deno.copyFile(`${goldenFolder("gpt2")}/model.safetensors`, `${folder}/model.safetensors`);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
    await Deno.writeTextFile(
      `${folder}/config.json`,
      JSON.stringify({ ...config, add_cross_attention: true }),
    );
    // --trace-leaks and the resource sanitizer see a file that stays open
    await assertRejects(() => openModel(folder), RangeError, "cross-attention of GPT-2");
  });
});

/** Settings that a family knows and does not describe, with what it says. */
const refusals:
  readonly (readonly [name: string, change: Record<string, unknown>, words: string])[] = [
    ["gpt2", { activation_function: "mish" }, "activation_function"],
    ["gpt2", { n_head: 0 }, "a whole number ≥ 1"],
    ["bert", { position_embedding_type: "relative_key" }, 'only "absolute" is described'],
    ["roberta", { add_cross_attention: true }, "cross-attention is not described"],
    [
      "bloom",
      { apply_residual_connection_post_layernorm: true },
      "shortcuts start behind the norms",
    ],
    ["mpt", { attn_config: { alibi: false } }, "MPT with learned positions"],
    ["llama", { rope_scaling: { rope_type: "mrope" } }, "it must be one of default, linear"],
    ["gemma", { use_bidirectional_attention: true }, "only causal decoders"],
    ["falcon-new", { parallel_attn: false }, "the new architecture is described with true only"],
    ["falcon-rounded", { alibi_dtype: "float16" }, "it must be float32 or bfloat16"],
    ["phimoe", { rope_parameters: { rope_type: "yarn", short_mscale: 1.2 } }, "be short_mscale"],
    ["phimoe", { num_local_experts: 1 }, "it must be 2 … 4096"],
    ["exaone4", { layer_types: null, sliding_window_pattern: "LLLG" }, "it must be a number"],
    ["gpt-neo", { attention_layers: ["global"] }, "there must be one for each of 4 layers"],
  ];

for (const [name, change, words] of refusals) {
  Deno.test(`openModel() refuses ${name} with ${JSON.stringify(change)}`, async () => {
    using model = await openGolden(name);
    const describe = () =>
      model.family.describe({ ...model.config, ...change }, (tensor) => model.tensors.has(tensor));
    assertThrows(describe, RangeError, words);
  });
}

Deno.test("describe() of DINOv2 without ε takes its own standard, not ViT's", async () => {
  const epsOf = async (name: string): Promise<number> => {
    using model = await openGolden(name);
    const { layer_norm_eps: _, ...config } = model.config;
    return model.family.describe(config, () => true).stacks["vision"]!.final!.eps;
  };
  assertEquals([await epsOf("vit"), await epsOf("deit")], [1e-12, 1e-12]);
  assertEquals([await epsOf("dinov2"), await epsOf("dinov2-with-registers")], [1e-6, 1e-6]);
});

Deno.test("describe() of Qwen2, Mistral and others gives windows to the layers that have them", async () => {
  const windows = async (name: string, change: Record<string, unknown>) => {
    using model = await openGolden(name);
    const { stacks } = model.family.describe({ ...model.config, ...change }, () => true);
    return stacks["decoder"]!.blocks.map(({ branches: [first] }) =>
      first!.sublayer.kind === "attention" ? first!.sublayer.window : null
    );
  };
  assertEquals(await windows("mistral", {}), [5, 5]);
  assertEquals(await windows("mistral", { sliding_window: null }), [undefined, undefined]);
  assertEquals(await windows("qwen2", { sliding_window: 4 }), [undefined, undefined]);
  const asked = { sliding_window: 4, use_sliding_window: true };
  assertEquals(
    await windows("qwen2", { ...asked, layer_types: ["full_attention", "sliding_attention"] }),
    [undefined, 4],
  );
  assertEquals(await windows("qwen2", { ...asked, layer_types: undefined }), [
    undefined,
    undefined,
  ]);
  assertEquals(await windows("qwen2", { ...asked, layer_types: undefined, max_window_layers: 1 }), [
    undefined,
    4,
  ]);
  for (const every of [1, 2, 3]) {
    const listed = { layer_types: undefined, sliding_window_pattern: every };
    const expected = [every > 1 ? 5 : undefined, every > 2 ? 5 : undefined];
    assertEquals(await windows("exaone4", listed), expected);
    assertEquals(await windows("cohere2", listed), expected);
  }
  assertEquals(await windows("olmo3", { layer_types: undefined }), [5, 5]);
  assertEquals(await windows("gemma2", { layer_types: undefined }), [5, undefined]);
  assertEquals(await windows("exaone4", { sliding_window_pattern: "LLLG" }), [5, undefined]);
  assertEquals(await windows("exaone4", { sliding_window: null }), [undefined, undefined]);
});

Deno.test("describe() of EXAONE 4 turns all heads where no layer has a window, and else those with one", async () => {
  using model = await openGolden("exaone4");
  const turning = (change: Record<string, unknown>): boolean[] => {
    const { stacks } = model.family.describe({ ...model.config, ...change }, () => true);
    return stacks["decoder"]!.blocks.map(({ branches: [first] }) =>
      first!.sublayer.kind === "attention" && first!.sublayer.rotary !== undefined
    );
  };
  assertEquals(turning({}), [true, false]);
  assertEquals(turning({ sliding_window: null }), [true, true]);
});

Deno.test("readConfig() refuses a configuration that is no file, too long or too deep", () =>
  inFolder(async (folder) => {
    const path = `${folder}/config.json`;
    await Deno.writeTextFile(
      path,
      `{"model_type":"gpt2","x":${"[".repeat(1e5)}${"]".repeat(1e5)}}`,
    );
    await assertRejects(() => readConfig(folder), SyntaxError, "more than 127 levels of arrays");
    await Deno.truncate(path, 2 ** 40); // sparse
    await assertRejects(() => readConfig(folder), RangeError, "it has more than 4000000 bytes");
    await Deno.remove(path);
    await Deno.mkdir(path);
    await assertRejects(
      () => readConfig(folder),
      RangeError,
      `Cannot read ${path}: it is a folder, and must be a regular file`,
    );
  }));

Deno.test("openModel() refuses a manifest whose variant is no id", async () => {
  await inFolder(async (folder) => {
    await writeRun(`${folder}/run`, "pre-ln");
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/run.json`));
    for (const residual of [null, [], {}, 3, true]) {
      manifest.settings.model.residual = residual;
      await Deno.writeTextFile(`${folder}/run.json`, JSON.stringify(manifest));
      const { message } = await assertRejects(() => openModel(`${folder}/run`), RangeError);
      assertEquals(
        message,
        `Cannot read ${folder}/run.json: its variant must be an id, and is ${
          JSON.stringify(residual)
        }`,
      );
    }
  });
});

// modeling.json is enough to compute a model, and MODELING.md says the same.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { convert, type Target } from "../../../lib/convert/convert.ts";
import { modelingDescription, modelingText, saveModeling } from "../../../lib/export/mod.ts";
import { gateFormulas } from "../../../lib/export/modeling_formulas.ts";
import type { Model } from "../../../lib/families/model.ts";
import type { GateActivation } from "../../../lib/kernels/contract.ts";
import { gates } from "../../../lib/kernels/gate.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { transformerModel } from "../../../lib/families/own_model.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { transformer } from "../../../lib/transformer/kinds.ts";
import { otherVariants, outputsOf } from "../../support/golden_models.ts";
import { normkitModel, small, smallTokens } from "../../support/normkit_model.ts";
import { onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { kindCases } from "../../support/transformer_cases.ts";
import { expectedOf, inFolder, openGolden } from "./golden.ts";
import { computeLogits } from "./modeling_interpreter.ts";

/** The logits that a reader of nothing but modeling.json and the tensors in it computes. */
async function read(model: Model, tokens: readonly number[]): Promise<number[]> {
  const modeling = JSON.parse(JSON.stringify(modelingDescription(model)));
  const tensors: Record<string, Float64Array> = {};
  for (const name of Object.keys(modeling.tensors)) {
    tensors[name] = await readTensor(model.tensors, name);
  }
  return computeLogits(modeling, tensors, tokens);
}

/** Models, and what they are converted to. */
const cases: Readonly<Record<string, readonly Target[]>> = {
  ...Object.fromEntries(
    [
      "gpt2",
      "opt",
      "gpt-neo",
      "gpt-neox",
      "gptj",
      "bloom",
      "falcon",
      "falcon-new",
      "falcon-rounded",
      "olmo-tied",
      "cohere",
      "phimoe",
    ]
      .map((name) => [name, ["pre-rmsnorm", "pre-crmsnorm", "pre-ln"] as const]),
  ),
  ...Object.fromEntries(
    ["llama", "mistral", "qwen3", "gemma", "mixtral", "qwen2-moe", "qwen3-moe", "olmoe"].map((
      name,
    ) => [name, ["weightless"] as const]),
  ),
  "opt-narrow": ["pre-rmsnorm", "pre-crmsnorm", "pre-ln"],
  ...Object.fromEntries(
    Object.keys(otherVariants)
      .filter((name) =>
        !["bart", "data2vec-audio", "marian", "plbart", "wav2vec2-post"].includes(name)
      )
      .map((name) => [name, []]),
  ),
};

for (const [name, targets] of Object.entries(cases)) {
  Deno.test(`modelingDescription() of ${name} is enough to compute its logits`, async () => {
    using source = await openGolden(name);
    const expected = await expectedOf(name);
    const tokens = [...expected["tokens"]!.values];
    const { values } = expected["logits"]!;
    // transformers computes rotary angles and RMSNorms in float32
    assertClose(await read(source, tokens), values, 1e-6, name);
    for (const to of targets) {
      assertClose(await read(convert(source, { to }), tokens), values, 1e-6, `${name} ${to}`);
    }
  });
}

for (const id of residuals.flatMap(({ id }) => [id, `${id}+gpas`, `${id}+gpas-tanh-site`])) {
  Deno.test(`modelingDescription() of a ${id} decoder is enough to compute its logits`, async () => {
    for (const norm of ["layer", "rms", "crms"] as const) {
      const model = normkitModel({ ...small, depth: 5, residual: id, norm });
      const { logits } = await outputsOf(float64, model, { tokens: smallTokens });
      assertClose(await read(model, smallTokens), logits!.values, 1e-10, `${id} with ${norm}`);
    }
  });
}

Deno.test("modelingDescription() names what is there, and explains each word that occurs", async () => {
  using source = await openGolden("falcon-new");
  const { tensors, stacks, formulas, format, family } = modelingDescription(
    convert(source, { to: "pre-rmsnorm" }),
  );
  assertEquals([format, family], [1, "falcon"]);
  assertEquals(Object.keys(formulas).sort(), [
    "activation/gelu",
    "attention",
    "block/parallel",
    "entry/tokens",
    "feedForward/plain",
    "head/all",
    "layout/out-in",
    "norm/rms",
    "order/groups",
    "rotary/half",
  ]);
  type Blocks = { blocks: { branches: { norms: unknown; joins: unknown }[] }[] };
  const [first] = (stacks["decoder"] as unknown as Blocks).blocks[0]!.branches;
  assertEquals(first!.norms, { input: { kind: "rms", eps: 0.001 } });
  assertEquals(first!.joins, ["x ← x + F(input(x))"]);
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    assertEquals([dtype, shape.length > 0], ["F32", true], name);
  }
});

Deno.test("modelingText() groups equal layers, and lists every tensor and formula", async () => {
  using source = await openGolden("gpt-neo");
  const spec = modelingDescription(convert(source, { to: "pre-rmsnorm" }));
  const text = modelingText(spec);
  assertStringIncludes(text, "### Layer l = 0\n"); // local and global layers alternate
  assertStringIncludes(text, "### Layer l = 3\n");
  assertStringIncludes(text, "`transformer.h.{l}.attn.attention.q_proj.weight`");
  for (const [name, { shape }] of Object.entries(spec.tensors)) {
    assertStringIncludes(text, `| \`${name}\` | F32 | [${shape.join(", ")}] |`);
  }
  for (const [name, lines] of Object.entries(spec.formulas)) {
    assertStringIncludes(text, `**${name}**\n\n\`\`\`\n${lines.join("\n")}\n\`\`\``);
  }
  using other = await openGolden("llama");
  assertStringIncludes(modelingText(modelingDescription(other)), "### Layers l = 0 … 1\n");
});

Deno.test("modelingDescription() says which rows experts act on, and what a stream of two parts is", () =>
  onBackend("cpu", async () => {
    const { config } = kindCases["image-text"]!;
    const parameters = drawStarts(transformer(config).starts, 1);
    const description = modelingDescription(await transformerModel(parameters, config));
    disposeTree(parameters);
    const { stacks, formulas } = JSON.parse(JSON.stringify(description));
    const { entry, blocks } = stacks.encoder;
    const kinds = ["patches-and-tokens", "patches", "tokens"];
    assertEquals([entry, entry.patches, entry.tokens].map(({ kind }) => kind), kinds);
    const rows = blocks[0].branches.map((branch: { rows?: string }) => branch.rows);
    assertEquals(rows, [undefined, "patches", "tokens"]);
    for (const word of [...kinds.map((kind) => `entry/${kind}`), "block/rows", "head/tokens"]) {
      assert(formulas[word].length > 0, word);
    }
  }));

Deno.test("modelingDescription() covers encoders, their formulas too", async () => {
  for (const name of ["vit", "deit", "dinov2", "dinov2-with-registers", "clip", "whisper"]) {
    using source = await openGolden(name);
    const { formulas, tensors } = modelingDescription(convert(source, { to: "pre-rmsnorm" }));
    assert(Object.keys(tensors).length > 20, name);
    for (const [word, lines] of Object.entries(formulas)) {
      assert(lines.length > 0 && lines.every((line) => line !== ""), `${word} of ${name}`);
    }
  }
});

Deno.test("saveModeling() writes both files, and over none", () =>
  inFolder(async (folder) => {
    using source = await openGolden("llama");
    assertEquals(await saveModeling(folder, source), ["modeling.json", "MODELING.md"]);
    const stored = JSON.parse(await Deno.readTextFile(`${folder}/modeling.json`));
    assertEquals(stored, JSON.parse(JSON.stringify(modelingDescription(source))));
    assertEquals(await Deno.readTextFile(`${folder}/MODELING.md`), modelingText(stored));
    await assertRejects(
      () => saveModeling(folder, source),
      RangeError,
      "already has modeling.json",
    );
  }));

Deno.test("the formula of a gate gives the factor of each of its functions", () => {
  for (const [activation, { value }] of Object.entries(gates)) {
    const [line] = gateFormulas[activation as GateActivation];
    const term = /^g = (.*)$/.exec(line!)![1]!.replaceAll("−", "-").replaceAll("·", "*");
    const factor = new Function("gate", "exp", "max", "tanh", `return ${term};`);
    for (const gate of [-2, -0.3, 0, 0.4, 1.5]) {
      const found = factor(gate, Math.exp, Math.max, Math.tanh);
      assertAlmostEquals(found, 1 - value(gate), 1e-12, `${activation} of ${gate}`);
    }
  }
});

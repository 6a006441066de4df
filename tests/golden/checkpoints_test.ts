// Every family against transformers: the forward pass in float64 and float32, and every conversion against its source. The numbers
// in the golden folders are transformers' own, in float64.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { convert, type ConvertOptions, targets } from "../../lib/convert/convert.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { configText, parseConfig } from "../../lib/families/config_text.ts";
import { describeModel, type Model } from "../../lib/families/model.ts";
import { float32 } from "../../lib/interpret/float32.ts";
import { float64 } from "../../lib/interpret/float64.ts";
import { onEachBackend } from "../support/backends.ts";
import {
  assertOutputs,
  convertibleNames,
  type Golden,
  goldenNames,
  goldenOf,
  impossible,
  openGolden,
  otherVariants,
  type Outputs,
  outputsOf,
  rmsNormNames,
} from "../support/golden_models.ts";
import { tolerance, toleranceInFloat64 } from "../support/tolerances.ts";

const ways: readonly Required<ConvertOptions>[] = targets.flatMap((to) =>
  (["untie", "keep"] as const).map((tied) => ({ to, tied }))
);

const textOf = ({ to, tied }: Required<ConvertOptions>): string => `${to}, tied: ${tied}`;

/** The outputs of transformers that the heads give. */
function headsOf({ expected }: Golden): Outputs {
  const entries = Object.entries(expected).filter(([key]) =>
    /(logits|embeds|states|vision)$/.test(key)
  );
  return Object.fromEntries(entries);
}

/** The final norms that transformers gives, by stack. */
function finalsOf({ expected }: Golden): Outputs {
  const stacks = { hidden: "vision", memory: "encoder", text_hidden: "text" } as const;
  const entries = Object.entries(stacks).flatMap(([key, stack]) =>
    expected[key] === undefined ? [] : [[stack, expected[key]] as const]
  );
  return Object.fromEntries(entries);
}

const headless = ({ spec, tensors }: Model) => ({
  spec: { ...spec, heads: [] },
  tensors,
});

/** The families that have RMSNorms, by the first word of their models. */
const rmsFamilies: Readonly<Record<string, string>> = {
  eurobert: "EuroBERT",
  gemma: "Gemma",
  glm: "GLM-4",
  helium: "Helium",
  llama: "Llama",
  mistral: "Mistral",
  mixtral: "Mixtral",
  olmoe: "OLMoE",
  phi3: "Phi-3",
  seed: "Seed-OSS",
  smollm3: "SmolLM3",
  qwen2: "Qwen2",
  "qwen2-moe": "Qwen2 MoE",
  "qwen3-moe": "Qwen3 MoE",
  qwen3: "Qwen3",
  mt5: "mT5",
  t5: "T5",
};

/** Models whose head is the token table behind a map of its own. */
const tablesBehindMaps: Readonly<Record<string, string>> = {
  "esm": "esm.embeddings.word_embeddings.weight",
  "megatron-bert": "bert.embeddings.word_embeddings.weight",
  "xlm-roberta-xl": "roberta.embeddings.word_embeddings.weight",
};

/** Models whose head is the token table, with its name and whether the norm before it has parameters. */
const tables: Readonly<Record<string, readonly [table: string, bound: boolean]>> = {
  "biogpt": ["biogpt.embed_tokens.weight", true],
  "blenderbot": ["model.shared.weight", true],
  "gpt-bigcode": ["transformer.wte.weight", true],
  "m2m-100": ["model.shared.weight", true],
  "mbart": ["model.shared.weight", true],
  "pegasus": ["model.shared.weight", true],
  "xglm": ["model.embed_tokens.weight", true],
  "bloom": ["transformer.word_embeddings.weight", true],
  "cohere": ["model.embed_tokens.weight", true],
  "cohere-norms": ["model.embed_tokens.weight", true],
  "cohere2": ["model.embed_tokens.weight", true],
  "smollm3": ["model.embed_tokens.weight", true],
  "mt5": ["shared.weight", true],
  "t5": ["shared.weight", true],
  "t5-gated": ["shared.weight", true],
  "starcoder2": ["model.embed_tokens.weight", true],
  "falcon": ["transformer.word_embeddings.weight", true],
  "falcon-rounded": ["transformer.word_embeddings.weight", true],
  "falcon-alibi": ["transformer.word_embeddings.weight", true],
  "falcon-new": ["transformer.word_embeddings.weight", true],
  "gemma": ["model.embed_tokens.weight", true],
  "gemma2": ["model.embed_tokens.weight", true],
  "gemma3": ["model.embed_tokens.weight", true],
  "gpt-neo": ["transformer.wte.weight", true],
  "gpt2": ["transformer.wte.weight", true],
  "mpt": ["transformer.wte.weight", true],
  "olmo-tied": ["model.embed_tokens.weight", false],
  "opt": ["model.decoder.embed_tokens.weight", true],
  "qwen3": ["model.embed_tokens.weight", true],
  "whisper": ["model.decoder.embed_tokens.weight", true],
};

const variantRefusals: Readonly<Record<string, string>> = {
  "Post-LN":
    "its norms stand behind the additions (Post-LN), so that the stream itself is normalized and what writes to it cannot be " +
    "centered once and for all",
  "Sandwich-LN":
    "it has norms behind its branches (Sandwich-LN), whose gains keep their output from having mean 0",
  "Res-Post-Norm":
    "its branches read the stream without a norm (Res-Post-Norm), and so see its mean and its size",
};

/** Families of which some gains fold and others stay, by their models. */
const partlyFoldedFamilies: Readonly<Record<string, string>> = {
  exaone4: "EXAONE 4",
  gemma2: "Gemma 2",
  gemma3: "Gemma 3",
  glm4: "GLM-4 0414",
  olmo2: "OLMo-2",
  olmo3: "OLMo-3",
};

/** Why a golden model cannot be converted in a way, if it cannot. */
function refusalOf(name: string, { to, tied }: Required<ConvertOptions>): string | undefined {
  const label = rmsNormNames.includes(name)
    ? rmsFamilies[name] ?? rmsFamilies[name.split("-")[0]!]
    : undefined;
  if (label !== undefined && to !== "weightless") {
    return `Cannot center a ${label} model: it has RMSNorms, which see the mean of the stream; its gains can be folded ` +
      '(to "weightless")';
  }
  const partly = partlyFoldedFamilies[name];
  if (partly !== undefined && to !== "weightless") {
    return `Cannot convert this ${partly} model: ${variantRefusals[otherVariants[name]!]}`;
  }
  const [closed, why] = impossible[name] ?? [];
  if (closed?.includes(to)) return why;
  const [table, bound] = tables[name] ?? [tablesBehindMaps[name], false];
  const isMoved = bound
    ? to === "weightless" || to === "pre-crmsnorm"
    : to === "pre-crmsnorm" && tablesBehindMaps[name] !== undefined;
  return tied === "keep" && isMoved
    ? `Cannot keep ${table} as the matrix of the head in a conversion to ${to}: the norm before it, or the mean of the table, ` +
      'has to go into a matrix of its own; use tied = "untie"'
    : undefined;
}

/** The ways in which a golden model can be converted. */
const possible = (name: string): Required<ConvertOptions>[] =>
  convertibleNames.includes(name) ? ways.filter((way) => refusalOf(name, way) === undefined) : [];

Deno.test("each golden checkpoint has its line in make_checkpoints.py, and conversions act on most", async () => {
  const script = await Deno.readTextFile(`${checkout}/tests/golden/make_checkpoints.py`);
  const [, cases = ""] = /\nCASES = \{\n(.*?)\n\}\n/s.exec(script) ?? [];
  const made = [...cases.matchAll(/^ {4}"([^"]+)": \(/gm)].map(([, name]) => name!);
  assertEquals(goldenNames, made.toSorted());
  for (const name of convertibleNames) assert(possible(name).length > 0, name);
});

for (const name of goldenNames) {
  Deno.test(`runModel() of ${name} is transformers' in float64`, async () => {
    using model = await openGolden(name);
    const golden = await goldenOf(name);
    const [heads, finals] = [headsOf(golden), finalsOf(golden)];
    assert(Object.keys(heads).length > 0);
    const limit = toleranceInFloat64(
      name === "bloom"
        ? "BLOOM of transformers"
        : name === "marian"
        ? "Marian of transformers"
        : "model of transformers",
    );
    assertOutputs(await outputsOf(float64, model, golden.inputs), heads, limit, name);
    const bare = await outputsOf(float64, headless(model), golden.inputs);
    assertOutputs(bare, finals, limit, name);
  });
}

for (const name of convertibleNames) {
  Deno.test(`convert() of ${name} equals its source in float64, also when it is read again`, async () => {
    using model = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const expected = await outputsOf(float64, model, inputs);
    for (const way of possible(name)) {
      const made = convert(model, way);
      const outputs = await outputsOf(float64, made, inputs);
      assertOutputs(outputs, expected, toleranceInFloat64("conversion"), textOf(way));
      const config = parseConfig(configText(made.config), "config.json");
      const again = describeModel(made.family, config, made.tensors);
      assertEquals(again.spec, made.spec, textOf(way));
    }
  });
}

onEachBackend("runModel() of every golden model is transformers' in float32", async (backend) => {
  for (const name of goldenNames) {
    using model = await openGolden(name);
    const golden = await goldenOf(name);
    const outputs = await outputsOf(float32(), model, golden.inputs);
    assertOutputs(outputs, headsOf(golden), tolerance(backend, "model"), name);
  }
});

onEachBackend("convert() of every golden model equals its source in float32", async (backend) => {
  for (const name of convertibleNames) {
    using model = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const expected = await outputsOf(float32(), model, inputs);
    for (const way of possible(name)) {
      const outputs = await outputsOf(float32(), convert(model, way), inputs);
      const what = `${name}, ${textOf(way)}`;
      assertOutputs(outputs, expected, tolerance(backend, "conversion"), what);
    }
  }
});

Deno.test("convert() refuses what it cannot do to golden models with a sentence that says why", async () => {
  for (const name of convertibleNames) {
    using model = await openGolden(name);
    for (const way of ways) {
      const refusal = refusalOf(name, way);
      if (refusal === undefined) continue;
      const { message } = assertThrows(() => convert(model, way), RangeError, undefined, name);
      assertEquals(message, refusal);
    }
  }
});

for (const name of goldenNames.filter((name) => otherVariants[name] === "Post-LN")) {
  Deno.test(`convert() refuses ${name} in every way, because it is Post-LN`, async () => {
    using model = await openGolden(name);
    const { label } = model.family;
    for (const way of ways) {
      const expected = way.to === "weightless"
        ? `Cannot fold norms of this ${label} model: its norms stand behind the additions (Post-LN), so that gains and biases are ` +
          "those of the stream itself, which shortcuts carry on"
        : `Cannot convert this ${label} model: ${variantRefusals["Post-LN"]}`;
      assertEquals(assertThrows(() => convert(model, way), RangeError).message, expected);
    }
  });
}

Deno.test("convert() leaves the table of a tied head what it is where it can", async () => {
  for (const [name, [table, bound]] of Object.entries(tables)) {
    using model = await openGolden(name);
    assertEquals(model.spec.heads.map(({ linear }) => linear.weight), [table], name);
    for (const way of possible(name)) {
      const weights = convert(model, way).spec.heads.map(({ linear }) => linear.weight);
      const isKept = way.tied === "keep" || !bound || way.to === "pre-ln";
      assertEquals(weights.join() === table, isKept, `${name}, ${textOf(way)}: ${weights}`);
    }
  }
});

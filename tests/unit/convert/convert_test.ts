// Conversions of whole models: round trips, repetition, tied heads, and what is refused.

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  convert,
  type ConvertOptions,
  isCentered,
  streamNorm,
  type Target,
  targets,
} from "../../../lib/convert/convert.ts";
import { randomInputs } from "../../../lib/convert/inputs.ts";
import { normsWithReaders } from "../../../lib/convert/readers_and_writers.ts";
import type { DecoderConfig } from "../../../lib/decoder/config.ts";
import { configText, parseConfig } from "../../../lib/families/config_text.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import type { ModelInputs } from "../../../lib/interpret/inputs.ts";
import { assertClose } from "../../support/close.ts";
import { editedTensors } from "../../support/edited_tensors.ts";
import {
  assertOutputs,
  goldenOf,
  layerNormNames,
  openGolden,
  outputsOf,
  preLnNames,
  rmsNormNames,
} from "../../support/golden_models.ts";
import { normkitModel, small, smallTokens } from "../../support/normkit_model.ts";
import { changedModel, numbersIn, vectorIn } from "../../support/tensor_rows.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("conversion");

/** The model as it is after its configuration was written and read. */
function reread({ family, config, tensors }: Model): Model {
  return describeModel(family, parseConfig(configText(config), "config.json"), tensors);
}

/** Requires the same outputs in float64. */
async function assertSame(
  made: Model,
  source: Model,
  inputs: ModelInputs,
  what: string,
): Promise<void> {
  const expected = await outputsOf(float64, source, inputs);
  assertOutputs(await outputsOf(float64, made, inputs), expected, limit, what);
}

const loop: readonly Target[] = [
  "pre-rmsnorm",
  "pre-crmsnorm",
  "pre-rmsnorm",
  "pre-ln",
  "pre-crmsnorm",
  "pre-ln",
  "weightless",
  "pre-crmsnorm",
  "weightless",
];

for (const name of layerNormNames) {
  Deno.test(`convert() of ${name} from form to form and back keeps the outputs`, async () => {
    using source = await openGolden(name);
    const { inputs } = await goldenOf(name);
    let model: Model = source;
    const walked: Target[] = [];
    for (const to of loop) {
      walked.push(to);
      model = reread(convert(model, { to }));
      await assertSame(model, source, inputs, walked.join(" → "));
    }
  });
}

const norms: Readonly<Record<Target, string>> = {
  "pre-ln": "layer",
  "pre-rmsnorm": "rms",
  "pre-crmsnorm": "crms",
  "weightless": "layer",
};

for (const to of targets) {
  Deno.test(`convert() to ${to} leaves ${norms[to]} norms, and no parameters but units`, async () => {
    using source = await openGolden("opt");
    const made = convert(source, { to });
    assertEquals(streamNorm(made), norms[to]);
    assertEquals(isCentered(made), to !== "weightless" && to !== "pre-ln");
    const sites = normsWithReaders(made.spec);
    assertEquals(new Set(sites.map(({ norm }) => norm.kind)), new Set([norms[to]]));
    for (const { norm, final } of sites) {
      const own = [norm.gain, norm.bias].filter((name) => made.tensors.has(name));
      if (to !== "pre-ln") assertEquals(own, []);
      else if (!final) { // the final one's bias has no place in a tied head
        const numbers = await Promise.all(own.map((name) => vectorIn(made.tensors, name)));
        assertEquals(numbers.map((values) => new Set(values)), [new Set([1]), new Set([0])]);
      }
    }
  });
}

const ways: readonly Required<ConvertOptions>[] = targets.flatMap((to) =>
  (["untie", "keep"] as const).map((tied) => ({ to, tied }))
);

/** A conversion, or nothing where it is refused. */
function attempt(model: Model, way: ConvertOptions): Model | undefined {
  try {
    return convert(model, way);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

for (const name of preLnNames) {
  Deno.test(`convert() of ${name} twice is convert() once`, async () => {
    using source = await openGolden(name);
    let conversions = 0;
    for (const way of ways) {
      const once = attempt(source, way);
      if (once === undefined) continue;
      const twice = convert(reread(once), way);
      assertEquals(twice.spec, once.spec);
      assertEquals(configText(twice.config), configText(once.config));
      const before = await numbersIn(once.tensors);
      const after = await numbersIn(twice.tensors);
      assertEquals([...after.keys()], [...before.keys()]);
      for (const [tensor, numbers] of before) {
        const what = `${tensor} of ${way.to}, tied: ${way.tied}`;
        // only a stream that a LayerNorm centers anew is centered anew; elsewhere nothing is left to do
        const isExact = way.to !== "pre-ln" || isCentered(once);
        const most = isExact ? 0 : toleranceInFloat64("sum of many");
        assertClose(after.get(tensor)!, numbers, most, what);
      }
      conversions++;
    }
    assert(conversions >= (layerNormNames.includes(name) ? 4 : 1), `${conversions} conversions`);
  });
}

Deno.test("convert() to pre-ln has the tensors of the source", async () => {
  for (const name of layerNormNames) {
    using source = await openGolden(name);
    const made = convert(source, { to: "pre-ln" });
    const added = made.tensors.names.filter((tensor) => !source.tensors.has(tensor));
    assertEquals(added, [], name);
    assertEquals(source.tensors.names.filter((tensor) => !made.tensors.has(tensor)), [], name);
    for (const tensor of source.tensors.names) {
      assertEquals(made.tensors.info(tensor).shape, source.tensors.info(tensor).shape, tensor);
    }
  }
});

Deno.test("convert() back from a kept table has the tensors of the source", async () => {
  using source = await openGolden("gpt2");
  const { inputs } = await goldenOf("gpt2");
  const kept = convert(source, { to: "pre-rmsnorm", tied: "keep" });
  assert(kept.spec.stacks["decoder"]!.recenter);
  const back = convert(reread(kept), { to: "pre-ln" });
  assertEquals(back.tensors.names.toSorted(), source.tensors.names.toSorted());
  assertEquals(back.spec.heads, source.spec.heads);
  await assertSame(back, source, inputs, "back");
  const narrow = convert(reread(kept), { to: "pre-crmsnorm" });
  await assertSame(reread(narrow), source, inputs, "compressed");
});

Deno.test("convert() from a kept table without gains before the head gives the head its own matrix where it has to", async () => {
  using source = await openGolden("olmo-tied");
  const { inputs } = await goldenOf("olmo-tied");
  const table = "model.embed_tokens.weight";
  const weightOf = ({ spec }: Model): string => spec.heads[0]!.linear.weight;
  const kept = reread(convert(source, { to: "pre-rmsnorm", tied: "keep" }));
  // the mean of the table is still there, which d − 1 values cannot hold
  const narrow = reread(convert(kept, { to: "pre-crmsnorm" }));
  assertEquals([weightOf(kept), weightOf(narrow)], [table, "lm_head.weight"]);
  await assertSame(narrow, source, inputs, "compressed");
  assertThrows(
    () => convert(kept, { to: "pre-crmsnorm", tied: "keep" }),
    RangeError,
    `Cannot keep ${table} as the matrix of the head in a conversion to pre-crmsnorm`,
  );
  // where it was centered from the start, it serves both ends
  const centered = reread(convert(source, { to: "pre-crmsnorm", tied: "keep" }));
  assertEquals(weightOf(centered), table);
  await assertSame(centered, source, inputs, "compressed at once");
});

Deno.test("convert() to pre-ln unties no head: engines may give other parts their own table then, such as an encoder", async () => {
  using source = await openGolden("mpt"); // its norms have no biases that would have to go somewhere
  const weightOf = (tied: "untie" | "keep"): string =>
    convert(source, { to: "pre-ln", tied }).spec.heads[0]!.linear.weight;
  assertEquals(weightOf("untie"), "transformer.wte.weight");
  assertEquals(weightOf("keep"), "transformer.wte.weight");
});

Deno.test("convert() of a tied head that keeps its table leaves the norm before it, and no other", async () => {
  using source = await openGolden("gpt2");
  const { tensors } = convert(source, { to: "pre-rmsnorm", tied: "keep" });
  const table = "transformer.wte.weight";
  assertEquals(await vectorIn(tensors, table), await vectorIn(source.tensors, table));
  const norms = tensors.names.filter((name) => /\.ln_/.test(name));
  assertEquals(norms.toSorted(), ["transformer.ln_f.bias", "transformer.ln_f.weight"]);
});

Deno.test("convert() keeps no stale copy of a tied head, which some checkpoints hold", async () => {
  for (const name of ["gpt2", "olmo-tied", "opt", "mpt"]) {
    using source = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const { weight } = source.spec.heads[0]!.linear;
    const values = Float64Array.from(await vectorIn(source.tensors, weight));
    const copy = { ...source.tensors.info(weight), values };
    const stale = changedModel(source, { more: { "lm_head.weight": copy } });
    for (const way of ways) {
      const made = attempt(stale, way);
      const clean = attempt(source, way);
      assertEquals(made?.tensors.names.toSorted(), clean?.tensors.names.toSorted());
      if (made !== undefined) await assertSame(reread(made), source, inputs, `${name}, ${way.to}`);
    }
  }
});

const decoders: Readonly<Record<string, DecoderConfig>> = {
  "with a norm of the embeddings": { ...small, ends: ["embedding", "final"] },
  "with SwiGLU and rotary positions": {
    ...small,
    width: 8,
    activation: "swiglu",
    positions: "rotary",
  },
  "without biases": { ...small, bias: false },
  "with a tied head": { ...small, tied: true },
  "with embeddings that are scaled": { ...small, embeddingScale: 3 },
  "with ε of its own": {
    ...small,
    normEps: { "norm.final": 0.5, "blocks.1.norm.attention.input": 0.1 },
  },
};

for (const [what, config] of Object.entries(decoders)) {
  Deno.test(`convert() of a decoder of this library ${what}`, async () => {
    const source = normkitModel(config);
    let model = source;
    for (const to of loop) {
      model = reread(convert(model, { to }));
      await assertSame(model, source, { tokens: smallTokens }, to);
    }
  });
}

for (const tied of [false, true]) {
  Deno.test(`convert() of a decoder that was trained with CRMSNorm, ${tied ? "tied" : "untied"}`, async () => {
    const source = normkitModel({ ...small, norm: "crms", tied });
    for (const first of targets) {
      let model = source;
      for (const to of [first, ...loop]) {
        model = reread(convert(model, { to }));
        await assertSame(model, source, { tokens: smallTokens }, `${first}, then ${to}`);
      }
    }
  });
}

Deno.test("convert() to weightless folds the gains of models with RMSNorms, and they stay what they are", async () => {
  for (const name of rmsNormNames) {
    using source = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const made = reread(convert(source, { to: "weightless" }));
    assertEquals([streamNorm(made), isCentered(made)], ["rms", false]);
    await assertSame(made, source, inputs, name);
    const why = name === "granite" ? "fold it first" : "Cannot center";
    assertThrows(() => convert(made, { to: "pre-ln" }), RangeError, why);
  }
});

Deno.test("convert() refuses to center a model without a norm before its head, and folds it", async () => {
  const source = normkitModel({ ...small, ends: [] });
  for (const to of targets.filter((target) => target !== "weightless")) {
    assertThrows(() => convert(source, { to }), RangeError, "no norm after the last layer");
  }
  await assertSame(
    convert(source, { to: "weightless" }),
    source,
    { tokens: smallTokens },
    "folded",
  );
});

Deno.test("convert() keeps the final norm of a model without a head, and cannot take a value from its output", async () => {
  using vit = await openGolden("vit");
  const tensors = editedTensors(vit.tensors, { without: /^classifier/ });
  const headless = { ...vit, tensors, spec: { ...vit.spec, heads: [] } };
  const [inputs] = randomInputs(headless, 0, 1);
  for (const to of targets) {
    if (to === "pre-crmsnorm") {
      assertThrows(() => convert(headless, { to }), RangeError, "a model without a head");
      continue;
    }
    await assertSame(convert(headless, { to }), headless, inputs!, to);
  }
});

Deno.test("convert() names the option that it does not know", async () => {
  using gpt2 = await openGolden("gpt2");
  assertThrows(
    () => convert(gpt2, { to: "post-ln" as Target }),
    RangeError,
    'Cannot use to = "post-ln": it must be one of pre-ln, pre-rmsnorm, pre-crmsnorm, weightless',
  );
  assertThrows(() => convert(gpt2, { to: "pre-ln", tied: "maybe" as "keep" }), RangeError, "tied");
});

Deno.test("convert() reads no tensor before it is asked for one", async () => {
  using gpt2 = await openGolden("gpt2");
  let reads = 0;
  const watched = changedModel(gpt2, { number: (value) => (reads++, value) });
  const made = ways.map((way) => attempt(watched, way)).filter((model) => model !== undefined);
  assertEquals([made.length, reads], [6, 0]);
});

// Which parameters of norms stay in every conversion, and that it is said wherever a conversion is.

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { certificateText } from "../../../lib/convert/certificate_text.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { inspect, inspectionText } from "../../../lib/convert/inspect.ts";
import { keptParameters } from "../../../lib/convert/kept_norms.ts";
import { normsWithReaders } from "../../../lib/convert/readers_and_writers.ts";
import { verify } from "../../../lib/convert/verify.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { convertibleNames, openGolden, partlyFolded } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { changedTensors } from "../../support/tensor_rows.ts";

/** The first words of each reason, with how many parameters it holds. */
const summary = (model: Model): Record<string, number> =>
  Object.fromEntries(
    keptParameters(model).map(({ why, names }) => [
      why.split(":")[0]!,
      names.length,
    ]),
  );

const behind = "behind branches";
const ofHeads = "of queries and keys";
const start = "at the start of the stream";
const unread = "that no linear map alone reads";
const others = "inside of branches, entries and heads";

/** How many parameters stay of golden models, by the reason. */
const kept: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  "gpt2": {},
  "llama": {},
  "gemma2": { [behind]: 4 },
  "gemma3": { [behind]: 6, [ofHeads]: 6 },
  "glm4": { [behind]: 2 },
  "olmo2": { [behind]: 4, [ofHeads]: 4 },
  "exaone4": { [behind]: 4, [ofHeads]: 4 },
  "qwen3": { [ofHeads]: 4 },
  "cohere-norms": { [ofHeads]: 2 },
  "stablelm-norms": { [ofHeads]: 6 },
  "bloom": { [start]: 2 },
  "dinov3": { [unread]: 2 },
  "wavlm": { [unread]: 4, [others]: 6 },
  "esm": { [others]: 2 },
};

for (const [name, expected] of Object.entries(kept)) {
  Deno.test(`keptParameters() of ${name} are those that stay when it is converted`, async () => {
    using model = await openGolden(name);
    assertEquals(summary(model), expected);
    const made = convert(model, { to: "weightless" });
    assertEquals(keptParameters(made), keptParameters(model));
  });
}

Deno.test("convert() to weightless leaves no parameter of a norm but those that keptParameters() names", async () => {
  for (const name of convertibleNames) {
    using model = await openGolden(name);
    const made = convert(model, { to: "weightless" });
    const named = new Set(keptParameters(made).flatMap(({ names }) => names));
    const left = normsWithReaders(made.spec).flatMap(({ norm: { gain, bias } }) => [gain, bias])
      .filter((one) => made.tensors.has(one));
    assertEquals(left.filter((one) => !named.has(one)), [], name);
    for (const one of named) {
      assertEquals(made.tensors.info(one), model.tensors.info(one), `${name}: ${one}`);
    }
  }
});

Deno.test("keptParameters() of this library's variants: norms inside of branches and behind them", () => {
  const of = (residual: string) => summary(normkitModel({ ...small, depth: 2, residual }));
  assertEquals(of("pre-ln"), {});
  assertEquals(of("sub-ln"), { [others]: 8 });
  assertEquals(of("sandwich-ln"), { [behind]: 8 });
});

Deno.test("inspect() and certificates say in text and as data what stays", async () => {
  for (const name of partlyFolded) {
    using model = await openGolden(name);
    const inspection = inspect(model);
    assertEquals(inspection.kept, keptParameters(model));
    assertStringIncludes(inspectionText(inspection), "stay behind branches: they multiply what");
    const made = convert(model, { to: "weightless" });
    const certificate = await verify(model, made, { unrounded: made, sequences: 1 });
    assert(certificate.passed, name);
    assertEquals(certificate.actual.kept, inspection.kept);
    assertEquals(certificate.expected.kept, []);
    assertStringIncludes(certificateText(certificate), "stay behind branches: they multiply what");
  }
});

Deno.test("convert() refuses to fold where nothing folds, with the reasons, and folds twice what folds once", async () => {
  using olmo = await openGolden("olmo2");
  const config = { ...olmo.config, architectures: ["Olmo2Model"] };
  const tensors = changedTensors(olmo.tensors, { without: ["lm_head.weight"] });
  const body = describeModel(olmo.family, config, tensors);
  const { message } = assertThrows(() => convert(body, { to: "weightless" }), RangeError);
  assertStringIncludes(
    message,
    "Cannot fold norms of this OLMo-2 model: all their parameters stay, behind branches: they multiply",
  );
  assertStringIncludes(message, "; of queries and keys: ");
  assertEquals(inspect(body).targets.weightless, { possible: false, reason: message });
  const once = convert(olmo, { to: "weightless" });
  assertEquals(convert(once, { to: "weightless" }).tensors.names, once.tensors.names);
});

Deno.test("describeModel() misses a gain of a converted model that no conversion takes away", async () => {
  for (
    const [name, lost] of [
      ["gemma2", "model.layers.0.post_feedforward_layernorm.weight"],
      ["qwen3", "model.layers.0.self_attn.k_norm.weight"],
    ] as const
  ) {
    using model = await openGolden(name);
    const { family, config, tensors } = convert(model, { to: "weightless" });
    const all = tensors.names.filter((one) =>
      one.endsWith(lost.slice(lost.indexOf("layers.") + 8))
    );
    const missing = changedTensors(tensors, { without: all });
    assertThrows(() => describeModel(family, config, missing), RangeError, lost);
  }
});

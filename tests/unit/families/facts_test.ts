// What is said of published types, against transformers' configurations and the golden models.

import { assert, assertEquals } from "@std/assert";
import { normsWithReaders } from "../../../lib/convert/readers_and_writers.ts";
import { factsOf, typeFacts, whyNotDescribed } from "../../../lib/families/facts.ts";
import { refusedFamilies } from "../../../lib/families/refused.ts";
import { families } from "../../../lib/families/registry.ts";
import type { StreamNorm } from "../../../lib/model/spec.ts";
import golden from "../../golden/facts.json" with { type: "json" };
import { goldenNames, openGolden } from "../../support/golden_models.ts";

Deno.test("typeFacts has a hundred types, all of them in transformers, with their keys and standards of ε", () => {
  assertEquals([typeFacts.size > 100, golden.missing], [true, []]);
  const known: Readonly<Record<string, Readonly<Record<string, number>>>> = golden.eps;
  assertEquals([...typeFacts.keys()].toSorted(), Object.keys(known).toSorted());
  for (const [type, { eps: { key, standard } }] of typeFacts) {
    if (key !== undefined) assertEquals(known[type]![key], standard, `${type}: ${key}`);
  }
});

const words: Readonly<Record<StreamNorm, RegExp>> = {
  "layer": /^LayerNorm (with|without) (bias|parameters)$/,
  "layer-offset": /^LayerNorm .* 1 \+ gain$/,
  "rms": /^RMSNorm$/,
  "rms-offset": /^RMSNorm .* 1 \+ gain$/,
  "crms": /^never$/,
  "crms-padded": /^never$/,
};

/** What facts say of places, by the residual variants of the golden models. */
const places: Readonly<Record<string, RegExp>> = {
  "Pre-LN": /^before/,
  "Post-LN": /^behind the addition/,
  "Sandwich-LN": /^before and behind/,
  "Res-Post-Norm": /^behind branches/,
};

/** Golden models whose configuration makes of them what their type usually is not. */
const unusual =
  /^(opt-post|gpt-neox-sequential|falcon-alibi|falcon-rounded|stablelm-parallel|wav2vec2|hubert|beit|data2vec|clip|siglip|phimoe)/;

Deno.test("typeFacts says of the golden models what their descriptions say", async () => {
  let checked = 0;
  for (const name of goldenNames) {
    using model = await openGolden(name);
    const facts = factsOf(model.config);
    if (facts === undefined || unusual.test(name)) continue;
    const [stack] = Object.values(model.spec.stacks).toReversed();
    const { norm } = normsWithReaders(model.spec)[0]!;
    const { residual, blocks, final, entryNorm } = stack!;
    assert(words[norm.kind].test(facts.norm), `${name}: ${facts.norm}`);
    assertEquals(facts.eps, norm.eps, name);
    assert(
      places[residual.label.split(" with ")[0]!]!.test(facts.placement),
      `${name}: ${facts.placement}`,
    );
    assertEquals(blocks[0]!.parallel, facts.placement.includes("parallel"), name);
    assertEquals(final === undefined, facts.final.startsWith("none"), `${name}: final`);
    assertEquals(entryNorm !== undefined, /^LayerNorm/.test(facts.entry ?? ""), `${name}: entry`);
    checked++;
  }
  assert(checked > 40, `${checked}`);
});

Deno.test("describe() of each golden model takes its type's ε where none is written", async () => {
  for (const name of goldenNames) {
    using model = await openGolden(name);
    const facts = typeFacts.get(String(model.config["model_type"]));
    const { key, standard } = facts?.eps ?? {};
    if (key === undefined || !Object.hasOwn(model.config, key)) continue;
    const { [key]: _, ...config } = model.config;
    const spec = model.family.describe(config, (tensor) => model.tensors.has(tensor));
    assertEquals(normsWithReaders(spec)[0]!.norm.eps, standard, name);
  }
});

Deno.test("whyNotDescribed() says of each type that cannot be opened what is lacking", () => {
  const described = new Set([...families, ...refusedFamilies].map(({ id }) => id));
  for (const [type, facts] of typeFacts) {
    if (described.has(type)) continue;
    assert(/^(it has|no family) /.test(whyNotDescribed(facts)), type);
  }
});

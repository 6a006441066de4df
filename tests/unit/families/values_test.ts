// Values of a configuration that no model has: refused in a sentence that is short whatever the file says.

import { assert, assertEquals } from "@std/assert";
import type { Config } from "../../../lib/families/family.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { findFamily } from "../../../lib/families/registry.ts";
import { withConvertedNorms } from "../../../lib/families/converted_norms.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";

/** Configurations with a value in the place of each of one, of parts too. */
function* changed(config: Config, value: unknown): Generator<[key: string, config: Config]> {
  for (const [key, old] of Object.entries(config)) {
    yield [key, { ...config, [key]: value }];
    if (typeof old !== "object" || old === null || Array.isArray(old)) continue;
    for (const [inner, part] of changed(old as Config, value)) {
      yield [`${key}.${inner}`, { ...config, [key]: part }];
    }
  }
}

/** What is said of a configuration; nothing where it is used. */
function refusal(model: Model, config: Config): string | undefined {
  try {
    describeModel(findFamily(config), config, model.tensors);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

const isEps = (key: string): boolean => /(^|[._])eps(ilon)?$/.test(key);

for (const name of goldenNames) {
  Deno.test(`describeModel() refuses an ε of ${name} that is none`, async () => {
    using model = await openGolden(name);
    for (const value of [-1e-5, 0, 1e-60, 1e300, "1e-5", true, [1e-5]]) {
      for (const [key, config] of changed(model.config, value)) {
        if (!isEps(key)) continue;
        assert(refusal(model, config)?.startsWith("Cannot use "), `${key} = ${value}`);
      }
    }
  });

  Deno.test(`describeModel() of ${name} quotes no more than some words of a value`, async () => {
    using model = await openGolden(name);
    const long = "x".repeat(1e6);
    for (const value of [long, [long], { [long]: long }]) {
      for (const [key, config] of changed(model.config, value)) {
        const message = refusal(model, config) ?? "";
        assert(message.length < 1000, `${key}: ${message.length} characters`);
      }
    }
  });
}

Deno.test("describeModel() refuses an ε of a converted model that is none", async () => {
  using model = await openGolden("gpt2");
  const form = { norm: "rms", centered: true, recenter: [] } as const;
  for (const value of [-1, 0, 1e-60, 1e300, "1", null]) {
    const eps = { "transformer.ln_f.weight": value as number };
    assert(
      refusal(model, withConvertedNorms(model.config, { ...form, eps })) !== undefined,
      `${value}`,
    );
  }
  assertEquals(
    refusal(
      model,
      withConvertedNorms(model.config, { ...form, eps: { "transformer.ln_f.weight": 1 } }),
    ),
    undefined,
  );
});

Deno.test("describeModel() of a decoder writes no layers out that the checkpoint lacks, however its norms are named", () => {
  const model = normkitModel(small);
  for (const path of ["norm.final", "blocks.1.norm.attention.input", "blocks.9.norm", "x"]) {
    for (const depth of [1e9, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
      const message = refusal(model, { ...model.config, depth, normEps: { [path]: 1e-6 } });
      assert(message?.startsWith("Cannot use ") && message.length < 500, message);
    }
  }
  const long = "x".repeat(1e6);
  for (const [, config] of changed(model.config, long)) {
    assert((refusal(model, config) ?? "").length < 1000);
  }
  assert(refusal(model, { ...model.config, [long]: 1 })!.length < 1000);
  assert(refusal(model, { ...model.config, normEps: { [long]: 1 } })!.length < 1000);
});

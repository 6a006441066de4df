// Back to `pre-ln`: a folder has its family's tensors again, whatever form it had meanwhile, and computes the same.

import { assert, assertEquals } from "@std/assert";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { convertedNormsOf } from "../../../lib/families/converted_norms.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { goldenHeadNames, openGoldenHead } from "../../support/golden_heads.ts";
import {
  assertOutputs,
  canBecome,
  goldenOf,
  layerNormNames,
  openGolden,
  outputsOf,
} from "../../support/golden_models.ts";
import { normkitModel, small, smallTokens } from "../../support/normkit_model.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("conversion");

/** The biases that a conversion to a form adds, and what is left of them behind the way back. */
async function assertReturns(
  model: Model,
  inputs: Parameters<typeof outputsOf>[2],
  what: string,
): Promise<string[]> {
  const direct = convert(model, { to: "pre-ln" });
  const expected = await outputsOf(float64, model, inputs);
  const seen: string[] = [];
  for (const to of targets) {
    let there: Model;
    try {
      there = convert(model, { to });
    } catch (error) {
      assert(error instanceof RangeError && to === "pre-crmsnorm", `${what}: ${error}`);
      continue;
    }
    seen.push(...convertedNormsOf(there.config)?.biases ?? []);
    const back = convert(there, { to: "pre-ln" });
    // a head that had to be untied on the way stays so
    const { untied, stacks } = model.spec;
    const tables = Object.values(stacks)
      .map(({ entry }) => entry.kind === "tokens" ? entry.untied : undefined);
    const own = [untied?.weight, untied?.bias, ...tables];
    const namesOf = ({ tensors }: Model): string[] =>
      tensors.names.filter((name) => !own.includes(name)).toSorted();
    assertEquals(namesOf(back), namesOf(direct), `${what} from ${to}`);
    assertEquals(convertedNormsOf(back.config)?.biases, undefined);
    const outputs = await outputsOf(float64, back, inputs);
    assertOutputs(outputs, expected, limit, `${what} from ${to}`);
  }
  return [...new Set(seen)];
}

for (const name of layerNormNames.filter((name) => canBecome(name, "pre-ln"))) {
  Deno.test(`${name} in any form becomes pre-ln with its family's tensors`, async () => {
    using source = await openGolden(name);
    const { inputs } = await goldenOf(name);
    await assertReturns(source, inputs, name);
  });
}

Deno.test("heads in any form become pre-ln with their family's tensors", async () => {
  const added: string[] = [];
  for (const name of goldenHeadNames.filter((name) => /^(gpt2|gpt-neo|opt|phi)-/.test(name))) {
    using golden = await openGoldenHead(name);
    added.push(...await assertReturns(golden.model, golden.inputs, name));
  }
  assert(added.includes("score.bias"), `${added}`);
});

Deno.test("a decoder without biases but in its norms takes those of three kinds of readers back", async () => {
  const model = normkitModel(small);
  const without = (name: string): boolean => /\.b[qkv1]$/.test(name);
  const { tensors } = model;
  const names = tensors.names.filter((name) => !without(name));
  const bare: Model = {
    ...model,
    tensors: { ...tensors, names, has: (name) => !without(name) && tensors.has(name) },
  };
  const added = await assertReturns(bare, { tokens: [...smallTokens] }, "a decoder");
  const ends = added.map((name) => name.replace(/^blocks\.\d\./, ""));
  assertEquals([...new Set(ends)], [
    ...["attention.bq", "attention.bk", "attention.bv", "feedForward.b1", "head.b"],
  ]);
});

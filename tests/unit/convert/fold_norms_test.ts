// Gains and biases of norms in what reads them, against plain loops over the source's numbers.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { foldNorms, untieHead, withoutCopies } from "../../../lib/convert/fold_norms.ts";
import { normsWithReaders } from "../../../lib/convert/readers_and_writers.ts";
import type { Linear } from "../../../lib/model/spec.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { dot, transpose } from "../../reference/rows.ts";
import { assertClose } from "../../support/close.ts";
import {
  assertOutputs,
  convertibleNames,
  goldenOf,
  openGolden,
  outputsOf,
} from "../../support/golden_models.ts";
import { normkitModel, small, smallTokens } from "../../support/normkit_model.ts";
import { changedModel, numbersIn, rowsIn, vectorIn } from "../../support/tensor_rows.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const exact = toleranceInFloat64("sum");
const all = (): boolean => true;

/** A matrix with a row for each output. */
async function outputsIn({ tensors }: Model, { weight, layout }: Linear): Promise<number[][]> {
  const rows = await rowsIn(tensors, weight);
  return layout === "out-in" ? rows : transpose(rows);
}

/** A vector as often as a row holds one. */
const repeated = (values: readonly number[], length: number): number[] =>
  Array.from({ length }, (_, at) => values[at % values.length]!);

/** Requires of every reader W′ = W diag(γ) and b′ = b + W β, and that no norm has parameters. */
async function assertFolded(source: Model, folded: Model, offset = 0): Promise<void> {
  const sites = normsWithReaders(source.spec);
  for (const [index, { norm, readers }] of sites.entries()) {
    const { tensors } = source;
    const after = normsWithReaders(folded.spec)[index]!;
    for (const [at, linear] of readers.entries()) {
      const own = after.readers[at]!;
      const w = await outputsIn(source, linear);
      const length = w[0]!.length;
      const gain = tensors.has(norm.gain)
        ? (await vectorIn(tensors, norm.gain)).map((value) => value + offset)
        : [1];
      const bias = tensors.has(norm.bias) ? await vectorIn(tensors, norm.bias) : [0];
      const [gains, biases] = [repeated(gain, length), repeated(bias, length)];
      const expected = w.map((row) => row.map((value, i) => value * gains[i]!));
      const found = await outputsIn(folded, own);
      assertClose(found.flat(), expected.flat(), exact, own.weight);
      const before = tensors.has(linear.bias)
        ? await vectorIn(tensors, linear.bias)
        : w.map(() => 0);
      const shifted = w.map((row, output) => before[output]! + dot(row, biases));
      if (folded.tensors.has(own.bias)) {
        const numbers = await vectorIn(folded.tensors, own.bias);
        assertClose(numbers, shifted, toleranceInFloat64("sum of many"), own.bias);
        const dtypes = [own.weight, own.bias].map((name) => folded.tensors.info(name).dtype);
        assertEquals(dtypes[1], dtypes[0]);
      } else assert(shifted.every((value) => value === 0), `${own.bias} is missing`);
    }
    // what a pooling head reads stays as it is
    const isKept = (name: string): boolean => readers.length === 0 && tensors.has(name);
    for (const name of [norm.gain, norm.bias]) {
      assertEquals(folded.tensors.has(name), isKept(name), name);
    }
  }
}

for (const name of convertibleNames) {
  Deno.test(`foldNorms() of ${name} is W diag(γ) and b + W β in every reader`, async () => {
    using source = await openGolden(name);
    await assertFolded(
      source,
      foldNorms(source, all),
      /^(gemma|nemotron)/.test(name) ? 1 : 0,
    );
  });
}

Deno.test("foldNorms() of a decoder whose matrices are stored (in, out), tied and untied", async () => {
  for (const tied of [false, true]) {
    const source = normkitModel({ ...small, tied });
    const folded = foldNorms(source, all);
    await assertFolded(source, folded);
    const expected = await outputsOf(float64, source, { tokens: smallTokens });
    const outputs = await outputsOf(float64, folded, { tokens: smallTokens });
    assertOutputs(outputs, expected, toleranceInFloat64("conversion"), `tied: ${tied}`);
  }
});

Deno.test("foldNorms() of gains with an offset leaves RMSNorm without one", async () => {
  using gemma = await openGolden("gemma");
  const kinds = ({ spec }: Model): Set<string> =>
    new Set(normsWithReaders(spec).map(({ norm }) => norm.kind));
  assertEquals([...kinds(gemma)], ["rms-offset"]);
  assertEquals([...kinds(foldNorms(gemma, all))], ["rms"]);
  const partly = foldNorms(gemma, ({ final }) => !final);
  assertEquals([...kinds(partly)], ["rms", "rms-offset"]);
  const { inputs } = await goldenOf("gemma");
  const expected = await outputsOf(float64, gemma, inputs);
  const limit = toleranceInFloat64("conversion");
  assertOutputs(await outputsOf(float64, partly, inputs), expected, limit, "partly folded");
});

Deno.test("foldNorms() adds biases where readers have none", async () => {
  using gptj = await openGolden("gptj");
  const { tensors } = foldNorms(gptj, all);
  const added = tensors.names.filter((name) => !gptj.tensors.has(name));
  const expected = [0, 1].flatMap((layer) =>
    ["q", "k", "v"].map((name) => `transformer.h.${layer}.attn.${name}_proj.bias`)
  );
  assertEquals(added, expected);
});

Deno.test("foldNorms() unties a head that reads a folded norm, and leaves the table", async () => {
  using gpt2 = await openGolden("gpt2");
  const folded = foldNorms(gpt2, all);
  assertEquals(folded.config["tie_word_embeddings"], false);
  assertEquals(folded.spec.heads[0]!.linear, {
    weight: "lm_head.weight",
    bias: "lm_head.bias",
    layout: "out-in",
  });
  const table = "transformer.wte.weight";
  assertEquals(folded.tensors.info("lm_head.weight").shape, gpt2.tensors.info(table).shape);
  assertEquals(await rowsIn(folded.tensors, table), await rowsIn(gpt2.tensors, table));
  const kept = foldNorms(gpt2, ({ final }) => !final);
  assertEquals(kept.spec.heads, gpt2.spec.heads);
  assertEquals(kept.config["tie_word_embeddings"], gpt2.config["tie_word_embeddings"]);
  assert(kept.tensors.has("transformer.ln_f.weight") && !kept.tensors.has("lm_head.weight"));
});

Deno.test("foldNorms() folds only what it is asked to, and nothing twice", async () => {
  const source = normkitModel(small);
  const path = "blocks.2.norm.attention.input";
  const folded = foldNorms(source, ({ norm }) => norm.gain === `${path}.gain`);
  const gone = source.tensors.names.filter((name) => !folded.tensors.has(name));
  assertEquals(gone, [`${path}.gain`, `${path}.bias`]);
  const changed: string[] = [];
  const before = await numbersIn(source.tensors);
  for (const [name, numbers] of await numbersIn(folded.tensors)) {
    if (String(before.get(name)) !== String(numbers)) changed.push(name);
  }
  const attention = "blocks.2.attention";
  assertEquals(
    changed,
    ["q", "k", "v"].flatMap((n) => [`${attention}.w${n}`, `${attention}.b${n}`]),
  );
  const again = foldNorms(folded, ({ norm }) => norm.gain === `${path}.gain`);
  assertEquals(await numbersIn(again.tensors), await numbersIn(folded.tensors));
});

Deno.test("foldNorms() leaves a final norm that nothing reads, unless it multiplies by 1 + gain", async () => {
  using vit = await openGolden("vit");
  const bare = { ...vit, spec: { ...vit.spec, heads: [] } };
  const { tensors } = foldNorms(bare, all);
  const norms = vit.tensors.names.filter((name) => /layernorm/.test(name));
  assertEquals(
    norms.filter((name) => tensors.has(name)),
    norms.filter((name) => /^vit.layernorm/.test(name)),
  );
  using gemma = await openGolden("gemma");
  const offset = { ...gemma, spec: { ...gemma.spec, heads: [] } };
  const { message } = assertThrows(() => foldNorms(offset, all), RangeError);
  assertEquals(
    message,
    "Cannot leave model.norm.weight, which multiplies by 1 + gain, beside norms without: nothing reads it " +
      "(a model without a head)",
  );
});

Deno.test("untieHead() turns the table where the head is stored the other way", async () => {
  const tied = normkitModel({ ...small, tied: true });
  const untied = untieHead(tied, tied.spec.heads[0]!);
  assertEquals(
    await rowsIn(untied.tensors, "head.w"),
    transpose(await rowsIn(tied.tensors, "wte")),
  );
  assertEquals(untied.config["tied"], false);
  assertEquals(untied.spec.heads[0]!.linear.layout, "in-out");
});

Deno.test("untieHead() refuses a head without a name of its own", () => {
  const tied = normkitModel({ ...small, tied: true });
  const { untied: _, ...spec } = tied.spec;
  const { message } = assertThrows(
    () => untieHead({ ...tied, spec }, spec.heads[0]!),
    RangeError,
  );
  assertEquals(message, "Cannot untie the head: it shares wte and has no name of its own");
});

Deno.test("withoutCopies() takes away the matrix of a tied head, and no other", async () => {
  using gpt2 = await openGolden("gpt2");
  assertEquals(withoutCopies(gpt2), gpt2);
  const { dtype, shape } = gpt2.tensors.info("transformer.wte.weight");
  const values = new Float64Array(shape[0]! * shape[1]!);
  const stale = changedModel(gpt2, { more: { "lm_head.weight": { dtype, shape, values } } });
  const clean = withoutCopies(stale);
  assertEquals(clean.tensors.names, gpt2.tensors.names);
  using untied = await openGolden("gpt2-untied");
  assert(withoutCopies(untied).tensors.has("lm_head.weight"));
  using vit = await openGolden("vit");
  assertEquals(withoutCopies(vit), vit);
});

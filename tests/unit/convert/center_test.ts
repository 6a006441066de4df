// Centering: what is written to a stream has no mean, of matrices stored either way, of tables, and behind LayerScale.

import { assert, assertEquals } from "@std/assert";
import { centerStreams, foldLayerScale } from "../../../lib/convert/center.ts";
import { foldNorms } from "../../../lib/convert/fold_norms.ts";
import { entryOf, normsWithReaders, writersOf } from "../../../lib/convert/readers_and_writers.ts";
import type { Linear } from "../../../lib/model/spec.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { mean, transpose } from "../../reference/rows.ts";
import { assertClose } from "../../support/close.ts";
import {
  assertOutputs,
  goldenOf,
  layerNormNames,
  openGolden,
  outputsOf,
} from "../../support/golden_models.ts";
import { numbersIn, rowsIn, vectorIn } from "../../support/tensor_rows.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

const limit = toleranceInFloat64("sum");

const plain = (model: Model): Model => foldNorms(foldLayerScale(model), () => true);

/** A writing matrix and its bias as vectors of the stream. */
async function writtenBy(
  { tensors }: Model,
  { weight, bias, layout }: Linear,
): Promise<number[][]> {
  const rows = await rowsIn(tensors, weight);
  const vectors = layout === "out-in" ? transpose(rows) : rows;
  return tensors.has(bias) ? [...vectors, await vectorIn(tensors, bias)] : vectors;
}

/** A table as vectors of the stream. */
async function vectorsOf({ tensors }: Model, name: string): Promise<number[][]> {
  const width = tensors.info(name).shape.at(-1)!;
  const numbers = await vectorIn(tensors, name);
  return Array.from(
    { length: numbers.length / width },
    (_, row) => numbers.slice(row * width, (row + 1) * width),
  );
}

/** Requires vectors that are others without their means. */
function assertCentered(found: number[][], before: number[][], what: string): void {
  const expected = before.map((row) => row.map((value) => value - mean(row)));
  assertClose(found.flat(), expected.flat(), limit, what);
  assert(before.some((row) => Math.abs(mean(row)) > 1e-3), `${what} had no means`);
}

for (const name of layerNormNames) {
  Deno.test(`centerStreams() of ${name} takes the mean of all that writes, and changes nothing else`, async () => {
    using golden = await openGolden(name);
    const source = plain(golden);
    const made = centerStreams(source, { keepTables: false });
    const seen = new Set<string>();
    for (const stack of Object.values(source.spec.stacks)) {
      const { tables, linears } = entryOf(stack);
      const isLinear = stack.entryNorm === undefined && stack.entry.kind !== "audio" &&
        !("sinusoids" in stack.entry);
      const writers = [
        ...writersOf(stack).map(({ linear }) => linear),
        ...(isLinear ? linears : []),
      ];
      for (const linear of writers) {
        const [found, before] = [await writtenBy(made, linear), await writtenBy(source, linear)];
        assertCentered(found, before, linear.weight);
        for (const tensor of [linear.weight, linear.bias]) seen.add(tensor);
      }
      for (const table of isLinear ? tables : []) {
        assertCentered(await vectorsOf(made, table), await vectorsOf(source, table), table);
        seen.add(table);
      }
    }
    const before = await numbersIn(source.tensors);
    for (const [tensor, numbers] of await numbersIn(made.tensors)) {
      if (!seen.has(tensor)) assertEquals(numbers, before.get(tensor), tensor);
    }
    assertEquals(
      new Set(normsWithReaders(made.spec).map(({ norm }) => norm.kind)),
      new Set(["rms"]),
    );
  });
}

Deno.test("centerStreams() covers matrices of both layouts, convolutions and single tokens", async () => {
  using gpt2 = await openGolden("gpt2");
  using opt = await openGolden("opt");
  using vit = await openGolden("vit");
  const layouts = [gpt2, opt].map(({ spec }) =>
    writersOf(spec.stacks["decoder"]!)[0]!.linear.layout
  );
  assertEquals(layouts, ["in-out", "out-in"]);
  const { linears: [kernel], tables } = entryOf(vit.spec.stacks["vision"]!);
  assertEquals(vit.tensors.info(kernel!.weight).shape.length, 4);
  assertEquals(vit.tensors.info(tables[0]!).shape, [1, 1, 16]);
});

Deno.test("centerStreams() that keeps tables subtracts the mean of the stream instead, with the same outputs", async () => {
  for (const name of ["gpt2", "vit", "whisper"]) {
    using golden = await openGolden(name);
    const source = plain(golden);
    const made = centerStreams(source, { keepTables: true });
    for (const [key, stack] of Object.entries(made.spec.stacks)) {
      assert(stack.recenter, key);
      const { tables, linears } = entryOf(stack);
      for (const table of [...tables, ...linears.map(({ weight }) => weight)]) {
        const before = await vectorIn(source.tensors, table);
        assertEquals(await vectorIn(made.tensors, table), before, table);
      }
    }
    const { inputs } = await goldenOf(name);
    const expected = await outputsOf(float64, golden, inputs);
    const outputs = await outputsOf(float64, made, inputs);
    assertOutputs(outputs, expected, toleranceInFloat64("conversion"), name);
  }
});

Deno.test("centerStreams() subtracts the mean where a norm or a sound starts the stream, and nowhere else", async () => {
  const subtracts = async (name: string): Promise<Record<string, boolean>> => {
    using golden = await openGolden(name);
    const { stacks } = centerStreams(plain(golden), { keepTables: false }).spec;
    return Object.fromEntries(Object.entries(stacks).map(([key, { recenter }]) => [key, recenter]));
  };
  assertEquals(await subtracts("bloom"), { decoder: true });
  assertEquals(await subtracts("clip"), { vision: true, text: false });
  assertEquals(await subtracts("whisper"), { encoder: true, decoder: false });
  assertEquals(await subtracts("gpt2"), { decoder: false });
});

Deno.test("foldLayerScale() multiplies λ into matrix and bias before they are centered", async () => {
  using dino = await openGolden("dinov2");
  const folded = foldLayerScale(dino);
  const writers = writersOf(dino.spec.stacks["vision"]!);
  assertEquals(writers.length, 4);
  for (const { linear, scale } of writers) {
    const by = await vectorIn(dino.tensors, scale!);
    const before = await writtenBy(dino, linear);
    const expected = before.map((row) => row.map((value, at) => value * by[at]!));
    assertClose((await writtenBy(folded, linear)).flat(), expected.flat(), limit, linear.weight);
    assertEquals(folded.tensors.has(scale!), false);
    const centered = await writtenBy(centerStreams(folded, { keepTables: false }), linear);
    assertCentered(centered, expected, linear.weight);
  }
  const { inputs } = await goldenOf("dinov2");
  const expected = await outputsOf(float64, dino, inputs);
  const outputs = await outputsOf(float64, folded, inputs);
  assertOutputs(outputs, expected, toleranceInFloat64("conversion"), "dinov2");
});

Deno.test("foldLayerScale() leaves a model without λ as it is", async () => {
  using vit = await openGolden("vit");
  const { tensors } = foldLayerScale(vit);
  assertEquals(await numbersIn(tensors), await numbersIn(vit.tensors));
});

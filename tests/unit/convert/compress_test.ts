// Compression to d − 1 values and back.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { compressStreams, decompressStreams } from "../../../lib/convert/compress.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { entryOf, normsWithReaders, writersOf } from "../../../lib/convert/readers_and_writers.ts";
import type { Linear, Stack } from "../../../lib/model/spec.ts";
import { isTied } from "../../../lib/model/spec.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { assertClose } from "../../support/close.ts";
import {
  assertOutputs,
  goldenOf,
  layerNormNames,
  openGolden,
  outputsOf,
} from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { countIn, vectorIn } from "../../support/tensor_rows.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

/** A model with RMSNorms on a centered stream, its heads apart from tables that are centered. */
const rmsOf = (model: Model): Model => convert(model, { to: "pre-rmsnorm" });

/** How many numbers a tensor has. */
const sizeOf = ({ tensors }: Model, name: string): number =>
  tensors.has(name) ? tensors.info(name).shape.reduce((product, length) => product * length, 1) : 0;

/** How many numbers compression takes away: a slice of all that meets the stream. */
function fewer(model: Model): number {
  const { stacks } = model.spec;
  const slice = (name: string, stack: Stack): number => sizeOf(model, name) / stack.width;
  const of = ({ weight, bias }: Linear, stack: Stack): number =>
    slice(weight, stack) + (model.tensors.has(bias) ? 1 : 0);
  const seen = new Set<string>(); // tables, of which stacks may share one
  const isNew = (table: string): boolean => !seen.has(table) && seen.add(table) !== undefined;
  const written = Object.values(stacks).flatMap((stack) => {
    const { tables, linears } = stack.recenter ? { tables: [], linears: [] } : entryOf(stack);
    const writers = [...writersOf(stack).map(({ linear }) => linear), ...linears];
    return [
      ...tables.filter(isNew).map((table) => slice(table, stack)),
      ...writers.map((linear) => of(linear, stack)),
    ];
  });
  const read = normsWithReaders(model.spec).flatMap(({ stack, readers }) =>
    readers
      .filter(({ weight }) => !isTied(model.spec, weight))
      .map(({ weight }) => slice(weight, stacks[stack]!))
  );
  return [...written, ...read].reduce((sum, count) => sum + count, 0);
}

for (const name of layerNormNames) {
  Deno.test(`compressStreams() of ${name} makes streams narrower by one, nothing else`, async () => {
    using golden = await openGolden(name);
    const rms = rmsOf(golden);
    const crms = convert(golden, { to: "pre-crmsnorm" });
    // BLOOM's head shares the table only until its norm is folded
    assertEquals(countIn(rms.tensors) - countIn(crms.tensors), fewer(rms));
    const widths = ({ spec }: Model): number[] =>
      Object.values(spec.stacks).map(({ width }) => width);
    assertEquals(widths(crms), widths(rms).map((width) => width - 1));
    assertEquals(crms.tensors.names, rms.tensors.names);
    const kinds = new Set(normsWithReaders(crms.spec).map(({ norm }) => norm.kind));
    assertEquals([...kinds], ["crms"]);
  });

  Deno.test(`decompressStreams() of ${name} gives back what was written, and the outputs`, async () => {
    using golden = await openGolden(name);
    const rms = rmsOf(golden);
    const back = decompressStreams(convert(golden, { to: "pre-crmsnorm" }));
    assertEquals(back.spec, rms.spec);
    for (const stack of Object.values(rms.spec.stacks)) {
      for (const { linear: { weight, bias } } of writersOf(stack)) {
        for (const tensor of [weight, bias].filter((one) => rms.tensors.has(one))) {
          const expected = await vectorIn(rms.tensors, tensor);
          const found = await vectorIn(back.tensors, tensor);
          assertClose(found, expected, toleranceInFloat64("sum of many"), tensor);
        }
      }
    }
    const { inputs } = await goldenOf(name);
    const expected = await outputsOf(float64, golden, inputs);
    const outputs = await outputsOf(float64, back, inputs);
    assertOutputs(outputs, expected, toleranceInFloat64("conversion"), name);
  });
}

Deno.test("compressStreams() of GPT-2 has the number of parameters that the sizes give", async () => {
  using gpt2 = await openGolden("gpt2");
  const [d, hidden, tokens, places, layers] = [24, 96, 40, 24, 2];
  const n = d - 1;
  const layer = (n * 3 * d + 3 * d) + (d * n + n) + (n * hidden + hidden) + (hidden * n + n);
  const expected = tokens * n + places * n + layers * layer + (n * tokens + tokens);
  assertEquals(countIn(convert(gpt2, { to: "pre-crmsnorm" }).tensors), expected);
});

Deno.test("compressStreams() lets a tied head without gains before it add the sum of what it reads", async () => {
  using olmo = await openGolden("olmo-tied");
  const crms = convert(olmo, { to: "pre-crmsnorm" });
  assertEquals(crms.spec.heads[0]!.plusSum, true);
  assertEquals(crms.tensors.names, olmo.tensors.names);
  const back = decompressStreams(crms);
  assertEquals(Object.hasOwn(back.spec.heads[0]!, "plusSum"), false);
});

Deno.test("compressStreams() keeps the entry's last values where the stream's mean is subtracted", async () => {
  using bloom = await openGolden("bloom");
  const crms = convert(bloom, { to: "pre-crmsnorm" });
  const { stacks: { decoder } } = crms.spec;
  assertEquals([decoder!.recenter, decoder!.width], [true, 17]);
  assertEquals(crms.tensors.info("transformer.word_embeddings.weight").shape, [40, 18]);
  assertEquals(crms.tensors.info("lm_head.weight").shape, [40, 17]);
});

Deno.test("compressStreams() refuses norms with parameters, and streams that are an output", async () => {
  const source = normkitModel(small);
  const { message } = assertThrows(() => compressStreams(source), RangeError);
  assertEquals(
    message,
    "Cannot compress a stream whose norm has blocks.1.norm.attention.input.gain: its numbers are as many as the values " +
      "are now; fold it first",
  );
  using vit = await openGolden("vit");
  const rms = rmsOf(vit);
  const bare = { ...rms, spec: { ...rms.spec, heads: [] } };
  const headless = assertThrows(() => compressStreams(bare), RangeError);
  assertEquals(
    headless.message,
    "Cannot compress a model without a head: its output would have d − 1 values",
  );
});

Deno.test("decompressStreams() refuses norms with parameters, and a CRMSNorm in front", () => {
  const source = normkitModel({ ...small, norm: "crms" });
  assertThrows(
    () => decompressStreams(source),
    RangeError,
    "Cannot decompress a stream whose norm has blocks.1.norm.attention.input.gain",
  );
  const behindNorm = normkitModel({ ...small, norm: "crms", ends: ["embedding", "final"] });
  const { message } = assertThrows(
    () => convert(behindNorm, { to: "pre-rmsnorm" }),
    RangeError,
  );
  assertEquals(
    message,
    "Cannot decompress a stream that starts with a CRMSNorm: the gains in norm.embedding.gain are those of d − 1 values",
  );
});

Deno.test("decompressStreams() of a decoder that was trained with CRMSNorm makes it wider by one", () => {
  const source = normkitModel({ ...small, norm: "crms" });
  const rms = convert(source, { to: "pre-rmsnorm" });
  assertEquals(rms.spec.stacks["decoder"]!.width, small.width + 1);
  assertEquals(rms.tensors.info("wte").shape, [small.vocabulary, small.width + 1]);
  assert(rms.tensors.info("blocks.1.attention.wq").shape.join() === `${small.width + 1},6`);
});

// Heads: which rows they read, and the names of what they give.

import { assertEquals, assertRejects } from "@std/assert";
import type { Head } from "../../../lib/model/spec.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import type { ModelInputs, Values } from "../../../lib/interpret/inputs.ts";
import { mean, type Rows, sum, transpose } from "../../reference/rows.ts";
import { assertClose } from "../../support/close.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { affine } from "../../support/plain_layer.ts";
import { pixels, tokens, twoStacks } from "../../support/two_stacks.ts";

const limit = 1e-13;
const width = 4;

const { store, stacks, text, image } = twoStacks();
const map = store.affine(3, width);
const linear = store.linear("head", "out-in", [map]);
const wideMap = store.affine(3, 2 * width);
const wide = store.linear("wide", "in-out", [wideMap]);

function run(
  heads: readonly Head[],
  inputs: ModelInputs,
  bare = false,
): Promise<Readonly<Record<string, Values>>> {
  const model = { spec: { stacks, heads, bare }, tensors: memoryTensors(store.tensors) };
  return runModel(float64, model, inputs).then(({ outputs }) => outputs);
}

const readings: readonly (readonly [Head, Rows])[] = [
  [{ linear, stack: "text", reads: "all" }, text.map((row) => affine(map, row))],
  [{ linear, stack: "text", reads: "first" }, [affine(map, text[0]!)]],
  [{ linear, stack: "text", reads: "second" }, [affine(map, text[1]!)]],
  [{ linear, stack: "text", reads: "end" }, [affine(map, text[1]!)]],
  [{ linear, stack: "text", reads: "end", endToken: 1 }, [affine(map, text[2]!)]],
  [{ linear, stack: "text", reads: "last" }, [affine(map, text.at(-1)!)]],
  [{ linear, stack: "text", reads: "last", padToken: 0 }, [affine(map, text[3]!)]],
  [{ linear, stack: "text", reads: "mean" }, [affine(map, transpose(text).map(mean))]],
  [
    { linear, stack: "text", reads: "first", activation: "relu" },
    [affine(map, text[0]!).map((value) => Math.max(value, 0))],
  ],
  [
    { linear, stack: "text", reads: "all", plusSum: true },
    text.map((row) => affine(map, row.map((value) => value + sum(row)))),
  ],
  [
    { linear: wide, stack: "vision", reads: "first-and-mean" },
    [affine(wideMap, [...image[0]!, ...transpose(image.slice(2)).map(mean)])],
  ],
];

for (const [head, expected] of readings) {
  const { reads, plusSum = false, endToken = "none", padToken = "none", activation = "none" } =
    head;
  const name = `${reads}, plusSum ${plusSum}, end token ${endToken}, padding ${padToken}, ` +
    `function ${activation}`;
  Deno.test(`runModel() head reads ${name}`, async () => {
    const { logits } = await run([head], { tokens, pixels });
    assertEquals(logits!.shape, [expected.length, 3]);
    assertClose(logits!.values, expected.flat(), limit, name);
  });
}

Deno.test("runModel() reads the first row where all tokens are padding", async () => {
  const head: Head = { linear, stack: "text", reads: "last", padToken: 5 };
  const { logits } = await run([head], { tokens: [5, 5] });
  assertClose(logits!.values, affine(map, text[1]!), limit, "all padding");
});

Deno.test("runModel() names outputs, and runs the stacks whose input is given", async () => {
  const heads: Head[] = [
    { linear, stack: "text", reads: "end", output: "text_embeds" },
    { linear, stack: "vision", reads: "first" },
  ];
  assertEquals(Object.keys(await run(heads, { tokens, pixels })), ["text_embeds", "logits"]);
  assertEquals(Object.keys(await run(heads, { pixels })), ["logits"]);
});

Deno.test("runModel() gives what the stacks of a body give, beside what its heads do", async () => {
  const head: Head = { linear, stack: "vision", reads: "first" };
  for (const [heads, bare] of [[[], false], [[head], true]] as const) {
    const outputs = await run(heads, { tokens, pixels }, bare);
    assertEquals("logits" in outputs, bare);
    assertClose(outputs["text"]!.values, text.flat(), limit, "text");
    assertClose(outputs["vision"]!.values, image.flat(), limit, "vision");
  }
});

Deno.test("runModel() refuses what it cannot read or name", async () => {
  const head: Head = { linear, stack: "text", reads: "all" };
  await assertRejects(() => run([head], {}), RangeError, "this model reads tokens, pixels");
  await assertRejects(() => run([head, head], { tokens }), RangeError, "two outputs logits");
  const mean: Head = { ...head, reads: "first-and-mean" };
  await assertRejects(() => run([mean], { tokens }), RangeError, "starts with tokens");
  const end: Head = { ...head, reads: "end" };
  await assertRejects(() => run([{ ...end, endToken: 4 }], { tokens }), RangeError, "no token 4");
  await assertRejects(
    () => run([{ ...head, linear: wide }], { tokens }),
    RangeError,
    "Cannot multiply",
  );
});

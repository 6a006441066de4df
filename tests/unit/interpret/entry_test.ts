// How streams start: tokens, images and sounds against plain loops, in float64.

import { assertEquals, assertRejects } from "@std/assert";
import type { Convolution, Entry, ModelSpec, NormSpec, Stack } from "../../../lib/model/spec.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import type { ModelInputs } from "../../../lib/interpret/inputs.ts";
import { preLn } from "../../../lib/residual/mod.ts";
import { gelu } from "../../reference/gelu.ts";
import { addRows, mapRows, mean, type Rows, zip } from "../../reference/rows.ts";
import { assertClose } from "../../support/close.ts";
import { Store } from "../../support/described_layer.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { plainNorm } from "../../support/plain_layer.ts";

const limit = 1e-13;

/** The stream that enters, as one row of numbers after the other. */
async function entered(
  store: Store,
  entry: Entry,
  inputs: ModelInputs,
  stack: Partial<Stack> = {},
): Promise<Float64Array> {
  const own = { width: 4, entry, recenter: false, residual: preLn, blocks: [], ...stack };
  const spec: ModelSpec = { stacks: { only: own }, heads: [] };
  const model = { spec, tensors: memoryTensors(store.tensors) };
  return (await runModel(float64, model, inputs)).outputs["only"]!.values;
}

const tokens = [3, 0, 3, 5];

/** A vocabulary of six, and four positions behind two rows that are never read (OPT). */
function tokenEntry(store: Store, width = 4): { entry: Entry; expected: number[][] } {
  const [table, positions] = [store.matrix(6, width), store.matrix(6, width)];
  store.keepMatrix("tokens", table);
  store.keepMatrix("positions", positions);
  return {
    entry: {
      kind: "tokens",
      tokens: { table: "tokens" },
      scale: 2,
      positions: { table: "positions" },
      offset: 2,
    },
    expected: addRows(mapRows(tokens.map((id) => table[id]!), (v) => 2 * v), positions.slice(2)),
  };
}

Deno.test("runModel() starts with scaled tokens and shifted positions", async () => {
  const store = new Store(1);
  const { entry, expected } = tokenEntry(store);
  assertClose(await entered(store, entry, { tokens }), expected.flat(), limit, "stream");
});

Deno.test("runModel() norms the entry, subtracts the mean, and cuts it for CRMSNorm", async () => {
  const store = new Store(2);
  const { entry, expected } = tokenEntry(store, 5);
  const { site, plain } = store.norm("entry", "layer", 5);
  const centered = plainNorm(plain, expected).map((row) => row.map((v) => v - mean(row)));
  const final: NormSpec = { kind: "crms", eps: 1e-3, gain: "none", bias: "none" };
  const compressed = plainNorm(
    { kind: "crms", eps: 1e-3, gain: [1, 1, 1, 1], bias: [0, 0, 0, 0] },
    centered.map((row) => row.slice(0, 4)),
  );
  const shared = { entryNorm: site, recenter: true };
  const whole = await entered(store, entry, { tokens }, { width: 5, ...shared });
  assertClose(whole, centered.flat(), limit, "centered");
  const cut = await entered(store, entry, { tokens }, { width: 4, ...shared, final });
  assertClose(cut, compressed.flat(), limit, "compressed");
});

/** An image of two channels, 4 × 6, in 2 × 3 patches. */
const shape = [2, 4, 6] as const;

/** Each patch as it is written in a convolution's kernel, from the definition of a convolution. */
function patchesOf(pixels: readonly number[], w: Rows, b: readonly number[]): number[][] {
  return [0, 1, 2, 3, 4, 5].map((patch) =>
    w.map((kernel, output) => {
      let sum = b[output]!;
      for (let c = 0; c < 2; c++) {
        for (let y = 0; y < 2; y++) {
          for (let x = 0; x < 2; x++) {
            const [row, column] = [2 * Math.floor(patch / 3) + y, 2 * (patch % 3) + x];
            sum += kernel[c * 4 + y * 2 + x]! * pixels[c * 24 + row * 6 + column]!;
          }
        }
      }
      return sum;
    })
  );
}

/** An entry of patches behind two tokens, with registers. */
function imageEntry(store: Store, positioned: 6 | 8): {
  entry: Extract<Entry, { kind: "patches" }>;
  pixels: number[];
  expected: number[][];
} {
  const pixels = store.row(48);
  const kernel = store.affine(4, 8);
  const patches = store.linear("patches", "out-in", [kernel]);
  store.tensors["patches.weight"] = { shape: [4, 2, 2, 2], values: kernel.w.flat() };
  const [first, second, registers] = [store.row(4), store.row(4), store.matrix(3, 4)];
  const positions = store.matrix(positioned, 4);
  store.tensors["class"] = { shape: [1, 1, 4], values: first };
  store.keep("distillation", second);
  store.tensors["registers"] = { shape: [1, 3, 4], values: registers.flat() };
  store.tensors["positions"] = { shape: [1, positioned, 4], values: positions.flat() };
  const rows = patchesOf(pixels, kernel.w, kernel.b);
  const [start, ...others] = positioned === 8
    ? addRows([first, second, ...rows], positions)
    : [first, second, ...addRows(rows, positions)];
  return {
    entry: {
      kind: "patches",
      patches,
      patchSize: 2,
      channels: 2,
      imageSize: [4, 4],
      before: [{ table: "class" }, { table: "distillation" }],
      registers: { table: "registers" },
      positions: { table: "positions" },
    },
    pixels,
    expected: [start!, ...registers, ...others],
  };
}

for (const positioned of [6, 8] as const) {
  Deno.test(`runModel() starts with patches and ${positioned} positions`, async () => {
    const store = new Store(3);
    const { entry, pixels, expected } = imageEntry(store, positioned);
    const inputs = { pixels: { shape, values: Float64Array.from(pixels) } };
    assertClose(await entered(store, entry, inputs), expected.flat(), limit, "stream");
  });
}

/** GELU of a convolution of width 3 over [channels][time], from its definition. */
function convolved(x: Rows, w: Rows, b: readonly number[], stride: number): number[][] {
  const length = Math.floor((x[0]!.length - 1) / stride) + 1;
  return w.map((kernel, output) =>
    Array.from({ length }, (_, t) => {
      let sum = b[output]!;
      for (const [channel, row] of x.entries()) {
        for (let tap = 0; tap < 3; tap++) {
          sum += kernel[channel * 3 + tap]! * (row[t * stride + tap - 1] ?? 0);
        }
      }
      return gelu(sum, "none");
    })
  );
}

for (const frames of [7, 8]) {
  Deno.test(`runModel() starts with ${frames} frames of a sound`, async () => {
    const store = new Store(4);
    const [first, second] = [store.affine(5, 6), store.affine(4, 15)];
    const [features, positions] = [store.matrix(2, frames), store.matrix(9, 4)];
    const convolution = (name: string, affine: typeof first, stride: number): Convolution => ({
      linear: store.linear(name, "out-in", [affine]),
      width: 3,
      stride,
      padding: [1, 1],
      groups: 1,
      activation: "gelu",
    });
    const entry: Entry = {
      kind: "audio",
      input: "features",
      convolutions: [convolution("first", first, 1), convolution("second", second, 2)],
      channels: 2,
      positions: { table: "positions" },
    };
    store.tensors["first.weight"] = { shape: [5, 2, 3], values: first.w.flat() };
    store.tensors["second.weight"] = { shape: [4, 5, 3], values: second.w.flat() };
    store.keepMatrix("positions", positions);
    const x = convolved(convolved(features, first.w, first.b, 1), second.w, second.b, 2);
    const expected = x[0]!.map((_, t) =>
      zip(x.map((row) => row[t]!), positions[t]!, (a, b) => a + b)
    );
    assertEquals(expected.length, 4);
    const values = Float64Array.from(features.flat());
    const found = await entered(store, entry, { features: { shape: [2, frames], values } });
    // the reference's GELU is good to 1e-11
    assertClose(found, expected.flat(), 1e-10, "stream");
  });
}

Deno.test("runModel() refuses inputs that do not fit", async () => {
  const text = new Store(5);
  const { entry } = tokenEntry(text);
  for (const wrong of [[], [6], [-1], [0.5], [0, 0, 0, 0, 0]]) {
    await assertRejects(() => entered(text, entry, { tokens: wrong }), RangeError, "Cannot use ");
  }
  await assertRejects(
    () => entered(text, entry, {}),
    RangeError,
    "Cannot run without an input: this model reads tokens",
  );
  await assertRejects(
    () => entered(text, entry, { tokens }, { width: 3 }),
    RangeError,
    "Cannot read vectors of 3 numbers from tokens: its shape is [6, 4]",
  );
  const image = new Store(6);
  const { entry: patches } = imageEntry(image, 8);
  for (const wrong of [[3, 4, 6], [2, 5, 6], [2, 4, 5], [2, 24], [2, 8, 6], [2, 4, 4]]) {
    const values = new Float64Array(wrong.reduce((product, size) => product * size, 1));
    const pixels = { shape: wrong, values };
    await assertRejects(() => entered(image, patches, { pixels }), RangeError, "Cannot ");
  }
});

Deno.test("runModel() refuses sounds that are too short, and images without positions that are not the model's", async () => {
  const store = new Store(7);
  const kernel = store.affine(4, 10);
  store.tensors["kernel.weight"] = { shape: [4, 1, 10], values: kernel.w.flat() };
  const sound: Entry = {
    kind: "audio",
    input: "waveform",
    channels: 1,
    convolutions: [{
      linear: { weight: "kernel.weight", bias: "none", layout: "out-in" },
      width: 10,
      stride: 5,
      padding: [0, 0],
      groups: 1,
      activation: "relu",
    }],
  };
  const waveform = (length: number) => ({ shape: [length], values: new Float64Array(length) });
  assertEquals((await entered(store, sound, { waveform: waveform(15) })).length, 8);
  await assertRejects(
    () => entered(store, sound, { waveform: waveform(9) }),
    RangeError,
    "Cannot read a sound of 9 frames with kernel.weight: it reads 10 at a time",
  );
  const image = new Store(8);
  const { entry: { positions: _, ...entry } } = imageEntry(image, 8);
  const values = new Float64Array(48);
  await assertRejects(
    () => entered(image, entry, { pixels: { shape, values } }),
    RangeError,
    "Cannot place 6 patches: an input of 4 × 4 has 4",
  );
});

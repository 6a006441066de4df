import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { fromHalves, toHalves } from "../../../lib/checkpoint/float16.ts";
import { readAll } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { KernelUnavailableError } from "../../../lib/kernels/half.ts";
import { fromHalf, type Half, halfNorm, halfNormGradient, toHalf } from "../../../lib/ops/half.ts";
import { backends, onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { type Given, tensorOf } from "../../support/evaluate.ts";
import { floats, kernelCase } from "../../support/kernels.ts";
import { tolerance } from "../../support/tolerances.ts";
import { kinds, normCases } from "../kernels/norm_cases.ts";

/** Registers a test where halves can be stored. */
function onHalves(name: string, body: () => Promise<void>): void {
  if (backends.includes("webgpu")) Deno.test(name, () => onBackend("webgpu", body));
}

/** Numbers rounded to halves. */
const halvesOf = (values: Iterable<number>): Float64Array =>
  fromHalves(toHalves(Float64Array.from(values)));

const rounded = ({ shape, values }: Given): Given => ({
  shape,
  values: halvesOf(Array.from(values)),
});

/** The largest rounding error of these numbers as halves, relative to the largest, and as much again for float32's. */
function limitOf(values: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(values, Math.abs));
  return 2 ** -11 + 2 ** -25 / largest + 1e-5;
}

async function numbers(...tensors: (Half | Tensor)[]): Promise<Float32Array[]> {
  const single = tensors.map((each) => "bits" in each ? fromHalf(each) : each);
  const values = await readAll(single);
  tf.dispose([single, tensors.map((each) => "bits" in each ? each.bits : each)]);
  return values as Float32Array[];
}

onHalves("toHalf() rounds to the nearest half, down to the smallest", async () => {
  const ordinary = floats([256], 1, { spread: 100 }).values;
  const tiny = floats([256], 2, { spread: 2 ** -13 }).values;
  const values = [
    ...Array.from(ordinary),
    ...Array.from(tiny),
    1,
    -2,
    65504,
    -65504,
    0,
    60000,
    2.5,
    -0.1,
  ];
  const x = tensorOf({ shape: [values.length / 4, 4], values });
  const [found] = await numbers(toHalf(x));
  x.dispose();
  assertClose(found!, halvesOf(values), 0, "halves");
});

onHalves("toHalf() takes half the memory and keeps the shape", async () => {
  const x = tf.ones([3, 5, 8]);
  const half = toHalf(x);
  assertEquals([half.shape, half.bits.shape, half.bits.dtype], [[3, 5, 8], [3, 5, 4], "int32"]);
  const back = fromHalf(half);
  assertEquals(back.shape, [3, 5, 8]);
  await back.data();
  tf.dispose([x, half.bits, back]);
});

onHalves("toHalf() makes the largest half of what is larger", async () => {
  const x = tf.tensor1d([1e6, -1e6, 70000, 65504]);
  const [found] = await numbers(toHalf(x));
  x.dispose();
  assertEquals(Array.from(found!), [65504, -65504, 65504, 65504]);
});

for (const kind of kinds) {
  for (const [what, spread] of [["ordinary", 1], ["large", 6e4]] as const) {
    onHalves(
      `halfNorm() and its gradient of ${what} numbers are the ${kind} oracle's`,
      async () => {
        for (const width of [4, 128, 516, 1028]) {
          const shape = [37, width];
          const cases = normCases({ kind, shape, x: rounded(floats(shape, 1, { spread })) });
          const [dyGiven, xGiven, gainGiven] = cases.gradient.inputs;
          const through = [rounded(dyGiven!), xGiven!, gainGiven!];
          const gradient = kernelCase("NormkitNormGradient", through, {
            kind,
            eps: 1e-5,
            gain: true,
            bias: true,
          });
          const [dy, x, gain, bias] = [...through, cases.norm.inputs[2]!].map(tensorOf);
          const options = { kind, gain: gain!, bias: bias! };
          const halves = { dy: toHalf(dy!), x: toHalf(x!) };
          const y = halfNorm(halves.x, options);
          const { dx, dGain, dBias } = halfNormGradient(halves.dy, halves.x, options);
          const found = await numbers(y, dx, dGain!, dBias!);
          tf.dispose([dy!, x!, gain!, bias!, halves.dy.bits, halves.x.bits]);
          const expected = [...cases.norm.expected(), ...gradient.expected()];
          expected.forEach(({ values }, at) => {
            const limit = at < 2 ? limitOf(values) : tolerance("webgpu", "kernel");
            assertClose(found[at]!, values, limit, `${kind}, width ${width}, output ${at}`);
          });
        }
      },
    );
  }
}

onHalves("toHalf() and halfNormGradient() refuse what does not fit", () => {
  const [odd, whole, x] = [tf.ones([2, 6]), tf.ones([4], "int32"), tf.ones([2, 8])];
  const scalar = tf.scalar(1);
  assertThrows(
    () => toHalf(odd),
    RangeError,
    "Cannot store x of shape [2, 6] in halves: its last axis must be a multiple of 4",
  );
  assertThrows(() => toHalf(scalar), RangeError, "Cannot store x of shape []");
  assertThrows(
    () => toHalf(whole),
    TypeError,
    "Cannot use x of dtype int32: it must be float32",
  );
  const half = toHalf(x);
  assertThrows(
    () => halfNormGradient({ ...half, shape: [4, 4] }, half, { kind: "rms" }),
    RangeError,
    "Cannot differentiate with dy of shape [4, 4] and x of shape [2, 8]: they must be equal",
  );
  tf.dispose([odd, whole, x, scalar, half.bits]);
  return Promise.resolve();
});

for (const backend of backends.filter((name) => name !== "webgpu")) {
  Deno.test(`toHalf() says that ${backend} does not have it`, () =>
    onBackend(backend, () => {
      const x = tf.ones([4]);
      assertThrows(
        () => toHalf(x),
        KernelUnavailableError,
        `Cannot run NormkitToHalf: the ${backend} backend in use does not have it. ` +
          'Use "webgpu" with fused kernels',
      );
      x.dispose();
    }));
}

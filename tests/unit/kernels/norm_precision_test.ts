// Hard inputs of the norm kernels: large means, outliers, NaN and infinity.

import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { assertClose } from "../../support/close.ts";
import { type Given, numbersOf, tensorOf } from "../../support/evaluate.ts";
import { assertKernel, floats, onEachBackendWith, outputsOf } from "../../support/kernels.ts";
import { tolerance } from "../../support/tolerances.ts";
import { kinds, normCases } from "./norm_cases.ts";

const widths = [64, 768, 1023];

/** The largest difference, relative to the largest expected magnitude. */
function errorOf(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  const largest = Math.max(...Array.from(expected, Math.abs));
  return Math.max(...Array.from(found, (v, at) => Math.abs(v - expected[at]!))) / largest;
}

/** LayerNorm as tfjs users write it. */
async function byMoments(x: Given, eps: number): Promise<number[]> {
  const [y] = await numbersOf(() => {
    const input = tensorOf(x);
    const { mean, variance } = tf.moments(input, -1, true);
    return [tf.mul(tf.sub(input, mean), tf.rsqrt(tf.add(variance, eps)))];
  });
  return y!;
}

/** LayerNorm of numbers around a large mean. The branch is of whole numbers, so that the sum with the stream is exact. */
const centered = [1e3, 1e5].flatMap((center) =>
  widths.map((width) => {
    const shape = [5, width];
    const branch = {
      shape,
      values: Array.from(floats(shape, 2, { spread: 8 }).values, Math.round),
    };
    return normCases({ kind: "layer", shape, x: floats(shape, 1, { center }), branch, alpha: 1 });
  })
);

onEachBackendWith(
  ["NormkitNorm"],
  "NormkitNorm at means 1e3 and 1e5 has a tenth of the error of tf.moments at 1e3",
  async (backend) => {
    const plain = { kind: "layer", eps: 1e-5, gain: false, bias: false } as const;
    for (const width of widths) {
      const given = [1e3, 1e5].map((center) => floats([5, width], width, { center }));
      const cases = given.map((x) => normCases({ ...plain, shape: [5, width], x }).norm);
      const expected = cases.map((each) => each.expected()[0]!.values);
      const limit = errorOf(await byMoments(given[0]!, 1e-5), expected[0]!) / 10;
      for (const [at, each] of cases.entries()) {
        const [y] = await outputsOf(backend, each);
        const error = errorOf(y!.values, expected[at]!);
        assert(error <= limit, `width ${width}, mean ${[1e3, 1e5][at]}: ${error} of ${limit}`);
      }
    }
  },
);

for (const key of ["norm", "gradient", "add", "addGradient"] as const) {
  const { name } = centered[0]![key];
  onEachBackendWith([name], `${name} at means 1e3 and 1e5 keeps its digits`, async (backend) => {
    for (const cases of centered) await assertKernel(backend, cases[key], "kernel at a large mean");
  });

  onEachBackendWith(
    [name],
    `${name} keeps its digits beside an outlier of 1e4`,
    async (backend) => {
      for (const kind of kinds) {
        const width = kind === "rms" ? 768 : 301;
        for (const place of [0, width >> 1, width - 2]) {
          const x = floats([3, width], width);
          const values = Float32Array.from(x.values);
          values[place] = 1e4;
          values[2 * width + place] = -1e4;
          const given = normCases({ kind, shape: x.shape, x: { ...x, values } })[key];
          await assertKernel(backend, given, "kernel beside an outlier");
        }
      }
    },
  );
}

onEachBackendWith(
  ["NormkitNorm"],
  "NormkitNorm keeps the digits of the small values in a row with an outlier",
  async (backend) => {
    for (const kind of kinds) {
      for (const place of [0, 300, 766]) {
        const x = Float32Array.from(floats([768], 11).values);
        x[place] = 1e4;
        const plain = { gain: false, bias: false };
        const given = normCases({ kind, shape: [768], x: { shape: [768], values: x }, ...plain });
        const [y] = await outputsOf(backend, given.norm);
        const small = (values: ArrayLike<number>): number[] =>
          Array.from(values).filter((_, at) => at !== place);
        const expected = small(given.norm.expected()[0]!.values);
        const limit = tolerance(backend, "kernel beside an outlier");
        assertClose(small(y!.values), expected, limit, `${kind}, outlier at ${place}`);
      }
    }
  },
);

/** Which numbers are finite, infinite or NaN. A padding lane, the last of a row, is not asked. */
const kindsOf = (values: ArrayLike<number>, width: number): string[] =>
  Array.from(values, (v, at) => Number.isFinite(v) || at % width === width - 1 ? "-" : String(v));

for (const bad of [NaN, Infinity, -Infinity]) {
  onEachBackendWith(
    ["NormkitNorm", "NormkitNormGradient"],
    `NormkitNorm and its gradient keep ${bad} in its row`,
    async (backend) => {
      for (const kind of kinds) {
        for (const width of [5, 64]) {
          const x = floats([9, width], width);
          const values = Float32Array.from(x.values);
          values[4 * width + 2] = bad;
          const { norm, gradient } = normCases({
            kind,
            shape: x.shape,
            x: { ...x, values },
            gain: false,
            bias: false,
          });
          for (const given of [norm, gradient]) {
            const [found] = await outputsOf(backend, given);
            const expected = given.expected()[0]!;
            const asked = kind === "crms-padded" ? width : Infinity;
            assertEquals(
              kindsOf(found!.values, asked),
              kindsOf(expected.values, asked),
              `${kind} ${given.name}`,
            );
            const others = (list: ArrayLike<number>): number[] =>
              Array.from(list).filter((_, at) => Math.floor(at / width) !== 4);
            const limit = tolerance(backend, "kernel");
            assertClose(others(found!.values), others(expected.values), limit, "other rows");
          }
        }
      }
    },
  );
}

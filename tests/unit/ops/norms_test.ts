// layerNorm(), rmsNorm() and crmsNorm() against the float64 oracles, and their bad input.

import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { crmsNorm, layerNorm, type NormOptions, rmsNorm } from "../../../lib/ops/mod.ts";
import { differences } from "../../reference/differences.ts";
import { norm, normGrad, type NormKind } from "../../reference/norms.ts";
import { randomRow, randomRows, uniform } from "../../reference/random.ts";
import { dot } from "../../reference/rows.ts";
import { inBothForms, onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, pull, tensorOf, vectorOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";

const functions: Readonly<Record<NormKind, (x: Tensor, options?: NormOptions) => Tensor>> = {
  layer: layerNorm,
  rms: rmsNorm,
  crms: crmsNorm,
};
const kinds = ["layer", "rms", "crms"] as const;
const shapes: readonly (readonly number[])[] = [[1], [7], [1023], [3, 1], [5, 2], [2, 3, 8], [
  2,
  1,
  3,
  33,
], [3, 1023]];
const float32 = (row: readonly number[]): number[] => row.map(Math.fround);

for (const kind of kinds) {
  inBothForms(
    `${kind} norm and its gradients agree with the oracle at every shape`,
    async (backend) => {
      for (const [index, shape] of shapes.entries()) {
        for (const eps of [1e-5, 0.3]) {
          const next = uniform(100 + index);
          const width = shape.at(-1)!;
          const count = shape.slice(0, -1).reduce((product, length) => product * length, 1);
          const x = randomRows(next, count, width).map(float32);
          const dy = randomRows(next, count, width).map(float32);
          const gain = float32(randomRow(next, width).map((value) => value + 1.5));
          const bias = float32(randomRow(next, width));
          const { value, gradients } = await pull(
            (x, gain, bias) => functions[kind](x!, { gain: gain!, bias: bias!, eps }),
            [{ shape, values: x.flat() }, vectorOf(gain), vectorOf(bias)],
            dy.flat(),
          );
          const where = `of [${shape}], eps ${eps}`;
          const expected = x.flatMap((row) => norm(kind, row, { gain, bias, eps }));
          assertClose(value, expected, tolerance(backend, "value"), `value ${where}`);
          const { dx, dGain, dBias } = normGrad(kind, x, dy, { gain, eps });
          const limit = tolerance(backend, "gradient");
          // one or two numbers are normed to ±1 up to ε: a gradient of about ε is what float32 leaves of equal terms
          const cancels = width <= 2 && eps < 0.1;
          if (!cancels) assertClose(gradients[0]!, dx.flat(), limit, `gradient to x ${where}`);
          assertClose(gradients[1]!, dGain, limit, `gradient to gain ${where}`);
          assertClose(gradients[2]!, dBias, limit, `gradient to bias ${where}`);
        }
      }
    },
  );

  inBothForms(
    `${kind} norm takes gain and bias each alone, or neither, with ε = 1e-5`,
    async (backend) => {
      const next = uniform(7);
      const [x, gain, bias] = [0, 1, 2].map(() => float32(randomRow(next, 9)));
      for (const given of [{}, { gain: gain! }, { bias: bias! }]) {
        const [value] = await numbersOf(() => {
          const tensors = Object.entries(given).map((
            [name, row],
          ) => [name, tensorOf(vectorOf(row))]);
          return [functions[kind](tensorOf(vectorOf(x!)), Object.fromEntries(tensors))];
        });
        const expected = norm(kind, x!, { ...given, eps: 1e-5 });
        assertClose(value!, expected, tolerance(backend, "value"), Object.keys(given).join());
      }
    },
  );

  inBothForms(
    `${kind} norm subtracts no mean squares: at mean 1000 it keeps its digits`,
    async (backend) => {
      const x = float32(randomRow(uniform(9), 64).map((value) => 1000 + value));
      const [value] = await numbersOf(() => [functions[kind](tensorOf(vectorOf(x)))]);
      const expected = norm(kind, x, { eps: 1e-5 });
      assertClose(value!, expected, tolerance(backend, "value at mean 1000"), "value");
    },
  );

  Deno.test(`${kind} norm has a gradient of its gradient, as differences of the oracle's`, () =>
    onBackend("cpu", async () => {
      const next = uniform(13);
      const [x, dy, gain, v] = [0, 1, 2, 3].map(() => float32(randomRow(next, 6))) as number[][];
      const eps = 0.05;
      const [found] = await numbersOf(() => {
        const [dyT, gainT, vT] = [dy!, gain!, v!].map((row) => tensorOf(vectorOf(row)));
        const objective = (x: Tensor): Tensor =>
          tf.sum(tf.mul(dyT!, functions[kind](x, { gain: gainT!, eps })));
        const along = (x: Tensor): Tensor => tf.sum(tf.mul(vT!, tf.grad(objective)(x)));
        return [tf.grad(along)(tensorOf(vectorOf(x!)))];
      });
      const expected = differences((at) => {
        const { dx } = normGrad(kind, [Array.from(at)], [dy!], { gain: gain!, eps });
        return dot(dx[0]!, v!);
      }, x!);
      assertClose(found!, expected, tolerance("cpu", "second derivative"), "gradient of gradient");
    }));

  Deno.test(`${kind} norm refuses what does not fit, naming the value and the allowed one`, () =>
    onBackend("cpu", () => {
      const f = functions[kind];
      tf.tidy(() => {
        const x = tf.ones([2, 8]);
        const cases: readonly (readonly [() => Tensor, string])[] = [
          [
            () => f(x, { gain: tf.ones([4]) }),
            "Cannot normalize x of shape [2, 8] with a gain of length 4: the last axis must match",
          ],
          [
            () => f(x, { bias: tf.ones([9]) }),
            "Cannot normalize x of shape [2, 8] with a bias of length 9: the last axis must match",
          ],
          [
            () => f(x, { gain: tf.ones([1, 8]) }),
            "Cannot normalize with a gain of shape [1, 8]: it must be [8]",
          ],
          [() => f(x, { bias: tf.scalar(1) }), "a bias of shape []: it must be [8]"],
          [() => f(tf.scalar(1)), "x of shape []: it must have a last axis of length ≥ 1"],
          [() => f(tf.zeros([3, 0])), "x of shape [3, 0]: it must have a last axis of length ≥ 1"],
          ...[0, -1e-5, NaN, Infinity].map((eps) =>
            [() => f(x, { eps }), `eps = ${eps}: it must be a finite number > 0`] as const
          ),
          ...[1e-46, 1e-39, 1e39].map((eps) =>
            [
              () => f(x, { eps }),
              `eps = ${eps}: it must be a number that single precision holds, ≥ 1.1754943508222875e-38`,
            ] as const
          ),
        ];
        for (const [call, message] of cases) assertThrows(call, RangeError, message);
        assertThrows(() => f(tf.ones([8], "int32")), TypeError, "dtype int32: it must be float32");
      });
    }));
}

Deno.test("crmsNorm() divides by its width + 1", () =>
  onBackend("cpu", async () => {
    const [value] = await numbersOf(() => [crmsNorm(tf.tensor1d([3]), { eps: 1e-12 })]);
    assertClose(value!, [1], tolerance("cpu", "value"), "3 of (3, −3)");
    assertEquals(value!.length, 1);
  }));

inBothForms(
  "the norms of rows whose squares single precision does not hold are the bias",
  async () => {
    // a row a thread, several a team, vectors of four numbers or of one
    for (const shape of [[4], [5], [3, 4], [4, 33], [5, 64], [2, 1021]]) {
      const width = shape.at(-1)!;
      const x = {
        shape,
        values: randomRow(uniform(width), shape.reduce((size, n) => size * n, 1))
          .map((value) => Math.sign(value) * 1e20 * (1 + Math.abs(value))),
      };
      for (const kind of kinds) {
        const { value, gradients } = await pull(
          (x, gain, bias) => functions[kind](x!, { gain: gain!, bias: bias! }),
          [x, vectorOf(Array(width).fill(2)), vectorOf(Array(width).fill(3))],
          Array(x.values.length).fill(1),
        );
        const what = `${kind} of [${shape}]`;
        assertEquals(value, Array(value.length).fill(3), what);
        assertEquals(gradients[0]!.map(Math.abs), Array(value.length).fill(0), what);
        assertEquals(gradients[1]!.map(Math.abs), Array(width).fill(0), what);
      }
    }
  },
);

inBothForms("layerNorm() of large numbers that are near to each other loses nothing", async () => {
  for (const rows of [1, 2, 4]) {
    const row = [0, 1, 2, 3].map((step) => Math.fround(1e20 * (1 + step * 2 ** -10)));
    const [found] = await numbersOf(() => [
      layerNorm(tensorOf({ shape: [rows, 4], values: Array(rows).fill(row).flat() })),
    ]);
    const expected = norm("layer", row, { eps: 1e-5 });
    assertClose(found!, Array(rows).fill(expected).flat(), 1e-3, `${rows} rows`);
  }
});

inBothForms("norms with the least ε are 0 where x is", async () => {
  for (const kind of kinds) {
    const { value, gradients } = await pull(
      (x) => functions[kind](x!, { eps: 2 ** -126 }),
      [{ shape: [2, 5], values: Array(10).fill(0) }],
      Array(10).fill(0),
    );
    assertEquals([...value, ...gradients[0]!], Array(20).fill(0), kind);
  }
});

// linear(), norm(), attention() and feedForward() against plain float64 arithmetic.

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree, Random } from "../../../lib/core/mod.ts";
import {
  attention,
  feedForward,
  initAttention,
  initFeedForward,
  initMatrix,
  initNorm,
  linear,
  norm,
} from "../../../lib/layers/mod.ts";
import { norm as normOf } from "../../reference/norms.ts";
import { randomRows, uniform } from "../../reference/random.ts";
import { addRows, mapRows, matmul, type Rows, transpose, zipRows } from "../../reference/rows.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { matrixOf, numbersOf, tensorOf, vectorOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";

const rows = (seed: number, count: number, width: number): number[][] =>
  mapRows(randomRows(uniform(seed), count, width), Math.fround);
const row = (seed: number, width: number): number[] => rows(seed, 1, width)[0]!;
const affine = (x: Rows, w: Rows, b: readonly number[]): number[][] =>
  addRows(matmul(x, w), x.map(() => b));

onEachBackend("linear() is x W + b, and x W without a bias", async (backend) => {
  const [x, w, b] = [rows(1, 3, 4), rows(2, 4, 5), row(3, 5)];
  const [withBias, without] = await numbersOf(() => {
    const [xT, wT, bT] = [tensorOf(matrixOf(x)), tensorOf(matrixOf(w)), tensorOf(vectorOf(b))];
    return [linear(xT, wT, bT), linear(xT, wT)];
  });
  assertClose(withBias!, affine(x, w, b).flat(), tolerance(backend, "value"), "with bias");
  assertClose(without!, matmul(x, w).flat(), tolerance(backend, "value"), "without bias");
});

Deno.test("initMatrix() draws normal numbers of its standard deviation, the same by seed", () =>
  onBackend("cpu", async () => {
    const [once, again] = await numbersOf(() =>
      [1, 1].map((seed) => initMatrix(new Random(seed), [60, 70], 0.3))
    );
    assertEquals(once, again);
    const std = Math.sqrt(once!.reduce((sum, value) => sum + value * value, 0) / once!.length);
    assertClose([std], [0.3], 4.5 / Math.sqrt(2 * once!.length), "standard deviation");
  }));

Deno.test("initNorm() starts at gain 1, or a constant, and bias 0", () =>
  onBackend("cpu", async () => {
    const [gain, bias, scaled] = await numbersOf(() => {
      const plain = initNorm(3, { bias: true });
      return [plain.gain, plain.bias!, initNorm(3, { bias: false, gain: 0.5 }).gain];
    });
    assertEquals([gain, bias, scaled], [[1, 1, 1], [0, 0, 0], [0.5, 0.5, 0.5]]);
    const bare = initNorm(3, { bias: false });
    assertEquals(Object.keys(bare), ["gain"]);
    disposeTree(bare);
  }));

onEachBackend("norm() applies its kind with its gain, bias and ε", async (backend) => {
  const [x, gain, bias] = [row(4, 9), row(5, 9), row(6, 9)];
  for (const kind of ["layer", "rms", "crms"] as const) {
    for (const eps of [1e-5, 0.4]) {
      const [value] = await numbersOf(() => {
        const parameters = { gain: tensorOf(vectorOf(gain)), bias: tensorOf(vectorOf(bias)) };
        return [norm(parameters, tensorOf(vectorOf(x)), { kind, eps })];
      });
      const expected = normOf(kind, x, { gain, bias, eps });
      assertClose(value!, expected, tolerance(backend, "value"), `${kind}, ε ${eps}`);
    }
  }
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const times = (a: Rows, b: Rows): number[][] =>
  zipRows(a, b, (u, v) => u.map((value, at) => value * v[at]!));

onEachBackend(
  "feedForward() is φ(x W₁ + b₁) W₂ + b₂, or gated, its inner norm before W₂",
  async (backend) => {
    const [x, w1, w3, w2] = [rows(7, 6, 4), rows(8, 4, 5), rows(9, 4, 5), rows(10, 5, 4)];
    const [b1, b3, b2] = [row(11, 5), row(12, 5), row(13, 4)];
    const first = affine(x, w1, b1);
    const hidden = {
      relu: mapRows(first, (value) => Math.max(0, value)),
      swiglu: times(mapRows(first, (value) => value * sigmoid(value)), affine(x, w3, b3)),
    };
    for (const activation of ["relu", "swiglu"] as const) {
      const [plain, inner] = await numbersOf(() => {
        const parameters = {
          w1: tensorOf(matrixOf(w1)),
          w2: tensorOf(matrixOf(w2)),
          b1: tensorOf(vectorOf(b1)),
          b2: tensorOf(vectorOf(b2)),
          ...(activation === "swiglu"
            ? { w3: tensorOf(matrixOf(w3)), b3: tensorOf(vectorOf(b3)) }
            : {}),
        };
        const xT = tensorOf({ shape: [2, 3, 4], values: x.flat() });
        return [
          feedForward(parameters, xT, { activation }),
          feedForward(parameters, xT, { activation, inner: (h) => tf.mul(h, 3) }),
        ];
      });
      const limit = tolerance(backend, "value");
      assertClose(plain!, affine(hidden[activation], w2, b2).flat(), limit, activation);
      const tripled = mapRows(hidden[activation], (value) => 3 * value);
      assertClose(inner!, affine(tripled, w2, b2).flat(), limit, `${activation} with inner`);
    }
  },
);

/** Causal attention of one row of the batch, head by head, in plain loops. */
function attended(q: Rows, k: Rows, v: Rows, heads: number): number[][] {
  const width = q[0]!.length / heads;
  const slice = (x: Rows, h: number): number[][] =>
    x.map((values) => values.slice(h * width, (h + 1) * width));
  const perHead = Array.from({ length: heads }, (_, h) => {
    const scores = matmul(slice(q, h), transpose(slice(k, h)));
    const pattern = scores.map((values, t) => {
      const powers = values.map((s, u) => u > t ? 0 : Math.exp(s / Math.sqrt(width)));
      const total = powers.reduce((sum, power) => sum + power, 0);
      return powers.map((power) => power / total);
    });
    return matmul(pattern, slice(v, h));
  });
  return q.map((_, t) => perHead.flatMap((head) => head[t]!));
}

onEachBackend(
  "attention() is causal softmax attention by heads, its inner norm before W_O",
  async (backend) => {
    const [batch, length, width] = [2, 5, 6];
    const x = rows(14, batch * length, width);
    const [wq, wk, wv, wo] = [15, 16, 17, 18].map((seed) => rows(seed, width, width));
    const [bq, bk, bv, bo] = [19, 20, 21, 22].map((seed) => row(seed, width));
    for (const heads of [1, 3]) {
      const joined = Array.from({ length: batch }, (_, at) => {
        const own = x.slice(at * length, (at + 1) * length);
        return attended(affine(own, wq!, bq!), affine(own, wk!, bk!), affine(own, wv!, bv!), heads);
      }).flat();
      const [plain, inner] = await numbersOf(() => {
        const matrix = (w: Rows) => tensorOf(matrixOf(w));
        const vector = (b: readonly number[]) => tensorOf(vectorOf(b));
        const parameters = {
          wq: matrix(wq!),
          wk: matrix(wk!),
          wv: matrix(wv!),
          wo: matrix(wo!),
          bq: vector(bq!),
          bk: vector(bk!),
          bv: vector(bv!),
          bo: vector(bo!),
        };
        const xT = tensorOf({ shape: [batch, length, width], values: x.flat() });
        const options = { heads, rotary: false };
        return [
          attention(parameters, xT, options),
          attention(parameters, xT, { ...options, inner: (h) => tf.mul(h, 2) }),
        ];
      });
      const limit = tolerance(backend, "value");
      assertClose(plain!, affine(joined, wo!, bo!).flat(), limit, `${heads} heads`);
      const doubled = mapRows(joined, (value) => 2 * value);
      assertClose(inner!, affine(doubled, wo!, bo!).flat(), limit, `${heads} heads with inner`);
    }
  },
);

Deno.test("initAttention() and initFeedForward() ask for each matrix's standard deviation by name", () =>
  onBackend("cpu", async () => {
    const asked: string[] = [];
    const std = (matrix: string): number => {
      asked.push(matrix);
      return 0.1;
    };
    const random = new Random(1);
    const first = initAttention(random, 4, { std, bias: true });
    const options = { activation: "swiglu", std, bias: true } as const;
    const second = initFeedForward(random, { width: 4, hidden: 6 }, options);
    assertEquals(asked.toSorted(), ["w1", "w1", "w2", "wk", "wo", "wq", "wv"]);
    assertEquals(Object.keys(first), ["wq", "wk", "wv", "wo", "bq", "bk", "bv", "bo"]);
    assertEquals(Object.keys(second).toSorted(), ["b1", "b2", "b3", "w1", "w2", "w3"]);
    const biases = await numbersOf(() => [first.bq!, first.bo!, second.b1!, second.b3!]);
    assert(biases.flat().every((value) => value === 0));
    disposeTree([first, second]);
  }));

Deno.test("linear() refuses an input of another width", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const message = "[2, 3] by a matrix of shape [4, 5]";
      assertThrows(() => linear(tf.ones([2, 3]), tf.ones([4, 5])), RangeError, message);
    });
  }));

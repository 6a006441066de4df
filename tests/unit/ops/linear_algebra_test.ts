// matMul(), lookup(), crossEntropy(), dropout() and rotary(): values, gradients, bad input, and no leak from any op.

import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../../lib/core/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { matMuls } from "../../../lib/ops/mat_mul.ts";
import {
  crmsNorm,
  crossEntropy,
  type CrossEntropyOptions,
  dropout,
  gelu,
  gpas,
  layerNorm,
  lookup,
  matMul,
  rmsNorm,
  rotary,
  silu,
  stopGradient,
} from "../../../lib/ops/mod.ts";
import { crossEntropy as lossOf, crossEntropyGrad } from "../../reference/losses.ts";
import { randomRows, uniform } from "../../reference/random.ts";
import { addRows, mapRows, matmul, sum, transpose } from "../../reference/rows.ts";
import { inBothForms, onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { matrixOf, numbersOf, pull, tensorOf, vectorOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";

const rows = (seed: number, count: number, width: number): number[][] =>
  mapRows(randomRows(uniform(seed), count, width), Math.fround);

inBothForms("matMul() multiplies the last axis, with both gradients", async (backend) => {
  for (const lead of [[6], [2, 3], [1, 3, 2]]) {
    const [x, w, dy] = [rows(1, 6, 5), rows(2, 5, 7), rows(3, 6, 7)];
    const { value, gradients } = await pull(
      (x, w) => matMul(x!, w!),
      [{ shape: [...lead, 5], values: x.flat() }, matrixOf(w)],
      dy.flat(),
    );
    const limit = tolerance(backend, "gradient");
    assertClose(value, matmul(x, w).flat(), tolerance(backend, "value"), "value");
    assertClose(gradients[0]!, matmul(dy, transpose(w)).flat(), limit, "gradient to x");
    assertClose(gradients[1]!, matmul(transpose(x), dy).flat(), limit, "gradient to w");
  }
});

inBothForms(
  "matMuls() are the products, with all gradients, where they are joined",
  async (backend) => {
    const [x, dys] = [rows(1, 6, 5), [2, 3, 4].map((seed) => rows(seed, 6, 7))];
    const matrices = [5, 6, 7].map((seed) => rows(seed, 5, 7));
    const biases = [8, 9, 10].map((seed) => rows(seed, 1, 7)[0]!);
    const given = [{ shape: [2, 3, 5], values: x.flat() }, ...matrices.map(matrixOf)];
    const isJoined = tf.getKernel("NormkitLinear", "webgpu") !== undefined && backend === "webgpu";
    for (const bias of [true, false]) {
      const products = (x: Tensor, parameters: readonly Tensor[]): Tensor[] => {
        const [w, b] = [parameters.slice(0, 3), parameters.slice(3)];
        const joined = matMuls(x, w.map((w, at) => ({ w, bias: b[at] })));
        assertEquals(joined !== undefined, isJoined);
        return joined ?? w.map((w, at) => matMul(x, w, b[at]));
      };
      const inputs = [...given, ...(bias ? biases.map(vectorOf) : [])];
      const { value, gradients } = await pull(
        (x, ...parameters) => tf.stack(products(x!, parameters)),
        inputs,
        dys.flat(2),
      );
      const wanted = matrices.map((w, at) => {
        const product = matmul(x, w);
        return bias ? addRows(product, product.map(() => biases[at]!)) : product;
      });
      const toX = dys.map((dy, at) => matmul(dy, transpose(matrices[at]!))).reduce(addRows);
      const limit = tolerance(backend, "gradient");
      assertClose(value, wanted.flat(2), tolerance(backend, "value"), "values");
      assertClose(gradients[0]!, toX.flat(), limit, "gradient to x");
      dys.forEach((dy, at) => {
        const toW = matmul(transpose(x), dy).flat();
        assertClose(gradients[1 + at]!, toW, limit, `gradient to matrix ${at}`);
        if (!bias) return;
        assertClose(gradients[4 + at]!, transpose(dy).map(sum), limit, `gradient to bias ${at}`);
      });
    }
  },
);

inBothForms("matMuls() joins none of unlike shapes, or without a number", () =>
  tf.tidy(() => {
    const [x, w, b] = [tf.ones([2, 3]), tf.ones([3, 4]), tf.ones([4])];
    assertEquals(matMuls(x, [{ w }, { w: tf.ones([3, 5]) }]), undefined);
    assertEquals(matMuls(x, [{ w, bias: b }, { w }]), undefined);
    assertEquals(matMuls(tf.ones([0, 3]), [{ w }, { w }]), undefined);
    assertEquals(
      matMuls(tf.ones([2, 0]), [{ w: tf.ones([0, 4]) }, { w: tf.ones([0, 4]) }]),
      undefined,
    );
  }));

Deno.test("matMul() has gradients of gradients", () =>
  onBackend("cpu", async () => {
    // d/dx of ‖∂(½‖x w‖²)/∂x‖²/2 is (w wᵀ)² x
    const [x, w] = [rows(4, 1, 3), rows(5, 3, 3)];
    const [found] = await numbersOf(() => {
      const wT = tensorOf(matrixOf(w));
      const half = (y: Tensor): Tensor => tf.mul(tf.sum(tf.square(y)), 0.5);
      const slope = tf.grad((x: Tensor) => half(matMul(x, wT)));
      return [tf.grad((x: Tensor) => half(slope(x)))(tensorOf(matrixOf(x)))];
    });
    const square = matmul(w, transpose(w));
    const expected = matmul(x, matmul(square, square)).flat();
    assertClose(found!, expected, tolerance("cpu", "gradient"), "gradient of gradient");
  }));

Deno.test("matMul() refuses matrices that do not fit", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const x = tf.ones([2, 8]);
      assertThrows(
        () => matMul(x, tf.ones([7, 3])),
        RangeError,
        "[2, 8] by a matrix of shape [7, 3]",
      );
      assertThrows(() => matMul(x, tf.ones([8])), RangeError, "a matrix of shape [8]");
      assertThrows(() => matMul(tf.scalar(1), tf.ones([1, 1])), RangeError, "x of shape []");
    });
  }));

inBothForms(
  "lookup() takes rows, and sums the gradients of rows taken twice",
  async (backend) => {
    const [table, dy] = [rows(6, 5, 3), rows(7, 4, 3)];
    const ids = Int32Array.of(2, 0, 2, 4);
    const { value, gradients } = await pull(
      (table) => lookup(table!, ids),
      [matrixOf(table)],
      dy.flat(),
    );
    assertEquals(value, [...ids].flatMap((id) => table[id]!));
    const expected = table.map((row, id) =>
      row.map((_, column) => dy.reduce((sum, d, at) => ids[at] === id ? sum + d[column]! : sum, 0))
    );
    assertClose(gradients[0]!, expected.flat(), tolerance(backend, "gradient"), "gradient");
  },
);

Deno.test("lookup() refuses rows outside the table", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const table = tf.ones([5, 3]);
      for (const id of [-1, 5]) {
        const ids = Int32Array.of(0, id);
        assertThrows(() => lookup(table, ids), RangeError, `row ${id}: rows go from 0 to 4`);
      }
    });
  }));

inBothForms(
  "crossEntropy() and its gradient are the oracle's, at large logits too",
  async (backend) => {
    for (const size of [1, 200]) {
      const logits = mapRows(rows(8, 6, 5), (value) => Math.fround(size * value));
      const labels = [4, 0, 2, 2, 1, 3];
      const { value, gradients } = await pull(
        (logits) => crossEntropy(logits!, Int32Array.from(labels)),
        [{ shape: [2, 3, 5], values: logits.flat() }],
        [1],
      );
      assertClose(value, [lossOf(logits, labels)], tolerance(backend, "value"), "loss");
      const expected = crossEntropyGrad(logits, labels).flat();
      assertClose(gradients[0]!, expected, tolerance(backend, "gradient"), "gradient");
    }
  },
);

inBothForms(
  "crossEntropy() leaves rows out and smooths labels as the oracle does",
  async (backend) => {
    const logits = mapRows(rows(9, 6, 5), (value) => Math.fround(3 * value));
    const cases: readonly (readonly [labels: readonly number[], options: CrossEntropyOptions])[] = [
      [[4, -1, 2, -1, -1, 3], { ignore: -1 }],
      [[4, 0, 0, 0, 0, 3], { ignore: 0 }], // a class, as the padding of token ids is
      [[-100, -100, -100, 1, -100, -100], { ignore: -100, smoothing: 0.3 }],
      [[4, 0, 2, 2, 1, 3], { ignore: -1, smoothing: 0.1 }],
      [[4, 0, 2, 2, 1, 3], { smoothing: 1 }],
    ];
    for (const [labels, options] of cases) {
      const what = `${labels} with ${JSON.stringify(options)}`;
      const { value, gradients } = await pull(
        (logits) => crossEntropy(logits!, Int32Array.from(labels), options),
        [{ shape: [2, 3, 5], values: logits.flat() }],
        [2],
      );
      assertClose(value, [lossOf(logits, labels, options)], tolerance(backend, "value"), what);
      const expected = crossEntropyGrad(logits, labels, options).flat().map((slope) => 2 * slope);
      assertClose(gradients[0]!, expected, tolerance(backend, "gradient"), what);
    }
  },
);

inBothForms("crossEntropy() does not read rows that are left out", async () => {
  const { value, gradients } = await pull(
    (logits) => crossEntropy(logits!, Int32Array.of(-1, 1), { ignore: -1, smoothing: 0.5 }),
    [{ shape: [2, 2], values: [NaN, Infinity, 0, 0] }],
    [1],
  );
  assertAlmostEquals(value[0]!, Math.log(2), 1e-6);
  assertClose(gradients[0]!, [0, 0, 0.25, -0.25], 1e-6, "gradient");
});

Deno.test("crossEntropy() refuses labels that do not fit", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const logits = tf.ones([2, 3, 5]);
      const few = Int32Array.of(1, 2);
      assertThrows(() => crossEntropy(logits, few), RangeError, "6 rows of logits with 2 labels");
      for (const bad of [-1, 5]) {
        const labels = Int32Array.of(0, 1, 2, 3, 4, bad);
        const message = `label ${bad}: classes go from 0 to 4`;
        for (const options of [{}, { ignore: -2 }]) {
          assertThrows(() => crossEntropy(logits, labels, options), RangeError, message);
        }
      }
      const none = new Int32Array(6).fill(-1);
      const message = "the labels of all 6 are -1, which is left out";
      assertThrows(() => crossEntropy(logits, none, { ignore: -1 }), RangeError, message);
      for (const smoothing of [-0.1, 1.1, NaN]) {
        const labels = new Int32Array(6);
        const message = `smoothing = ${smoothing}: it must be a finite number ≥ 0 and ≤ 1`;
        assertThrows(() => crossEntropy(logits, labels, { smoothing }), RangeError, message);
      }
    });
  }));

inBothForms("dropout() keeps its share and the mean, and repeats by seed", async () => {
  const size = 20000;
  for (const rate of [0.1, 0.5, 0.9]) {
    const dropped = async (seed: number): Promise<number[]> =>
      (await numbersOf(() => [dropout(tf.ones([size]), rate, new Random(seed))]))[0]!;
    const values = await dropped(1);
    const kept = values.filter((value) => value !== 0);
    assert(kept.every((value) => value === Math.fround(1 / (1 - rate))));
    const spread = Math.sqrt(rate * (1 - rate) / size);
    assert(Math.abs(kept.length / size - (1 - rate)) < 4.5 * spread, `${kept.length} are kept`);
    assertEquals(await dropped(1), values);
    assertNotEquals(await dropped(2), values);
  }
});

inBothForms("dropout()'s gradient goes through what it kept", async () => {
  const { value, gradients } = await pull(
    (x) => dropout(x!, 0.5, new Random(3)),
    [{ shape: [4, 4], values: Array(16).fill(1) }],
    Array(16).fill(1),
  );
  assertEquals(gradients[0], value);
  assertEquals([...new Set(value)].sort(), [0, 2]);
});

Deno.test("dropout() at rate 0 gives x itself, and refuses a rate outside [0, 1)", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const x = tf.ones([3]);
      assertStrictEquals(dropout(x, 0, new Random(1)), x);
      for (const rate of [-0.1, 1, 1.5, NaN]) {
        assertThrows(() => dropout(x, rate, new Random(1)), RangeError, `dropout = ${rate}`);
      }
    });
  }));

/** The definition with complex numbers: coordinate i and i + K/2 of position t turn by t · base^(−2i/K). */
function turned(x: number[][], base: number): number[][] {
  return x.map((row, t) => {
    const half = row.length / 2;
    const angle = (i: number): number => t * base ** (-2 * (i % half) / row.length);
    return row.map((value, i) => {
      const other = i < half ? -row[i + half]! : row[i - half]!;
      return value * Math.cos(angle(i)) + other * Math.sin(angle(i));
    });
  });
}

inBothForms(
  "rotary() turns each pair by its angle, with the gradient turned back",
  async (backend) => {
    for (const base of [10000, 50]) {
      const [x, dy] = [rows(9, 7, 6), rows(10, 7, 6)];
      const { value, gradients } = await pull(
        (x) => rotary(x!, { base }),
        [matrixOf(x)],
        dy.flat(),
      );
      assertClose(value, turned(x, base).flat(), tolerance(backend, "value"), "value");
      // a rotation is orthogonal: turning the gradient forward gives dy
      const back = Array.from({ length: 7 }, (_, t) => gradients[0]!.slice(6 * t, 6 * t + 6));
      assertClose(turned(back, base).flat(), dy.flat(), tolerance(backend, "gradient"), "gradient");
    }
  },
);

inBothForms(
  "rotary() keeps norms, and products depend on the distance alone",
  async (backend) => {
    const [q, k] = [rows(11, 1, 8)[0]!, rows(12, 1, 8)[0]!];
    const repeated = (row: number[]): { shape: number[]; values: number[] } => ({
      shape: [2, 9, 8],
      values: Array.from({ length: 18 }, () => row).flat(),
    });
    const [products, squares] = await numbersOf(() => {
      const [qT, kT] = [rotary(tensorOf(repeated(q))), rotary(tensorOf(repeated(k)))];
      return [tf.matMul(qT, kT, false, true), tf.sum(tf.square(qT), -1)];
    });
    const length = q.reduce((sum, value) => sum + value * value, 0);
    assertClose(squares!, Array(18).fill(length), tolerance(backend, "value"), "squared norms");
    const at = (i: number, j: number): number => products![9 * i + j]!;
    for (let distance = -8; distance <= 8; distance++) {
      const same = Array.from({ length: 9 }, (_, i) => i)
        .filter((i) => i + distance >= 0 && i + distance < 9)
        .map((i) => at(i, i + distance));
      const limit = tolerance(backend, "equal formulas");
      assertClose(same, same.map(() => same[0]!), limit, `products at distance ${distance}`);
    }
    assert(Math.abs(at(0, 3) - at(0, 5)) > 1e-3, "and they do depend on it");
  },
);

Deno.test("rotary() refuses an odd width", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      assertThrows(() => rotary(tf.ones([2, 5])), RangeError, "heads of width 5: it must be even");
    });
  }));

const ops: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  layerNorm: (x) => layerNorm(x),
  rmsNorm: (x) => rmsNorm(x),
  crmsNorm: (x) => crmsNorm(x),
  silu,
  gelu,
  stopGradient,
  rotary: (x) => rotary(x),
  lookup: (x) => lookup(x, Int32Array.of(1, 0)),
  dropout: (x) => dropout(x, 0.5, new Random(1)),
  crossEntropy: (x) => crossEntropy(x, Int32Array.of(0, 1, 2)),
};

inBothForms("every op leaves its result and nothing else, also outside a scope", () => {
  const x = tf.ones([3, 4]);
  const square = tf.ones([4, 4]);
  const gate = tf.scalar(0.3);
  const all = {
    ...ops,
    matMul: (x: Tensor) => matMul(x, square),
    gpas: (x: Tensor) => gpas(x, gate),
  };
  for (const [name, op] of Object.entries(all)) {
    const before = tf.memory().numTensors;
    const result = op(x);
    assertEquals(tf.memory().numTensors, before + 1, name);
    result.dispose();
  }
  tf.dispose([x, square, gate]);
});

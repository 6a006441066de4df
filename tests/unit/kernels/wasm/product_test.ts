// The matrix products on WASM: against sums in float64, in every transposition and at awkward sizes.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { callKernel } from "../../../../lib/kernels/mod.ts";
import { Random } from "../../../../lib/core/mod.ts";
import { onBackend } from "../../../support/backends.ts";

interface Sizes {
  readonly batch?: number;
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

type Transposed = readonly [boolean, boolean];

/** The products in float64 of a batch of factors, each stored transposed or not; `everyB`: all use the first B. */
function expected(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { batch = 1, rows, depth, columns }: Sizes,
  [transposeA, transposeB]: Transposed,
  everyB = false,
): Float64Array {
  return Float64Array.from({ length: batch * rows * columns }, (_, at) => {
    const j = at % columns;
    const i = Math.floor(at / columns) % rows;
    const n = Math.floor(at / columns / rows);
    const inA = n * rows * depth;
    const inB = everyB ? 0 : n * depth * columns;
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      sum += a[inA + (transposeA ? k * rows + i : i * depth + k)]! *
        b[inB + (transposeB ? j * depth + k : k * columns + j)]!;
    }
    return sum;
  });
}

function assertNear(found: ArrayLike<number>, wanted: Float64Array, depth: number): void {
  assertEquals(found.length, wanted.length);
  const allowed = 1e-6 + 6e-8 * depth ** 1.5; // one rounding a step, of sums that grow with the root
  for (const [at, value] of wanted.entries()) {
    assert(Math.abs(found[at]! - value) <= allowed, `${found[at]} at ${at} instead of ${value}`);
  }
}

function normals(random: Random, shape: number[]): tf.Tensor {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tensor(Float32Array.from({ length: size }, () => random.normal()), shape);
}

const both = [false, true];
const transpositions = both.flatMap((a) => both.map((b): Transposed => [a, b]));

function stored(rows: number, columns: number, transposed: boolean): [number, number] {
  return transposed ? [columns, rows] : [rows, columns];
}

const lengths = [1, 2, 3, 5, 6, 7, 8, 13, 97, 128, 257];

function drawnSizes(random: Random): Sizes {
  const draw = (): number => lengths[random.integer(lengths.length)]!;
  return { rows: draw(), depth: draw(), columns: draw() };
}

Deno.test("matMul() is the sum of products in every transposition and at any size [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(1);
    const drawn = Array.from({ length: 30 }, () => drawnSizes(random));
    const chosen = [[1, 1, 1], [128, 64, 128], [1, 1031, 2], [300, 1, 9], [193, 600, 24]].map(
      ([rows, depth, columns]) => ({ rows: rows!, depth: depth!, columns: columns! }),
    );
    for (const sizes of [...chosen, ...drawn]) {
      const { rows, depth, columns } = sizes;
      for (const [ta, tb] of transpositions) {
        const a = normals(random, stored(rows, depth, ta));
        const b = normals(random, stored(depth, columns, tb));
        const c = tf.matMul(a, b, ta, tb);
        assertEquals(c.shape, [rows, columns]);
        assertNear(c.dataSync(), expected(a.dataSync(), b.dataSync(), sizes, [ta, tb]), depth);
        tf.dispose([a, b, c]);
      }
    }
  }));

Deno.test("matMul() multiplies batches, also with one factor for all [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(2);
    for (const [rows, depth, columns] of [[64, 32, 64], [7, 5, 11], [1, 9, 8], [200, 150, 140]]) {
      const sizes = { batch: 3, rows: rows!, depth: depth!, columns: columns! };
      for (const [ta, tb] of transpositions) {
        const a = normals(random, [3, ...stored(rows!, depth!, ta)]);
        const b = normals(random, [3, ...stored(depth!, columns!, tb)]);
        const first = b.slice([0, 0, 0], [1, -1, -1]);
        const [c, shared] = [tf.matMul(a, b, ta, tb), tf.matMul(a, first, ta, tb)];
        const data = [a.dataSync(), b.dataSync()] as const;
        assertNear(c.dataSync(), expected(...data, sizes, [ta, tb]), depth!);
        assertNear(shared.dataSync(), expected(...data, sizes, [ta, tb], true), depth!);
        tf.dispose([a, b, first, c, shared]);
      }
    }
  }));

Deno.test("matMul() broadcasts batch axes of length 1 on both sides [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(3);
    const a = normals(random, [2, 1, 4, 5]);
    const b = normals(random, [1, 3, 5, 6]);
    const [spreadA, spreadB] = [tf.tile(a, [1, 3, 1, 1]), tf.tile(b, [2, 1, 1, 1])];
    const [c, wanted] = [tf.matMul(a, b), tf.matMul(spreadA, spreadB)];
    assertEquals(c.shape, [2, 3, 4, 6]);
    assertEquals(c.dataSync(), wanted.dataSync());
    tf.dispose([a, b, spreadA, spreadB, c, wanted]);
  }));

Deno.test("matMul() of empty and of mismatched factors: zeros, nothing, an error [wasm]", () =>
  onBackend("wasm", () => {
    const [none, wide] = [tf.zeros([0, 3]), tf.zeros([3, 4])];
    const [noDepth, other] = [tf.zeros([2, 0]), tf.zeros([0, 4])];
    const [empty, zeros] = [
      tf.matMul(none, wide),
      tf.matMul(noDepth, other),
    ];
    assertEquals(empty.shape, [0, 4]);
    assertEquals([...zeros.dataSync()], Array(8).fill(0));
    assertThrows(() => tf.matMul(noDepth, wide), Error, "inner");
    tf.dispose([none, wide, noDepth, other, empty, zeros]);
  }));

Deno.test("fused matMul() adds the bias, and leaves activations to tfjs [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(4);
    const sizes = { rows: 9, depth: 300, columns: 13 };
    const [a, b] = [normals(random, [9, 300]), normals(random, [300, 13])];
    const bias = normals(random, [13]);
    const added = bias.dataSync();
    const wanted = expected(a.dataSync(), b.dataSync(), sizes, [false, false])
      .map((value, at) => value + added[at % 13]!);
    const linear = tf.fused.matMul({ a, b, bias } as never);
    const relu = tf.fused.matMul({ a, b, bias, activation: "relu" } as never);
    assertNear(linear.dataSync(), wanted, 300);
    assertNear(relu.dataSync(), wanted.map((value) => Math.max(0, value)), 300);
    tf.dispose([a, b, bias, linear, relu]);
  }));

Deno.test("NormkitLinear is x · w + bias [wasm]", () =>
  onBackend("wasm", () => {
    const random = new Random(5);
    for (const [rows, depth, columns] of [[1, 1, 1], [1000, 37, 96], [65, 128, 512], [3, 700, 5]]) {
      const sizes = { rows: rows!, depth: depth!, columns: columns! };
      const x = normals(random, [rows!, depth!]);
      const w = normals(random, [depth!, columns!]);
      const bias = normals(random, [columns!]);
      const [y] = callKernel("NormkitLinear", [x, w, bias], { bias: true });
      const [plain] = callKernel("NormkitLinear", [x, w], { bias: false });
      const product = expected(x.dataSync(), w.dataSync(), sizes, [false, false]);
      const added = bias.dataSync();
      assertNear(plain!.dataSync(), product, depth!);
      assertNear(y!.dataSync(), product.map((value, at) => value + added[at % columns!]!), depth!);
      tf.dispose([x, w, bias, y!, plain!]);
    }
  }));

Deno.test("clone() shares its data, which outlives either name [wasm]", () =>
  onBackend("wasm", () => {
    const buffers = tf.memory().numDataBuffers;
    const x = tf.tensor1d([1, 2, 3]);
    const y = tf.clone(x);
    assertEquals(tf.memory().numDataBuffers, buffers + 1);
    x.dispose();
    const z = tf.tensor1d([7, 8, 9]); // would reuse memory that had been freed
    assertEquals([...y.dataSync()], [1, 2, 3]);
    tf.dispose([y, z]);
    assertEquals(tf.memory().numDataBuffers, buffers);
  }));

Deno.test("unsortedSegmentSum() adds rows by id and drops ids outside [wasm]", () =>
  onBackend("wasm", () => {
    const x = tf.tensor2d(Array.from({ length: 35 }, (_, i) => i), [5, 7]);
    const ids = tf.tensor1d([1, 3, 1, -1, 9], "int32");
    const sums = tf.unsortedSegmentSum(x, ids, 4);
    const rows = (sums as tf.Tensor2D).arraySync();
    assertEquals(rows[0], Array(7).fill(0));
    assertEquals(rows[1], Array.from({ length: 7 }, (_, j) => j + 14 + j));
    assertEquals(rows[3], Array.from({ length: 7 }, (_, j) => 7 + j));
    tf.dispose([x, ids, sums]);
  }));

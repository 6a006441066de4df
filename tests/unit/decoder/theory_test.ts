// What the papers prove about models at their start. The setting of Xiong et al. 2020, §3.3: uniform attention with no output
// matrix, a ReLU network of width D, Xavier-normal matrices, Gaussian inputs; the last test is Sub-LN's scale invariance.

import { assert } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree, Random } from "../../../lib/core/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { decoder, type DecoderConfig, initDecoder, type Tap } from "../../../lib/decoder/mod.ts";
import { eagerInterpreter } from "../../../lib/interpret/eager.ts";
import { forward } from "../../../lib/model/forward.ts";
import type { Block, Branch, Linear, ModelSpec } from "../../../lib/model/spec.ts";
import { postLn, preLn, type Residual, resiDual, type Role } from "../../../lib/residual/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { changed } from "../../support/parameters.ts";
import { tapsOf } from "../../support/taps.ts";
import { tolerance } from "../../support/tolerances.ts";

const width = 64;
const length = 32;

const linear = (weight: string): Linear => ({ weight, bias: "none", layout: "in-out" });

/** The stack of the theory: tokens attend to all tokens alike, since queries and keys are 0. */
function theorySpec(residual: Residual, depth: number): ModelSpec {
  const norm = { kind: "layer", eps: 1e-5, gain: "none", bias: "none" } as const;
  const blocks = Array.from({ length: depth }, (_, index): Block => {
    const site = { layer: index + 1, depth, stack: "decoder" } as const;
    const joined = (role: Role, sublayer: Branch["sublayer"]): Branch => ({
      role,
      norms: Object.fromEntries(
        residual.wiring({ ...site, role }).norms.map((place) => [place, norm]),
      ),
      sublayer,
    });
    const [q, k, v] = ["zero", "zero", `${index}.wv`].map(linear) as [Linear, Linear, Linear];
    return {
      parallel: false,
      branches: [
        joined("attention", {
          kind: "attention",
          projections: { q, k, v },
          output: { linear: linear("identity") },
          heads: 1,
          keyValueHeads: 1,
          headWidth: width,
          scale: 1,
          causal: false,
        }),
        joined("feedForward", {
          kind: "feedForward",
          up: linear(`${index}.w1`),
          output: { linear: linear(`${index}.w2`) },
          activation: "relu",
        }),
      ],
    };
  });
  return {
    stacks: {
      decoder: {
        width,
        entry: { kind: "tokens", tokens: { table: "x" }, scale: 1, offset: 0 },
        recenter: false,
        residual,
        blocks,
        ...(residual.ends.includes("final") ? { final: norm } : {}),
      },
    },
    heads: [],
  };
}

/** Runs the stack of the theory from its matrices W_V, W¹, W² of each layer. */
function runTheory(
  residual: Residual,
  x: Tensor,
  matrices: readonly (readonly [wv: Tensor, w1: Tensor, w2: Tensor])[],
  tap: Tap = () => {},
): Tensor {
  const parameters = new Map<string, Tensor>([
    ["x", x],
    ["zero", tf.zeros([width, width])],
    ["identity", tf.eye(width)],
    ...matrices.flatMap(([wv, w1, w2], index): [string, Tensor][] => [
      [`${index}.wv`, wv],
      [`${index}.w1`, w1],
      [`${index}.w2`, w2],
    ]),
  ]);
  const engine = eagerInterpreter({
    parameter: (name) => parameters.get(name),
    inputs: {
      tokens: { ids: Int32Array.from({ length }, (_, row) => row), size: [1, length] },
    },
  });
  const { decoder } = forward(engine, theorySpec(residual, matrices.length), { tap });
  return tf.reshape(decoder!, [length, width]);
}

const gaussian = (random: Random, rows: number, std: number): Tensor =>
  tf.tensor2d(random.normals(rows * width, std), [rows, width]);

/** Matrices with entries N(0, 1/D). */
const drawMatrices = (random: Random, depth: number): [Tensor, Tensor, Tensor][] =>
  Array.from({ length: depth }, (_, layer) => {
    const one = (name: string): Tensor =>
      gaussian(random.fork(`${layer}.${name}`), width, width ** -0.5);
    return [one("wv"), one("w1"), one("w2")];
  });

const meanSquare = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value * value, 0) / values.length;

/** ‖x‖²/D of some activation, averaged over tokens and a few starts. */
async function meanSquares(
  residual: Residual,
  depth: number,
  pick: (taps: ReadonlyMap<string, number[]>, layer: number) => number[],
): Promise<number[]> {
  const seeds = [1, 2, 3, 4];
  const sums: number[] = Array(depth).fill(0);
  for (const seed of seeds) {
    const random = new Random(seed);
    const taps = await tapsOf((tap) =>
      runTheory(residual, gaussian(random, length, 1), drawMatrices(random, depth), tap)
    );
    sums.forEach((_, index) => sums[index]! += meanSquare(pick(taps, index + 1)) / seeds.length);
  }
  return sums;
}

Deno.test("postLn at the start: E‖x + f(x)‖² before the last norm of a layer is 3 D / 2 (Lemma 2)", () =>
  onBackend("wasm", async () => {
    const found = await meanSquares(postLn, 6, (taps, layer) => {
      const branch = taps.get(`blocks.${layer}.mlp_out`)!;
      return taps.get(`blocks.${layer}.resid_mid`)!.map((value, at) => value + branch[at]!);
    });
    for (const [index, value] of found.entries()) {
      // 4 starts of 64 × 64 weights: the spread between starts is 10 %
      assertClose([value], [1.5], 0.1, `layer ${index + 1}`);
    }
  }));

Deno.test("preLn at the start: (1 + l/2) D ≤ E‖x‖² ≤ (1 + 3l/2) D after layer l (Lemma 2)", () =>
  onBackend("wasm", async () => {
    const found = await meanSquares(
      preLn,
      12,
      (taps, layer) => taps.get(`blocks.${layer}.resid_post`)!,
    );
    for (const [index, value] of found.entries()) {
      const l = index + 1;
      assert(value >= 1 + l / 2, `${value} at layer ${l} is below ${1 + l / 2}`);
      assert(value <= 1 + 3 * l / 2, `${value} at layer ${l} is above ${1 + 3 * l / 2}`);
    }
  }));

/** ‖∂loss/∂W²‖ of the last layer, averaged over a few starts. */
async function lastGradient(residual: Residual, depth: number): Promise<number> {
  let sum = 0;
  const seeds = [1, 2, 3, 4, 5, 6];
  for (const seed of seeds) {
    const random = new Random(seed);
    const labels = Int32Array.from({ length }, () => random.integer(width));
    const [gradient] = await numbersOf(() => {
      const x = gaussian(random, length, 1);
      const head = gaussian(random.fork("head"), width, width ** -0.5);
      const matrices = drawMatrices(random, depth);
      const [wv, w1, last] = matrices[depth - 1]!;
      return [
        tf.grad((w2: Tensor) => {
          const out = runTheory(residual, x, [...matrices.slice(0, -1), [wv, w1, w2]]);
          return crossEntropy(tf.matMul(out, head), labels);
        })(last),
      ];
    });
    sum += Math.sqrt(meanSquare(gradient!) * gradient!.length) / seeds.length;
  }
  return sum;
}

/** The slope of log y over log x, by least squares. */
function slope(x: readonly number[], y: readonly number[]): number {
  const [u, v] = [x.map(Math.log), y.map(Math.log)];
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mu, mv] = [mean(u), mean(v)];
  const spread = u.reduce((sum, value) => sum + (value - mu) ** 2, 0);
  return u.reduce((sum, value, at) => sum + (value - mu) * (v[at]! - mv), 0) / spread;
}

for (const [residual, expected] of [[postLn, 0], [preLn, -0.5], [resiDual, 0]] as const) {
  Deno.test(`${residual.id} at the start: the last W² has a gradient ∝ L^${expected} (Theorem 1)`, () =>
    onBackend("wasm", async () => {
      const depths = [4, 8, 16, 32]; // the law is asymptotic
      const norms: number[] = [];
      for (const depth of depths) norms.push(await lastGradient(residual, depth));
      const found = slope(depths, norms);
      assert(Math.abs(found - expected) <= 0.1, `the slope is ${found}: ${norms.join(", ")}`);
    }));
}

const config: DecoderConfig = {
  vocabulary: 9,
  context: 5,
  width: 8,
  depth: 3,
  heads: 2,
  hidden: 12,
  activation: "relu",
  bias: false,
  init: "xavier",
  eps: 1e-10,
};
const tokens = [[1, 6, 0, 3, 2]];

/** Logits with W₁ and W_V as drawn, and three times as large. */
async function logitsWhenScaled(residual: string): Promise<[number[], number[]]> {
  const full = { ...config, residual };
  const parameters = initDecoder(full, 6);
  const [drawn] = await numbersOf(() => [decoder(parameters, full, tokens)]);
  const larger = await changed(
    parameters,
    (path, value) => /\.(w1|wv)$/.test(path) ? 3 * value : value,
  );
  const [scaled] = await numbersOf(() => [decoder(larger, full, tokens)]);
  disposeTree(larger);
  return [drawn!, scaled!];
}

Deno.test("subLn's decoder does not see the scale of W₁ and W_V, Pre-LN's does", () =>
  onBackend("cpu", async () => {
    const [drawn, scaled] = await logitsWhenScaled("sub-ln");
    assertClose(scaled, drawn, tolerance("cpu", "value"), "logits of sub-ln");
    const [plain, changes] = await logitsWhenScaled("pre-ln");
    const distance = Math.max(...plain.map((value, at) => Math.abs(value - changes[at]!)));
    assert(distance > 0.1, `Pre-LN changes by ${distance} only`);
  }));

// How a decoder's parameters start, for each residual variant: by formula, and by the statistics of what was drawn.

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { countParameters, disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { readAll } from "../../../lib/backend/mod.ts";
import { type DecoderConfig, initDecoder } from "../../../lib/decoder/mod.ts";
import { lns, residuals, withGpas } from "../../../lib/residual/mod.ts";
import { depthConstants } from "../../reference/constants.ts";
import { onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";

const depth = 4;
const [width, hidden, vocabulary] = [48, 80, 60];
const config: DecoderConfig = {
  vocabulary,
  context: 32,
  width,
  depth,
  heads: 4,
  hidden,
  activation: "swiglu",
};

/** All parameters by path. */
async function startOf(changed: Partial<DecoderConfig>, seed = 5): Promise<Map<string, number[]>> {
  const parameters = initDecoder({ ...config, ...changed }, seed);
  const named = tensorsOf(parameters);
  const values = await readAll(named.map(({ value }) => value));
  disposeTree(parameters);
  return new Map(named.map(({ path }, index) => [path, Array.from(values[index]!)]));
}

const { beta, gamma } = depthConstants(depth, depth);
const scaled = (factor: number) => (matrix: string): number => /^w[qk]$/.test(matrix) ? 1 : factor;

/** The gain on each matrix, for the variants that have one, and the base that each variant starts from. */
const gains: Readonly<Record<string, (matrix: string) => number>> = {
  "sub-ln": scaled(gamma),
  "deep-norm": scaled(beta),
  "sandwich-ln": (matrix) => /^(wo|w2)$/.test(matrix) ? 1 / Math.sqrt(2 * depth) : 1,
};
const xavier = ["post-ln", "pre-ln", "sub-ln", "deep-norm", "resi-dual"];

/** The standard deviation that the formula gives a matrix of a block. */
function stdOf(id: string, matrix: string): number {
  const [rows, columns] = /^w[123]$/.test(matrix) ? [width, hidden] : [width, width];
  const base = xavier.includes(id) ? Math.sqrt(2 / (rows + columns)) : 0.02;
  return base * (gains[id]?.(matrix) ?? 1);
}

const std = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

const isMatrix = /^blocks\.\d+\.(attention|feedForward)\.(w.)$/;

for (const { id } of residuals) {
  Deno.test(`initDecoder() of ${id} draws each matrix with its formula's standard deviation`, () =>
    onBackend("cpu", async () => {
      const matrices = [...await startOf({ residual: id })].filter(([path]) => isMatrix.test(path));
      assertEquals(matrices.length, 7 * depth);
      for (const [path, values] of matrices) {
        const expected = stdOf(id, isMatrix.exec(path)![2]!);
        const bound = 4.5 / Math.sqrt(2 * values.length); // 4.5 standard errors
        assertClose([std(values)], [expected], bound, `standard deviation of ${path}`);
      }
    }));

  Deno.test(`initDecoder() of ${id} draws what Pre-LN draws, times its gain`, () =>
    onBackend("cpu", async () => {
      const reference = await startOf({ residual: "pre-ln", init: "xavier" });
      const found = await startOf({ residual: id, init: "xavier" });
      for (const [path, values] of found) {
        const matrix = isMatrix.exec(path)?.[2];
        if (matrix === undefined && !/^(wte|wpe|head)/.test(path)) continue;
        const gain = matrix === undefined ? 1 : gains[id]?.(matrix) ?? 1;
        const expected = reference.get(path)!.map((value) => value * gain);
        assertClose(values, expected, tolerance("cpu", "equal formulas"), path);
      }
    }));

  Deno.test(`initDecoder() of ${id} starts gains at 1, or 1/√l, and biases and gates at 0`, () =>
    onBackend("cpu", async () => {
      const start = await startOf({ residual: `${id}+gpas` });
      const gates = [...start].filter(([path]) => path.endsWith("gate"));
      assertEquals(gates, Array.from({ length: depth }, (_, l) => [`blocks.${l + 1}.gate`, [0]]));
      for (const [path, values] of start) {
        const layer = Number(/^blocks\.(\d+)/.exec(path)?.[1]);
        const gain = id === "lns-gain" && path.endsWith("input.gain") ? layer ** -0.5 : 1;
        if (path.endsWith("gain")) assert(values.every((v) => v === Math.fround(gain)), path);
        if (/\.(b.|bias)$/.test(path)) assert(values.every((v) => v === 0), path);
      }
    }));
}

Deno.test("initDecoder() gives each sub-layer the norms that its wiring names, and the ends", () =>
  onBackend("cpu", () => {
    for (const residual of residuals) {
      const parameters = initDecoder({ ...config, residual }, 1);
      parameters.blocks.forEach(({ norm }, index) => {
        for (const role of ["attention", "feedForward"] as const) {
          const site = { layer: index + 1, depth, stack: "decoder", role } as const;
          const named = [...residual.wiring(site).norms];
          assertEquals(Object.keys(norm[role]!), named, `${residual.id}, layer ${index + 1}`);
        }
      });
      assertEquals(Object.keys(parameters.norm), [...residual.ends], residual.id);
      disposeTree(parameters);
    }
  }));

Deno.test("initDecoder() gives the inner norm of the feed-forward network its hidden width", () =>
  onBackend("cpu", () => {
    const parameters = initDecoder({ ...config, residual: "sub-ln" }, 1);
    assertEquals(parameters.blocks[0]!.norm.feedForward!.inner!.gain.shape, [hidden]);
    assertEquals(parameters.blocks[0]!.norm.attention!.inner!.gain.shape, [width]);
    disposeTree(parameters);
  }));

Deno.test("initDecoder() gives RMSNorm and CRMSNorm no bias, but CRMSNorm's inner LayerNorm one", () =>
  onBackend("cpu", () => {
    const keys = (norm: "rms" | "crms"): string[][] => {
      const parameters = initDecoder({ ...config, residual: "sub-ln", norm }, 1);
      const { input, inner } = parameters.blocks[0]!.norm.attention!;
      disposeTree(parameters);
      return [Object.keys(input!), Object.keys(inner!), Object.keys(parameters.norm.final!)];
    };
    assertEquals(keys("rms"), [["gain"], ["gain"], ["gain"]]);
    assertEquals(keys("crms"), [["gain"], ["gain", "bias"], ["gain"]]);
  }));

Deno.test("initDecoder() gives a gate to each sub-layer where a variant asks for it", () =>
  onBackend("cpu", async () => {
    const residual = withGpas(lns, { gate: "site" });
    const start = await startOf({ residual });
    const gates = [...start.keys()].filter((path) => path.includes(".gate"));
    assertEquals(gates.slice(0, 2), ["blocks.1.gate.attention", "blocks.1.gate.feedForward"]);
    assertEquals(gates.length, 2 * depth);
  }));

Deno.test("initDecoder() draws embeddings with the chosen standard deviation", () =>
  onBackend("cpu", async () => {
    for (
      const [changed, expected] of [
        [{ init: "xavier" }, width ** -0.5],
        [{ init: "normal" }, 0.02],
        [{ embeddingStd: 0.3 }, 0.3],
      ] as const
    ) {
      const start = await startOf(changed);
      for (const path of ["wte", "wpe"]) {
        const values = start.get(path)!;
        const bound = 4.5 / Math.sqrt(2 * values.length);
        assertClose([std(values)], [expected], bound, `${path} of ${JSON.stringify(changed)}`);
      }
    }
  }));

Deno.test("initDecoder() repeats by seed, and another seed gives other numbers", () =>
  onBackend("cpu", async () => {
    const [once, again, other] = [await startOf({}, 7), await startOf({}, 7), await startOf({}, 8)];
    assertEquals(once, again);
    for (
      const path of ["wte", "wpe", "head.w", "blocks.2.attention.wq", "blocks.4.feedForward.w2"]
    ) {
      assert(once.get(path)!.some((value, at) => value !== other.get(path)![at]), path);
    }
  }));

Deno.test("initDecoder() draws every matrix from numbers of its own", () =>
  onBackend("cpu", async () => {
    const start = await startOf({ init: "xavier" });
    const first = [...start].filter(([path]) => isMatrix.test(path)).map(([, values]) => values[0]);
    assertEquals(new Set(first).size, 7 * depth);
  }));

Deno.test("initDecoder() leaves out what the configuration leaves out", () =>
  onBackend("cpu", async () => {
    const start = await startOf({
      bias: false,
      tied: true,
      positions: "rotary",
      activation: "relu",
    });
    const unwanted = [...start.keys()].filter((path) => /^(wpe|head)|\.(b.|bias|w3)$/.test(path));
    assertEquals(unwanted, []);
    assert(start.has("wte"));
  }));

Deno.test("initDecoder() makes as many numbers as the shapes multiply to", () =>
  onBackend("cpu", () => {
    const small = { vocabulary: 10, context: 6, width: 4, depth: 2, heads: 2, hidden: 8 };
    const parameters = initDecoder(small, 0);
    const block = 4 * 16 + 4 * 4 + 32 + 8 + 32 + 4 + 2 * 8;
    assertEquals(countParameters(parameters), 40 + 24 + 2 * block + 8 + 40);
    disposeTree(parameters);
  }));

Deno.test("initDecoder() refuses a seed that is no whole number ≥ 0, and leaks nothing", () =>
  onBackend("cpu", () => {
    const before = tf.memory().numTensors;
    for (const seed of [-1, 0.5, NaN]) {
      assertThrows(() => initDecoder(config, seed), RangeError, `seed = ${seed}`);
    }
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("initDecoder() makes nothing of a model that no machine holds", () =>
  onBackend("cpu", () => {
    const before = tf.memory().numTensors;
    for (const change of [{ width: 2 ** 20 }, { hidden: 2 ** 40 }, { context: 2 ** 30 }]) {
      const large = { ...config, ...change };
      assertThrows(() => initDecoder(large, 0), RangeError, "at most 4294967296 parameters");
    }
    assertEquals(tf.memory().numTensors, before);
  }));

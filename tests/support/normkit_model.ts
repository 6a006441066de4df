// Decoders of this library as models in memory: random parameters of every name that a configuration has, in float64. Gains are far
// from 1, biases far from 0, gates on both sides of 0, and the rows of tables have means of their own.

import { describeModel, type Model } from "../../lib/families/model.ts";
import { normkitConfig, normkitFamily } from "../../lib/families/normkit.ts";
import {
  type CompleteConfig,
  completeConfig,
  type DecoderConfig,
} from "../../lib/decoder/config.ts";
import { randomRow, uniform } from "../reference/random.ts";
import { type MemoryTensor, memoryTensors } from "./memory_tensors.ts";

/** Tensors by name. */
export type Tensors = Readonly<Record<string, MemoryTensor>>;

/** The norms that a sub-layer of a variant owns. */
function sitesOf({ residual, depth }: CompleteConfig, layer: number): readonly string[] {
  const at = { layer, depth, stack: "decoder", role: "attention" } as const;
  return residual.wiring(at).norms;
}

/** The gates of a layer. */
function gatePaths({ residual: { gpas } }: CompleteConfig, path: string): string[] {
  if (gpas === undefined) return [];
  if (gpas.gate === "layer") return [`${path}.gate`];
  return ["attention", "feedForward"].map((role) => `${path}.gate.${role}`);
}

/** Every parameter's shape, by its path. */
function shapesOf(config: CompleteConfig): [path: string, shape: readonly number[]][] {
  const { vocabulary, context, width, hidden, depth, norm, bias, tied, positions } = config;
  const normAt = (path: string, place = ""): [string, readonly number[]][] => {
    const length = place === "inner" && path.includes("feedForward") ? hidden : width;
    const isLayer = norm === "layer" || (place === "inner" && norm.startsWith("crms"));
    return [
      [`${path}.gain`, [length]],
      ...(bias && isLayer ? [[`${path}.bias`, [length]] as [string, number[]]] : []),
    ];
  };
  const linear = (path: string, name: string, from: number, to: number): [string, number[]][] => [
    [`${path}.w${name}`, [from, to]],
    ...(bias ? [[`${path}.b${name}`, [to]] as [string, number[]]] : []),
  ];
  const gated = config.activation === "swiglu";
  const layers = Array.from({ length: depth }, (_, index): [string, readonly number[]][] => {
    const path = `blocks.${index + 1}`;
    return [
      ...["q", "k", "v", "o"].flatMap((name) => linear(`${path}.attention`, name, width, width)),
      ...linear(`${path}.feedForward`, "1", width, hidden),
      ...linear(`${path}.feedForward`, "2", hidden, width),
      ...(gated ? linear(`${path}.feedForward`, "3", width, hidden) : []),
      ...["attention", "feedForward"].flatMap((role) =>
        sitesOf(config, index + 1).flatMap((site) => normAt(`${path}.norm.${role}.${site}`, site))
      ),
      ...gatePaths(config, path).map((gate): [string, number[]] => [gate, []]),
    ];
  });
  return [
    ["wte", [vocabulary, width]],
    ...(positions === "learned" ? [["wpe", [context, width]] as [string, number[]]] : []),
    ...layers.flat(),
    ...config.ends.flatMap((end) => normAt(`norm.${end}`)),
    ...(tied ? [] : [["head.w", [width, vocabulary]] as [string, number[]]]),
  ];
}

/** Random numbers for a parameter; all of them are numbers of float32. */
function drawn(next: () => number, path: string, shape: readonly number[]): number[] {
  const row = randomRow(next, shape.reduce((product, length) => product * length, 1));
  const made = (value: number, at: number): number => {
    if (path.endsWith(".gain")) return (1.2 + 0.7 * value) * (at % 5 === 2 ? -1 : 1);
    if (/\.gate(\.|$)/.test(path)) return 0.9 * value;
    if (path === "wte" || path === "wpe") {
      return value + 0.5 * Math.sin(Math.floor(at / shape[1]!) + 1);
    }
    return 0.6 * value;
  };
  return row.map((value, at) => Math.fround(made(value, at)));
}

/**
 * Random parameters of a decoder.
 *
 * @param config The decoder.
 * @param seed A whole number ≥ 0.
 * @returns The parameters by path.
 */
export function normkitTensors(config: DecoderConfig, seed = 1): Tensors {
  const next = uniform(seed);
  return Object.fromEntries(
    shapesOf(completeConfig(config)).map(([path, shape]) => [
      path,
      { shape, values: drawn(next, path, shape) },
    ]),
  );
}

/**
 * A decoder as a model in memory.
 *
 * @param config The decoder.
 * @param tensors Its parameters; random ones by default.
 * @returns The model.
 */
export function normkitModel(
  config: DecoderConfig,
  tensors: Tensors = normkitTensors(config),
): Model {
  return describeModel(normkitFamily, normkitConfig(config), memoryTensors(tensors));
}

/** Small sizes whose widths all differ. */
export const small: DecoderConfig = {
  vocabulary: 9,
  context: 8,
  width: 6,
  depth: 2,
  heads: 2,
  hidden: 10,
};

/** Tokens of that vocabulary. */
export const smallTokens: readonly number[] = [3, 1, 4, 1, 5, 8];

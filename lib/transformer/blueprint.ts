// A model while it is written down: each part of its spec, and for each parameter that the part names its shape and its numbers at the
// start. What has no start, such as the bias of a map without one, is named and does not exist.

import * as tf from "@tensorflow/tfjs";
import { requireMemory } from "../backend/out_of_memory.ts";
import { Random } from "../core/random.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Linear, NormSpec, StreamNorm, Table } from "../model/spec.ts";

/** A parameter that is drawn from N(0, std²). */
export interface Drawn {
  /** How far its numbers lie from 0 (σ). */
  readonly std: number;
  /** The axis whose last numbers are 0 instead: that of a stream whose last lane is padding. */
  readonly emptyLane?: 0 | 1;
}

/** How a parameter starts: drawn from N(0, std²), or the same number everywhere. */
export type Start = { readonly shape: readonly number[] } & (Drawn | { readonly value: number });

/** How a matrix starts. */
interface MatrixStart {
  /** How far its numbers lie from 0 (σ). */
  readonly std: number;
  /** Whether it reads the stream, perhaps through a norm, or writes to it. */
  readonly stream: "reads" | "writes" | "neither";
}

/** Parts of a spec, and what their parameters start from. */
export class Blueprint {
  readonly #starts = new Map<string, Start>();
  readonly #isPadded: boolean;

  /**
   * Takes the norm of the streams. With `crms-padded` nothing writes to their last lane and nothing reads it; so neither gets a gradient,
   * and it stays 0 in training.
   */
  constructor(norm: StreamNorm) {
    this.#isPadded = norm === "crms-padded";
  }

  /** The start of each parameter, by name. */
  get starts(): ReadonlyMap<string, Start> {
    return this.#starts;
  }

  /** A map stored (in, out), its matrix drawn, its bias 0. */
  linear(
    names: Pick<Linear, "weight" | "bias">,
    shape: readonly [inputs: number, outputs: number],
    { bias, ...start }: MatrixStart & { readonly bias: boolean },
  ): Linear {
    this.#draw(names.weight, shape, start, start.stream === "reads" ? 0 : 1);
    if (bias) this.#starts.set(names.bias, { shape: [shape[1]], value: 0 });
    return { ...names, layout: "in-out" };
  }

  /** A map stored [outputs, inputs, …], such as a convolution's kernel; its bias is 0. */
  kernel(
    path: string,
    shape: readonly [outputs: number, ...inputs: number[]],
    start: MatrixStart,
  ): Linear {
    const names = { weight: `${path}.w`, bias: `${path}.b` };
    this.#draw(names.weight, shape, start, 0);
    this.#starts.set(names.bias, { shape: [shape[0]], value: 0 });
    return { ...names, layout: "out-in" };
  }

  /** Drawn vectors of the stream. */
  table(table: string, shape: readonly [count: number, width: number], std: number): Table {
    this.#draw(table, shape, { std, stream: "writes" }, 1);
    return { table };
  }

  /** A norm under a path, its gain 1 or another constant, its bias 0. */
  norm(
    path: string,
    kind: StreamNorm,
    eps: number,
    { width, gain, bias }: {
      readonly width: number;
      readonly gain: number;
      readonly bias: boolean;
    },
  ): NormSpec {
    const names = { gain: `${path}.gain`, bias: `${path}.bias` };
    this.#starts.set(names.gain, { shape: [width], value: gain });
    if (bias) this.#starts.set(names.bias, { shape: [width], value: 0 });
    return { kind, eps, ...names };
  }

  /** A learned number. */
  scalar(name: string, value: number): string {
    this.#starts.set(name, { shape: [], value });
    return name;
  }

  #draw(name: string, shape: readonly number[], { std, stream }: MatrixStart, axis: 0 | 1): void {
    const hasLane = this.#isPadded && stream !== "neither";
    this.#starts.set(name, { shape, std, ...(hasLane ? { emptyLane: axis } : {}) });
  }
}

const sizeOf = ({ shape }: Start): number => shape.reduce((product, length) => product * length, 1);

/** More numbers than any backend can hold and train. */
const mostNumbers = 2 ** 32;

/**
 * Requires parameters that a machine can hold, before anything of them is made.
 *
 * @param starts The parameters.
 * @param copies How many numbers there are for each: 1, in a training also its gradient and moments.
 * @throws {RangeError} If they are more than 2³² numbers.
 * @throws {OutOfMemoryError} If the backend has no room for them.
 */
export function requireRoomFor(starts: ReadonlyMap<string, Start>, copies = 1): void {
  const numbers = [...starts.values()].reduce((sum, start) => sum + sizeOf(start), 0);
  if (numbers > mostNumbers) {
    throw new RangeError(
      `Cannot make a model of ${numbers} parameters (${
        4 * numbers
      } bytes): it must be at most ${mostNumbers} parameters; ` +
        "use fewer layers, a smaller width, vocabulary or context",
    );
  }
  requireMemory(4 * copies * numbers);
}

/** The stream of random numbers of a parameter: `blocks.1.attention.wq` draws from those of its layer, its sub-layer, its own. */
function streamOf(seed: number, name: string): Random {
  const labels = name.replace(/(^|\.)head\.w$/, "$1head").match(/blocks\.\d+|[^.]+/g)!;
  return labels.reduce((random, label) => random.fork(label), new Random(seed));
}

/** The numbers of a drawn parameter. */
function drawn(start: Start & Drawn, random: Random): Float32Array {
  const { shape, std, emptyLane } = start;
  const numbers = random.normals(sizeOf(start), std);
  if (emptyLane === 0) numbers.fill(0, numbers.length - numbers.length / shape[0]!);
  const width = shape.at(-1)!;
  return emptyLane === 1 ? numbers.map((x, at) => (at + 1) % width === 0 ? 0 : x) : numbers;
}

/**
 * The parameters of a blueprint at the start. Each is drawn from a stream of its own name: two variants of one seed start from the same
 * numbers, up to their gains.
 *
 * @param starts How each starts.
 * @param seed A whole number ≥ 0.
 * @returns Tensors by name; the caller frees them ({@linkcode disposeTree}).
 * @throws {RangeError} If the seed is no whole number ≥ 0, or they are more than 2³² numbers.
 * @throws {OutOfMemoryError} If the backend has no room for them.
 */
export function drawStarts(
  starts: ReadonlyMap<string, Start>,
  seed: number,
): Record<string, Tensor> {
  requireRoomFor(starts);
  return tf.tidy(() => {
    const parameters: Record<string, Tensor> = {};
    for (const [name, start] of starts) {
      const shape = [...start.shape];
      parameters[name] = "std" in start
        ? tf.tensor(drawn(start, streamOf(seed, name)), shape)
        : tf.fill(shape, start.value);
    }
    return parameters;
  });
}

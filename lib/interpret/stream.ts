// Streamed evaluation of a model: its graph node by node, each parameter read when its node comes, each value freed after its last
// use, so that a checkpoint larger than memory runs. In float64, or in float32 on tfjs's backend in use.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import { requireInteger } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { GateActivation } from "../kernels/contract.ts";
import { gates } from "../kernels/gate.ts";
import { forward, type Hooks } from "../model/forward.ts";
import { inputOf, inputsOf, type ModelSpec, type Table } from "../model/spec.ts";
import type { EntryOf } from "../model/interpreter.ts";
import { placeRows, sinusoidRows, tokenPlaces } from "../model/sinusoids.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { attend, takeQkv } from "./attention.ts";
import { relativeGates } from "./relative.ts";
import { convolve, framesOf, normalizeColumns } from "./audio.ts";
import { graphInterpreter, type Node, type Operations } from "./graph.ts";
import { countPatches, mapPatches } from "./image.ts";
import { alternatingSinusoids } from "../model/patches.ts";
import { type ModelInputs, requireInput, type Values } from "./inputs.ts";
import { maskFactors } from "./masked_tokens.ts";
import { headRows } from "./head_rows.ts";
import { apply, inScope, normalize, type Stored } from "./stored_parameters.ts";
import { lengthOf, readVectors } from "./vector_tables.ts";

/** What computes each operation; the result is a value of its own, which may be freed. */
type Executors<T> = {
  readonly [K in keyof Operations]: (
    stored: Stored<T>,
    inputs: readonly T[],
    ...data: Operations[K]
  ) => Promise<T> | T;
};

/** 1 − act(gate). */
async function gateFactor(
  tensors: TensorSource,
  gate: string,
  activation: GateActivation,
): Promise<number> {
  const [value] = await readTensor(tensors, gate);
  return 1 - gates[activation].value(value!);
}

async function scalarOf(tensors: TensorSource, name: string): Promise<Float64Array> {
  return (await readTensor(tensors, name)).slice(0, 1);
}

/** Vectors one after the other. */
async function readSideBySide(
  tensors: TensorSource,
  names: readonly string[],
): Promise<Float64Array> {
  const parts = await Promise.all(names.map((name) => readTensor(tensors, name)));
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/** The rows of a table that tokens name. */
async function lookUp(
  tensors: TensorSource,
  table: Table,
  width: number,
  tokens: readonly number[],
): Promise<Float64Array> {
  requireInteger("the number of tokens", tokens.length, { min: 1 });
  const values = new Float64Array(tokens.length * width);
  for (const [at, token] of tokens.entries()) {
    values.set(await readVectors(tensors, table, width, token, 1), at * width);
  }
  return values;
}

/** The operations on matrices, for one set of inputs. */
function executors<T>(inputs: ModelInputs): Executors<T> {
  const tokensOf = ({ source }: EntryOf<"tokens">): readonly number[] =>
    requireInput(inputs, source === true ? "source" : "tokens");
  return {
    add: ({ arithmetic }, [x, y]) => arithmetic.add(x!, y!),
    scale: ({ arithmetic }, [x], factor) => arithmetic.scale(x!, factor),
    weigh: async ({ arithmetic }, [weight, x]) =>
      arithmetic.scale(x!, (await arithmetic.read(weight!))[0]!),
    tokens: async ({ arithmetic, tensors }, _, entry, width) => {
      const { tokens, masked } = entry;
      const ids = tokensOf(entry);
      const rows = await lookUp(tensors, tokens, width, ids);
      if (masked !== undefined) {
        const factors = maskFactors(ids, masked);
        for (let at = 0; at < rows.length; at++) rows[at]! *= factors[Math.floor(at / width)]!;
      }
      return arithmetic.matrix(rows, ids.length, width);
    },
    addPositions: async ({ arithmetic, tensors }, [x], table, entry) => {
      const [length, width] = arithmetic.size(x!);
      const rows = entry?.padding === undefined
        ? await readVectors(tensors, table, width, entry?.offset ?? 0, length)
        : await lookUp(tensors, table, width, placeRows(entry, tokensOf(entry)));
      return arithmetic.add(x!, arithmetic.matrix(rows, length, width));
    },
    addSinusoids: ({ arithmetic }, [x], entry, sinusoids) => {
      const [length, width] = arithmetic.size(x!);
      const rows = sinusoidRows(sinusoids, width, tokenPlaces(entry, tokensOf(entry)));
      return arithmetic.add(x!, arithmetic.matrix(rows, length, width));
    },
    addFirst: async ({ arithmetic, tensors }, [x], table) =>
      arithmetic.addRow(x!, await readVectors(tensors, table, arithmetic.size(x!)[1], 0, 1)),
    addAlternatingSinusoids: ({ arithmetic }, [x], count) => {
      const [, width] = arithmetic.size(x!);
      const rows = alternatingSinusoids(count, width);
      return arithmetic.add(x!, arithmetic.matrix(rows, count, width));
    },
    patches: (stored, _, entry) =>
      mapPatches(stored, entry, requireInput(inputs, entry.input ?? "pixels")),
    frames: ({ arithmetic }, _, entry) =>
      framesOf(arithmetic, entry, requireInput(inputs, entry.input)),
    convolve: (stored, [x], convolution) => convolve(stored, x!, convolution),
    normOverTime: (stored, [x], norm) => normalizeColumns(stored, norm, x!),
    vectors: async ({ arithmetic, tensors }, _, table, width) =>
      arithmetic.matrix(
        await readVectors(tensors, table, width),
        lengthOf(tensors, table, width),
        width,
      ),
    joinRows: ({ arithmetic }, parts) => arithmetic.joinRows(parts),
    rows: ({ arithmetic }, [x], first, count) =>
      arithmetic.rows(x!, first, count ?? arithmetic.size(x!)[0] - first),
    linear: (stored, [x], map) => apply(stored, map, x!),
    norm: (stored, [x], norm) => normalize(stored, norm, x!),
    normHeads: async (stored, [x], norm, headWidth) => {
      const [rows, width] = stored.arithmetic.size(x!);
      const perHead = stored.arithmetic.reshape(x!, rows * width / headWidth, headWidth);
      return stored.arithmetic.reshape(await normalize(stored, norm, perHead), rows, width);
    },
    route: ({ arithmetic }, [x], routing) => arithmetic.route(x!, routing),
    multiplyColumn: ({ arithmetic }, [x, others], column) =>
      arithmetic.multiplyColumn(x!, arithmetic.columns(others!, column, 1)),
    activate: ({ arithmetic }, [x], activation) => arithmetic.activate(x!, activation),
    multiply: ({ arithmetic }, [x, y]) => arithmetic.multiply(x!, y!),
    multiplyVectors: async ({ arithmetic, tensors }, [x], vectors) =>
      arithmetic.multiplyRow(x!, await readSideBySide(tensors, vectors)),
    clip: ({ arithmetic }, [x], limit) => arithmetic.clip(x!, limit),
    softcap: ({ arithmetic }, [x], limit) => arithmetic.softcap(x!, limit),
    addSum: ({ arithmetic }, [x], factor) => arithmetic.addSum(x!, factor),
    half: ({ arithmetic }, [x], which) => {
      const half = arithmetic.size(x!)[1] / 2;
      return arithmetic.columns(x!, which * half, half);
    },
    firstColumns: ({ arithmetic }, [x], count) => arithmetic.columns(x!, 0, count),
    scalar: async ({ arithmetic, tensors }, _, name) =>
      arithmetic.matrix(await scalarOf(tensors, name), 1, 1),
    gpas: async ({ arithmetic, tensors }, [x], gate, activation) =>
      arithmetic.scale(x!, await gateFactor(tensors, gate, activation)),
    takeQkv: ({ arithmetic }, [x], ...which) => takeQkv(arithmetic, x!, ...which),
    relativeGates: (stored, [x], gate, attention) => relativeGates(stored, x!, gate, attention),
    attend: (stored, [q, k, v, gates], attention) =>
      attend(stored, { q: q!, k: k!, v: v!, ...(gates && { gates }) }, attention),
    pick: ({ arithmetic }, [x], head, stack) => headRows(arithmetic, x!, head, { stack, inputs }),
  };
}

/** Evaluates nodes one after the other. */
class Evaluation<T> {
  readonly #stored: Stored<T>;
  readonly #executors: Executors<T>;
  readonly #values = new Map<Node, T>();
  /** How often each node is still wanted. */
  readonly #wanted = new Map<Node, number>();

  constructor(stored: Stored<T>, inputs: ModelInputs) {
    this.#stored = stored;
    this.#executors = executors(inputs);
  }

  /** Notes that a node's value is wanted, once more, and with it what it is computed of. */
  want(node: Node): void {
    const before = this.#wanted.get(node) ?? 0;
    this.#wanted.set(node, before + 1);
    if (before === 0) node.inputs.forEach((input) => this.want(input));
  }

  /** Whether anybody wants a node. */
  isWanted(node: Node): boolean {
    return this.#wanted.has(node);
  }

  async compute<K extends keyof Operations>(node: Node<K>): Promise<void> {
    const inputs = node.inputs.map((input) => this.#values.get(input)!);
    const value = await inScope(
      this.#stored,
      async (inner) => await this.#executors[node.operation](inner, inputs, ...node.data),
    );
    this.#values.set(node, value);
    node.inputs.forEach((input) => this.release(input));
  }

  /** The value of a node that was computed. */
  valueOf(node: Node): T {
    return this.#values.get(node)!;
  }

  /** Frees a value once nobody wants it any more. */
  release(node: Node): void {
    const left = this.#wanted.get(node)! - 1;
    this.#wanted.set(node, left);
    if (left > 0) return;
    this.#stored.arithmetic.free(this.#values.get(node)!);
    this.#values.delete(node);
  }
}

/** What receives streams. */
export type OnLayer = (stack: string, layer: number, stream: Float64Array) => void | Promise<void>;

/** A model written down: all nodes, the outputs by name, and the streams that are observed. */
interface Graph {
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Node>>;
  readonly streams: ReadonlyMap<
    Node,
    readonly { readonly stack: string; readonly layer: number }[]
  >;
}

function graphOf(spec: ModelSpec, tensors: TensorSource, inputs: ModelInputs): Graph {
  const nodes: Node[] = [];
  const streams = new Map<Node, { readonly stack: string; readonly layer: number }[]>();
  const engine = graphInterpreter({
    has: (name) => tensors.has(name),
    reads: (entry) => inputs[inputOf(entry)] !== undefined,
    countVectors: (table, width) => lengthOf(tensors, table, width),
    countPatches: (entry) => countPatches(entry, requireInput(inputs, entry.input ?? "pixels")),
  }, nodes);
  const hooks: Hooks<Node> = {
    onLayer: (stack, layer, x) => streams.set(x, [...streams.get(x) ?? [], { stack, layer }]),
  };
  return { nodes, outputs: forward(engine, spec, hooks), streams };
}

/** Options of {@linkcode runModel}. */
export interface ModelOptions {
  /**
   * Receives the stream [T · width] of each stack after each layer: 0 is what enters the first layer, l what layer l leaves, before any
   * final norm. What follows waits for it.
   */
  readonly onLayer?: OnLayer;
}

/** What a model gives. */
export interface ModelOutputs {
  /** The outputs by name: `logits` where there is one head, else by the heads' names. */
  readonly outputs: Readonly<Record<string, Values>>;
}

async function evaluate<T>(
  stored: Stored<T>,
  { nodes, outputs, streams }: Graph,
  inputs: ModelInputs,
  onLayer: OnLayer | undefined,
): Promise<Record<string, Values>> {
  const { arithmetic } = stored;
  const evaluation = new Evaluation(stored, inputs);
  Object.values(outputs).forEach((node) => evaluation.want(node));
  if (onLayer !== undefined) [...streams.keys()].forEach((node) => evaluation.want(node));
  for (const node of nodes) {
    if (!evaluation.isWanted(node)) continue;
    await evaluation.compute(node);
    const observed = onLayer === undefined ? undefined : streams.get(node);
    if (observed === undefined) continue;
    for (const { stack, layer } of observed) {
      await onLayer!(stack, layer, await arithmetic.read(evaluation.valueOf(node)));
    }
    evaluation.release(node);
  }
  const values: Record<string, Values> = {};
  for (const [name, node] of Object.entries(outputs)) {
    const value = evaluation.valueOf(node);
    values[name] = { shape: arithmetic.size(value), values: await arithmetic.read(value) };
  }
  return values;
}

/**
 * Runs a model on one sequence, image or sound. Stacks whose input is not given do not run, and neither do their heads.
 *
 * @param arithmetic What computes: `float64`, or `float32()` on tfjs's backend in use.
 * @param model What it computes, and its parameters.
 * @param inputs What it reads.
 * @param options An observer.
 * @returns What each head makes of its stack, [rows read, outputs]; of a model without heads the final norms by stack.
 * @throws {RangeError} If an input or parameter is missing or does not fit, or two outputs have one name.
 */
export async function runModel<T>(
  arithmetic: Arithmetic<T>,
  { spec, tensors }: { readonly spec: ModelSpec; readonly tensors: TensorSource },
  inputs: ModelInputs,
  options: ModelOptions = {},
): Promise<ModelOutputs> {
  requireOptions("runModel()", options, { onLayer: "function?" });
  requireOptions("a model's inputs", inputs, {
    tokens: "list?",
    source: "list?",
    pixels: "object?",
    features: "object?",
    waveform: "object?",
    video: "object?",
    spectrogram: "object?",
  });
  const { pixels, features, waveform, video, spectrogram } = inputs;
  for (const values of [pixels, features, waveform, video, spectrogram]) {
    if (values === undefined) continue;
    requireOptions("an input of a model", values, { shape: "list", values: "list" });
  }
  const { onLayer } = options;
  const kinds = inputsOf(spec);
  if (kinds.every((kind) => inputs[kind] === undefined)) {
    throw new RangeError(`Cannot run without an input: this model reads ${kinds.join(", ")}`);
  }
  const graph = graphOf(spec, tensors, inputs);
  return await inScope({ arithmetic, tensors }, async (stored) => ({
    outputs: await evaluate(stored, graph, inputs, onLayer),
  }));
}

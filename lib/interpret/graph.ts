// A model written down instead of executed: each operation of the forward pass becomes a node. Nodes stand in an order in which
// they can be computed; who evaluates them decides when parameters are read and values freed.

import type { GateActivation } from "../kernels/contract.ts";
import type { EntryOf, Interpreter, Picked } from "../model/interpreter.ts";
import type {
  ActivationName,
  Attention,
  Convolution,
  Linear,
  NormSpec,
  QkvOrder,
  Relative,
  Routing,
  Sinusoids,
  Stack,
  Table,
} from "../model/spec.ts";

/** The operations that give a value, with what they take besides values. */
export interface Operations {
  readonly add: [];
  readonly scale: [factor: number];
  readonly weigh: [];
  readonly tokens: [entry: EntryOf<"tokens">, width: number];
  readonly addAlternatingSinusoids: [count: number];
  readonly addPositions: [table: Table, entry?: EntryOf<"tokens">];
  readonly addSinusoids: [entry: EntryOf<"tokens">, sinusoids: Sinusoids];
  readonly addFirst: [table: Table];
  readonly patches: [entry: EntryOf<"patches">, width: number];
  readonly frames: [entry: EntryOf<"audio">];
  readonly convolve: [convolution: Convolution];
  readonly normOverTime: [norm: NormSpec];
  readonly vectors: [table: Table, width: number];
  readonly joinRows: [];
  readonly rows: [first: number, count: number | undefined];
  readonly linear: [map: Linear];
  readonly norm: [norm: NormSpec];
  readonly normHeads: [norm: NormSpec, headWidth: number];
  readonly route: [routing: Routing];
  readonly multiplyColumn: [column: number];
  readonly activate: [activation: ActivationName];
  readonly multiply: [];
  readonly multiplyVectors: [vectors: readonly string[]];
  readonly clip: [limit: number];
  readonly softcap: [limit: number];
  readonly addSum: [factor: number];
  readonly half: [which: 0 | 1];
  readonly firstColumns: [count: number];
  readonly scalar: [name: string];
  readonly gpas: [gate: string, activation: GateActivation];
  readonly takeQkv: [which: "q" | "k" | "v", order: QkvOrder, attention: Attention];
  readonly relativeGates: [gate: NonNullable<Relative["gate"]>, attention: Attention];
  readonly attend: [attention: Attention];
  readonly pick: [head: Picked, stack: Stack];
}

/** A value that is computed later, of the values of other nodes. */
export interface Node<K extends keyof Operations = keyof Operations> {
  /** What computes it. */
  readonly operation: K;
  /** What it is computed of. */
  readonly inputs: readonly Node[];
  /** What the operation takes besides. */
  readonly data: Operations[K];
}

/** What is known of a model's inputs and parameters before anything is computed. */
export type GraphFacts = Pick<
  Interpreter<unknown>,
  "has" | "reads" | "countVectors" | "countPatches"
>;

/**
 * An interpreter that writes nodes down.
 *
 * @param facts What is known beforehand.
 * @param nodes Receives the nodes in the order of computation.
 * @returns The interpreter.
 */
export function graphInterpreter(facts: GraphFacts, nodes: Node[]): Interpreter<Node> {
  const write = <K extends keyof Operations>(
    operation: K,
    inputs: readonly Node[],
    ...data: Operations[K]
  ): Node => {
    const node = { operation, inputs, data };
    nodes.push(node);
    return node;
  };
  return {
    ...facts,
    add: (x, y) => write("add", [x, y]),
    scale: (factor, x) => write("scale", [x], factor),
    weigh: (weight, x) => write("weigh", [weight, x]),
    tokens: (entry, width) => write("tokens", [], entry, width),
    addAlternatingSinusoids: (x, count) => write("addAlternatingSinusoids", [x], count),
    addPositions: (x, table, entry) => write("addPositions", [x], table, entry),
    addSinusoids: (x, entry, sinusoids) => write("addSinusoids", [x], entry, sinusoids),
    addFirst: (x, table) => write("addFirst", [x], table),
    patches: (entry, width) => write("patches", [], entry, width),
    frames: (entry) => write("frames", [], entry),
    convolve: (x, convolution) => write("convolve", [x], convolution),
    normOverTime: (x, norm) => write("normOverTime", [x], norm),
    vectors: (table, width) => write("vectors", [], table, width),
    joinRows: (rows) => write("joinRows", rows),
    rows: (x, first, count) => write("rows", [x], first, count),
    linear: (x, map) => write("linear", [x], map),
    norm: (x, norm) => write("norm", [x], norm),
    normHeads: (x, norm, headWidth) => write("normHeads", [x], norm, headWidth),
    route: (x, routing) => write("route", [x], routing),
    multiplyColumn: (x, others, column) => write("multiplyColumn", [x, others], column),
    activate: (x, activation) => write("activate", [x], activation),
    multiply: (x, y) => write("multiply", [x, y]),
    multiplyVectors: (x, vectors) => write("multiplyVectors", [x], vectors),
    clip: (x, limit) => write("clip", [x], limit),
    softcap: (x, limit) => write("softcap", [x], limit),
    addSum: (x, factor) => write("addSum", [x], factor),
    halves: (x) => [write("half", [x], 0), write("half", [x], 1)],
    firstColumns: (x, count) => write("firstColumns", [x], count),
    scalar: (name) => write("scalar", [], name),
    gpas: (x, gate, activation) => write("gpas", [x], gate, activation),
    splitQkv: (x, order, attention) => {
      const take = (which: "q" | "k" | "v"): Node => write("takeQkv", [x], which, order, attention);
      return { q: take("q"), k: take("k"), v: take("v") };
    },
    relativeGates: (x, gate, attention) => write("relativeGates", [x], gate, attention),
    attend: ({ q, gates }, keysValues, attention) => {
      const { k, v } = keysValues();
      return write("attend", gates === undefined ? [q, k, v] : [q, k, v, gates], attention);
    },
    pick: (x, head, stack) => write("pick", [x], head, stack),
  };
}

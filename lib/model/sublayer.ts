// What attention and feed-forward networks compute between the norm that they read and the stream that they write to.

import type { Norm } from "../residual/types.ts";
import type { Interpreter, KeysValues } from "./interpreter.ts";
import type { Attention, Branch, Experts, FeedForward, Writer } from "./spec.ts";

/** What a sub-layer is given besides what it reads. */
export interface SublayerOptions<T> {
  /** Names the attention, such as `blocks.1.attn`. */
  readonly label: string;
  /** What the stacks that came before gave, by name. */
  readonly memories: Readonly<Record<string, T>>;
  /** A norm before the matrix that writes (Sub-LN). */
  readonly inner: Norm<T> | undefined;
}

/** Refuses what cannot be computed as it is described. */
function checkAttention(attention: Attention): void {
  const { heads, keyValueHeads, alibi, relative } = attention;
  if (heads % keyValueHeads !== 0) {
    throw new RangeError(
      `Cannot share ${keyValueHeads} key-value heads among ${heads} heads: they must divide them`,
    );
  }
  if (alibi !== undefined && alibi.length !== heads) {
    throw new RangeError(`Cannot give ${heads} heads ${alibi.length} slopes`);
  }
  if (relative !== undefined && keyValueHeads !== heads) {
    throw new RangeError("Cannot add relative positions to the scores of heads that share keys");
  }
}

/** Queries of what is read, and what projects keys and values: of the same, or of a memory. */
function project<T>(
  engine: Interpreter<T>,
  attention: Attention,
  x: T,
  memory: (() => T) | undefined,
): { readonly q: T; readonly keysValues: () => KeysValues<T> } {
  const { projections } = attention;
  if ("qkv" in projections) {
    const { qkv, order } = projections;
    const split = (rows: T) => engine.splitQkv(engine.linear(rows, qkv), order, attention);
    const own = split(x);
    return { q: own.q, keysValues: () => memory === undefined ? own : split(memory()) };
  }
  const { q, k, v } = projections;
  const joined = memory === undefined ? engine.linears?.(x, [q, k, v]) : undefined;
  if (joined !== undefined) {
    const [ofQ, ofK, ofV] = joined as readonly [T, T, T];
    return { q: ofQ, keysValues: () => ({ k: ofK, v: ofV }) };
  }
  const keysValues = (): KeysValues<T> => {
    const source = memory === undefined ? x : memory();
    return { k: engine.linear(source, k), v: engine.linear(source, v) };
  };
  return { q: engine.linear(x, q), keysValues };
}

/** What is done to queries or keys before they turn: the norm of all, the cut, the norm of each head with gains of its own. */
function prepare<T>(engine: Interpreter<T>, attention: Attention, x: T, which: "q" | "k"): T {
  const { projectionNorms, clip, headNorms, headGains, headWidth } = attention;
  let y = x;
  if (projectionNorms !== undefined) y = engine.norm(y, projectionNorms[which]);
  if (clip !== undefined) y = engine.clip(y, clip);
  if (headNorms !== undefined) y = engine.normHeads(y, headNorms[which], headWidth);
  return headGains === undefined ? y : engine.multiplyVectors(y, headGains[which]);
}

function attend<T>(
  engine: Interpreter<T>,
  attention: Attention,
  x: T,
  { label, memories }: SublayerOptions<T>,
): T {
  checkAttention(attention);
  const { memory, clip } = attention;
  const read = (name: string): T => {
    const rows = memories[name];
    if (rows !== undefined) return rows;
    throw new RangeError(`Cannot attend to ${name}: it has not run; is its input missing?`);
  };
  const source = memory === undefined ? undefined : () => read(memory);
  const projected = project(engine, attention, x, source);
  const gate = attention.relative?.gate;
  const queries = {
    q: prepare(engine, attention, projected.q, "q"),
    ...(gate === undefined ? {} : { gates: engine.relativeGates(x, gate, attention) }),
  };
  const keysValues = (): KeysValues<T> => {
    const { k, v } = projected.keysValues();
    return {
      k: prepare(engine, attention, k, "k"),
      v: clip === undefined ? v : engine.clip(v, clip),
    };
  };
  return engine.attend(queries, keysValues, attention, label);
}

/** act(up x), or act(gate x) ⊙ up x. */
function feed<T>(engine: Interpreter<T>, network: FeedForward, x: T): T {
  const { up, gate, holdsGate, activation } = network;
  const [gated, lifted] = gate === undefined
    ? [undefined, engine.linear(x, up)]
    : engine.linears?.(x, [gate, up]) as readonly [T, T] | undefined ??
      [engine.linear(x, gate), engine.linear(x, up)];
  if (holdsGate === true) {
    const [first, second] = engine.halves(lifted);
    return engine.multiply(engine.activate(first, activation), second);
  }
  if (gated === undefined) return engine.activate(lifted, activation);
  return engine.multiply(engine.activate(gated, activation), lifted);
}

/** The map that writes to the stream, times its scale. */
function write<T>(engine: Interpreter<T>, { linear, scale }: Writer, x: T): T {
  const written = engine.linear(x, linear);
  return scale === undefined || !engine.has(scale)
    ? written
    : engine.multiplyVectors(written, [scale]);
}

/** The networks of a mixture, each times its weight: 0 where it is not chosen. */
function mix<T>(
  engine: Interpreter<T>,
  mixture: Experts,
  x: T,
  { inner }: SublayerOptions<T>,
): T {
  if (inner !== undefined) throw new RangeError("Cannot apply a norm inside of a mixture");
  const { router, top, among, experts, shared } = mixture;
  const written = (one: FeedForward): T => write(engine, one.output, feed(engine, one, x));
  const weights = engine.route(
    engine.linear(x, router),
    among === undefined ? { top } : { top, among },
  );
  const sum = experts
    .map((expert, at) => engine.multiplyColumn(written(expert), weights, at))
    .reduce((one, other) => engine.add(one, other));
  if (shared === undefined) return sum;
  // sigmoid(g) = (1 + tanh(g / 2)) / 2
  const half = engine.scale(0.5, written(shared.network));
  const bent = engine.activate(engine.scale(0.5, engine.linear(x, shared.gate)), "tanh");
  return engine.add(sum, engine.add(half, engine.multiplyColumn(half, bent, 0)));
}

/**
 * What a sub-layer adds to the stream.
 *
 * @param engine What executes it.
 * @param sublayer The sub-layer.
 * @param x What it reads.
 * @param options Its memories, and a norm before its last matrix.
 * @returns What it adds.
 * @throws {RangeError} If a memory is missing, or the spec contradicts itself.
 */
export function runSublayer<T>(
  engine: Interpreter<T>,
  sublayer: Branch["sublayer"],
  x: T,
  options: SublayerOptions<T>,
): T {
  if (sublayer.kind === "experts") return mix(engine, sublayer, x, options);
  const hidden = sublayer.kind === "attention"
    ? attend(engine, sublayer, x, options)
    : feed(engine, sublayer, x);
  return write(engine, sublayer.output, options.inner?.(hidden) ?? hidden);
}

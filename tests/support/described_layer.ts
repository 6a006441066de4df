// One random layer twice: as parameters of plain loops, and as tensors with their description.

import {
  type Attention,
  type FeedForward,
  hasOffset,
  type Linear,
  type NormSpec,
  type QkvOrder,
  withoutOffset,
} from "../../lib/model/spec.ts";
import { randomRow, randomRows, uniform } from "../reference/random.ts";
import { mapRows, transpose } from "../reference/rows.ts";
import type { MemoryTensor } from "./memory_tensors.ts";
import type { Affine, PlainAttention, PlainFeedForward, PlainNorm } from "./plain_layer.ts";

/** How a layer's attention is stored, and what it does. */
export interface AttentionPlan extends
  Pick<
    Attention,
    "heads" | "keyValueHeads" | "causal" | "window" | "alibi" | "clip" | "rotary" | "memory"
  > {
  readonly stored: "separate" | QkvOrder;
  readonly layout: Linear["layout"];
  readonly headNorms?: "rms" | "rms-offset";
  /** Whether all queries have a norm, and all keys. */
  readonly projectionNorms?: boolean;
  /** Whether heads have gains of their own: the queries' in a vector for each, the keys' in one. */
  readonly headGains?: boolean;
}

/** Random parameters, which are kept as tensors under their names. */
export class Store {
  /** What was stored so far. */
  readonly tensors: Record<string, MemoryTensor> = {};
  readonly #next: () => number;

  /** Parameters from a seed. */
  constructor(seed: number) {
    this.#next = uniform(seed);
  }

  /** A random matrix that float32 holds. */
  matrix(rows: number, columns: number): number[][] {
    return mapRows(randomRows(this.#next, rows, columns), Math.fround);
  }

  /** A random row that float32 holds. */
  row(length: number): number[] {
    return randomRow(this.#next, length).map(Math.fround);
  }

  /** A random map, not stored. */
  affine(outputs: number, inputs: number): Affine {
    return { w: this.matrix(outputs, inputs), b: this.row(outputs) };
  }

  /** Stores a vector. */
  keep(name: string, values: readonly number[]): readonly number[] {
    this.tensors[name] = { shape: [values.length], values };
    return values;
  }

  /** Stores a matrix. */
  keepMatrix(name: string, rows: readonly (readonly number[])[]): void {
    this.tensors[name] = { shape: [rows.length, rows[0]!.length], values: rows.flat() };
  }

  /** Stores maps as one, outputs one after the other. */
  linear(name: string, layout: Linear["layout"], parts: readonly Affine[]): Linear {
    const w = parts.flatMap((part) => part.w);
    this.keepMatrix(`${name}.weight`, layout === "out-in" ? w : transpose(w));
    this.keep(`${name}.bias`, parts.flatMap(({ b }) => b));
    return { weight: `${name}.weight`, bias: `${name}.bias`, layout };
  }

  /** A random norm. */
  norm(
    name: string,
    kind: Exclude<NormSpec["kind"], "crms-padded">,
    width: number,
  ): { site: NormSpec; plain: PlainNorm } {
    const eps = 1e-3;
    const gain = this.keep(`${name}.weight`, this.row(width));
    const bias = this.keep(`${name}.bias`, this.row(width));
    return {
      site: { kind, eps, gain: `${name}.weight`, bias: `${name}.bias` },
      plain: {
        kind: withoutOffset(kind) as PlainNorm["kind"],
        eps,
        gain: hasOffset(kind) ? gain.map((value) => 1 + value) : gain,
        bias,
      },
    };
  }
}

/** The width of a head. */
const headWidth = 6;

/** The parts in the order in which one matrix holds them. */
function ordered(order: QkvOrder, { q, k, v }: Pick<PlainAttention, "q" | "k" | "v">): Affine[] {
  if (order === "blocks") return [...q, ...k, ...v];
  if (order === "quarters") { // of as many queries as keys, four
    return q.flatMap((query, at) => [query, v[at]!, k[at]!]);
  }
  const each = q.length / k.length;
  return k.flatMap((key, at) => [...q.slice(at * each, (at + 1) * each), key, v[at]!]);
}

/** Random attention of a stream of that width. */
export function makeAttention(
  store: Store,
  width: number,
  { stored, layout, headNorms, projectionNorms, headGains, ...plan }: AttentionPlan,
  sourceWidth = width,
): { described: Attention; plain: PlainAttention } {
  const many = (count: number, inputs: number): Affine[] =>
    Array.from({ length: count }, () => store.affine(headWidth, inputs));
  const q = many(plan.heads, width);
  const k = many(plan.keyValueHeads, sourceWidth);
  const v = many(plan.keyValueHeads, sourceWidth);
  const output = store.affine(width, plan.heads * headWidth);
  const scale = 0.3;
  const site = (name: string, width = headWidth): NormSpec => // a name without a tensor: there is no bias
  ({ ...store.norm(name, headNorms ?? "rms", width).site, bias: "absent" });
  const gain = (name: string): number[] =>
    Array.from(
      store.tensors[`${name}.weight`]!.values,
      (value) => headNorms === "rms-offset" ? 1 + value : value,
    );
  const norms = headNorms && { q: site("norm_q"), k: site("norm_k") };
  const ofAll = projectionNorms && {
    q: site("all_q", plan.heads * headWidth),
    k: site("all_k", plan.keyValueHeads * headWidth),
  };
  const keyGains = headGains
    ? store.keep("gains_k", store.row(plan.keyValueHeads * headWidth))
    : [];
  const queryGains = headGains
    ? q.map((_, head) => store.keep(`gains_q.${head}`, store.row(headWidth)))
    : [];
  const names = { q: queryGains.map((_, head) => `gains_q.${head}`), k: ["gains_k"] };
  return {
    described: {
      kind: "attention",
      projections: stored === "separate"
        ? {
          q: store.linear("q", layout, q),
          k: store.linear("k", layout, k),
          v: store.linear("v", layout, v),
        }
        : { qkv: store.linear("qkv", layout, ordered(stored, { q, k, v })), order: stored },
      output: { linear: store.linear("o", layout, [output]) },
      headWidth,
      scale,
      ...plan,
      ...(norms === undefined ? {} : { headNorms: norms }),
      ...(ofAll ? { projectionNorms: ofAll } : {}),
      ...(headGains ? { headGains: names } : {}),
    },
    plain: {
      q,
      k,
      v,
      output,
      scale,
      ...plan,
      ...(norms === undefined
        ? {}
        : { gains: { q: gain("norm_q"), k: gain("norm_k"), eps: norms.q.eps } }),
      ...(ofAll
        ? { projectionNorms: { q: gain("all_q"), k: gain("all_k"), eps: ofAll.q.eps } }
        : {}),
      ...(headGains ? { headGains: { q: queryGains.flat(), k: keyGains } } : {}),
    },
  };
}

/** A random feed-forward network with SiLU. */
export function makeFeedForward(
  store: Store,
  width: number,
  { layout, gated }: { readonly layout: Linear["layout"]; readonly gated: boolean },
): { described: FeedForward; plain: PlainFeedForward } {
  const hidden = 2 * width + 1;
  const [up, gate] = [store.affine(hidden, width), store.affine(hidden, width)];
  const output = store.affine(width, hidden);
  return {
    described: {
      kind: "feedForward",
      up: store.linear("up", layout, [up]),
      ...(gated ? { gate: store.linear("gate", layout, [gate]) } : {}),
      output: { linear: store.linear("down", layout, [output]) },
      activation: "silu",
    },
    plain: {
      up,
      ...(gated ? { gate } : {}),
      output,
      act: (x) => x / (1 + Math.exp(-x)),
    },
  };
}

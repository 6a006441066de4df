// Layers of every kind with random parameters, and what plain loops make of them.

import { branch } from "../../lib/families/spec_parts.ts";
import type { Block, NormSpec } from "../../lib/model/spec.ts";
import { preLn, type Residual, type StreamWiring, withGpas } from "../../lib/residual/mod.ts";
import { addRows, mapRows, type Rows } from "../reference/rows.ts";
import { type AttentionPlan, makeAttention, makeFeedForward, Store } from "./described_layer.ts";
import type { MemoryTensor } from "./memory_tensors.ts";
import { affine, plainAttention, plainFeedForward, plainNorm } from "./plain_layer.ts";

/** A layer with its parameters, what it reads, and what comes out. */
export interface LayerCase {
  readonly name: string;
  readonly block: Block;
  /** Pre-LN when absent. */
  readonly residual?: Residual;
  readonly tensors: Readonly<Record<string, MemoryTensor>>;
  readonly x: Rows;
  readonly memory?: Rows;
  readonly expected: Rows;
}

const width = 10;
const length = 7;

const base: AttentionPlan = {
  heads: 4,
  keyValueHeads: 4,
  causal: true,
  stored: "separate",
  layout: "out-in",
};

const plans: Readonly<Record<string, AttentionPlan>> = {
  "separate matrices, stored (out, in)": base,
  "separate matrices, stored (in, out), all see all": { ...base, layout: "in-out", causal: false },
  "separate matrices, grouped": { ...base, keyValueHeads: 2 },
  "fused in blocks, stored (in, out)": { ...base, stored: "blocks", layout: "in-out" },
  "fused in blocks, one key-value head": { ...base, stored: "blocks", keyValueHeads: 1 },
  "fused by heads, alibi": { ...base, stored: "heads", alibi: [0.5, 0.25, 0.125, 0.0625] },
  "fused by groups": { ...base, stored: "groups", keyValueHeads: 2 },
  "rotary halves": { ...base, rotary: { width: 6, base: 100, order: "half" } },
  "rotary pairs": { ...base, rotary: { width: 6, base: 100, order: "pairs" } },
  "rotary halves of a part": { ...base, rotary: { width: 4, base: 100, order: "half" } },
  "rotary with speeds and a scale of their own": {
    ...base,
    rotary: { width: 4, base: 100, order: "half", speeds: [0.7, 0.03], scale: 1.3 },
  },
  "rotary beyond a length": {
    ...base,
    rotary: { width: 4, base: 9, order: "pairs", beyond: { length: 5, speeds: [0.4, 0.01] } },
  },
  "rotary as long as the length": {
    ...base,
    rotary: { width: 4, base: 9, order: "half", beyond: { length: 7, speeds: [0.4, 0.01] } },
  },
  "rotary with a base that grows": {
    ...base,
    rotary: { width: 6, base: 50, order: "half", beyond: { length: 4, factor: 3 } },
  },
  "rotary pairs of a part, grouped": {
    ...base,
    keyValueHeads: 2,
    rotary: { width: 4, base: 100, order: "pairs" },
  },
  "window": { ...base, window: 3 },
  "window, as many keys ahead": { ...base, window: 3, causal: false },
  "alibi and window": { ...base, alibi: [1, 0.5, 0.25, 0.125], window: 2 },
  "clip": { ...base, clip: 0.5 },
  "head norms, grouped, rotary": {
    ...base,
    keyValueHeads: 2,
    headNorms: "rms",
    rotary: { width: 6, base: 100, order: "half" },
  },
  "head norms with gains of each head's own, rotary": {
    ...base,
    keyValueHeads: 2,
    headNorms: "rms",
    headGains: true,
    rotary: { width: 4, base: 100, order: "half" },
  },
  "norms of all queries and keys, fused": {
    ...base,
    stored: "groups",
    keyValueHeads: 2,
    projectionNorms: true,
    clip: 0.9,
  },
  "fused in quarters": { ...base, stored: "quarters" },
  "head norms with offset, clip": { ...base, headNorms: "rms-offset", clip: 0.75 },
};

/** A Pre-LN layer with this attention and a feed-forward network. */
function usual(
  name: string,
  plan: AttentionPlan,
  seed: number,
  kind: Exclude<NormSpec["kind"], "crms-padded">,
): LayerCase {
  const store = new Store(seed);
  const attention = makeAttention(store, width, plan);
  const feedForward = makeFeedForward(store, width, { layout: plan.layout, gated: seed % 2 === 0 });
  const [first, second] = [store.norm("ln_1", kind, width), store.norm("ln_2", kind, width)];
  const x = store.matrix(length, width);
  const normed = plainNorm(first.plain, x);
  const middle = addRows(x, plainAttention(attention.plain, normed, normed));
  return {
    name,
    block: {
      branches: [
        branch({ input: first.site }, attention.described),
        branch({ input: second.site }, feedForward.described),
      ],
      parallel: false,
    },
    tensors: store.tensors,
    x,
    expected: addRows(middle, plainFeedForward(feedForward.plain, plainNorm(second.plain, middle))),
  };
}

/** Both branches read the stream at the start, through one norm or two. */
function parallel(shared: boolean): LayerCase {
  const store = new Store(40);
  const attention = makeAttention(store, width, base);
  const feedForward = makeFeedForward(store, width, { layout: "out-in", gated: false });
  const first = store.norm("ln_1", "layer", width);
  const second = shared ? first : store.norm("ln_2", "layer", width);
  const x = store.matrix(length, width);
  const normed = plainNorm(first.plain, x);
  const sum = addRows(x, plainAttention(attention.plain, normed, normed));
  return {
    name: `parallel branches with ${shared ? "one norm" : "two norms"}`,
    block: {
      branches: [
        branch({ input: first.site }, attention.described),
        branch({ input: second.site }, feedForward.described),
      ],
      parallel: true,
    },
    tensors: store.tensors,
    x,
    expected: addRows(sum, plainFeedForward(feedForward.plain, plainNorm(second.plain, x))),
  };
}

/** Keys and values of another stack. */
function crossAttention(): LayerCase {
  const store = new Store(41);
  const plan = { ...base, causal: false, memory: "encoder" };
  const attention = makeAttention(store, width, plan, 8);
  const norm = store.norm("ln", "layer", width);
  const [x, memory] = [store.matrix(length, width), store.matrix(5, 8)];
  return {
    name: "cross-attention",
    block: { branches: [branch({ input: norm.site }, attention.described)], parallel: false },
    tensors: store.tensors,
    x,
    memory,
    expected: addRows(x, plainAttention(attention.plain, plainNorm(norm.plain, x), memory)),
  };
}

/** A feed-forward network whose output is scaled, lane by lane; missing biases and gains. */
function layerScale(): LayerCase {
  const store = new Store(42);
  const { described, plain } = makeFeedForward(store, width, { layout: "in-out", gated: true });
  const scale = store.keep("scale", store.row(width));
  const x = store.matrix(length, width);
  const norm: NormSpec = { kind: "layer", eps: 1e-3, gain: "no gain", bias: "no bias" };
  const ones = { kind: "layer", eps: 1e-3, gain: x[0]!.map(() => 1), bias: x[0]!.map(() => 0) };
  delete store.tensors["up.bias"];
  const bare = { ...plain, up: { w: plain.up.w, b: plain.up.b.map(() => 0) } };
  const added = plainFeedForward(bare, plainNorm({ ...ones, kind: "layer" }, x));
  const sublayer = { ...described, output: { ...described.output, scale: "scale" } };
  return {
    name: "LayerScale, no gain, no bias",
    block: { branches: [branch({ input: norm }, sublayer)], parallel: false },
    tensors: store.tensors,
    x,
    expected: addRows(x, added.map((row) => row.map((value, lane) => value * scale[lane]!))),
  };
}

/** Two of four networks for each row, by their scores. */
function mixture(): LayerCase {
  const store = new Store(45);
  const networks = Array.from({ length: 4 }, (_, at) => {
    const own = new Store(50 + at);
    const made = makeFeedForward(own, width, { layout: "out-in", gated: at % 2 === 0 });
    const renamed = JSON.parse(
      JSON.stringify(made.described),
      (_, value) => typeof value === "string" && value in own.tensors ? `${at}.${value}` : value,
    ) as typeof made.described;
    for (const [name, tensor] of Object.entries(own.tensors)) {
      store.tensors[`${at}.${name}`] = tensor;
    }
    return { ...made, described: renamed };
  });
  const router = store.affine(4, width);
  const described = store.linear("router", "out-in", [router]);
  const { site, plain: norm } = store.norm("ln", "layer", width);
  const x = store.matrix(length, width);
  const normed = plainNorm(norm, x);
  const expected = normed.map((row, t) => {
    const scores = affine(router, row);
    const order = scores.map((_, at) => at).sort((a, b) => scores[b]! - scores[a]!).slice(0, 2);
    const total = order.reduce((sum, at) => sum + Math.exp(scores[at]!), 0);
    const added = order.map((at) => {
      const [own] = plainFeedForward(networks[at]!.plain, [row]);
      return own!.map((value) => value * Math.exp(scores[at]!) / total);
    });
    return x[t]!.map((value, lane) => value + added[0]![lane]! + added[1]![lane]!);
  });
  return {
    name: "a mixture of networks",
    block: {
      branches: [
        branch({ input: site }, {
          kind: "experts",
          router: described,
          experts: networks.map((network) => network.described),
          top: 2,
        }),
      ],
      parallel: false,
    },
    tensors: store.tensors,
    x,
    expected,
  };
}

/** 1 − SiLU(g) */
const kept = (g: number): number => 1 - g / (1 + Math.exp(-g));

/** Norm constants, gates and factors of the shortcut. */
export function gatedLayer(post: boolean): LayerCase {
  const store = new Store(post ? 43 : 44);
  const { described, plain } = makeFeedForward(store, width, { layout: "out-in", gated: false });
  const { site, plain: norm } = store.norm("ln", "layer", width);
  const [normScale, shortcut, gate] = [0.5, 1.5, 0.75];
  store.tensors["gate"] = { shape: [], values: [gate] };
  const x = store.matrix(length, width);
  const normed = (y: Rows): number[][] => mapRows(plainNorm(norm, y), (value) => normScale * value);
  const factor = kept(gate);
  const expected = post
    ? normed(addRows(mapRows(x, (v) => factor * shortcut * v), plainFeedForward(plain, x)))
    : mapRows(
      addRows(mapRows(x, (v) => shortcut * v), plainFeedForward(plain, normed(x))),
      (v) => factor * v,
    );
  const placed = branch(post ? { stream: site } : { input: site }, described);
  const wiring: StreamWiring = post
    ? {
      norms: ["stream"],
      gate: "shortcut",
      update: ({ add, scale }, x, f, n) =>
        scale(normScale, n.stream(add(scale(shortcut, x), f(x)))),
    }
    : {
      norms: ["input"],
      gate: "sum",
      update: ({ add, scale }, x, f, n) => add(scale(shortcut, x), f(scale(normScale, n.input(x)))),
    };
  return {
    name: post ? "Post-LN with gate and factors" : "Pre-LN with gate and factors",
    block: { branches: [{ ...placed, gate: "gate" }], parallel: false },
    residual: withGpas({ ...preLn, id: "factors", wiring: () => wiring }),
    tensors: store.tensors,
    x,
    expected,
  };
}

/** All of them; the first is plain causal attention with separate matrices. */
export const layerCases: readonly LayerCase[] = [
  ...Object.entries(plans).map(([name, plan], at) => usual(name, plan, at, "layer")),
  ...(["rms", "rms-offset", "layer-offset", "crms"] as const).map((kind, at) =>
    usual(`norms of kind ${kind}`, base, 30 + at, kind)
  ),
  parallel(true),
  parallel(false),
  crossAttention(),
  layerScale(),
  mixture(),
  gatedLayer(false),
  gatedLayer(true),
];

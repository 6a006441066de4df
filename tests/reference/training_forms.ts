/**
 * A whole Pre-LN Transformer in float64 and the forms in which its parameters θ can be trained, the
 * right ones and the wrong ones. Each form is a function φ = h(θ) of constant matrices, Jiang et al.
 * 2023 (arXiv 2305.14858) §3.1, §3.2 and §3.5, and a norm. Written from the paper, as a measure for
 * `lib/convert`; θ is named like the library's parameters, so that the two can be compared.
 *
 * The model: `x₀ = s·E[ids] + P`, then twice a layer `x += A(LN(x))`, `x += F(LN(x))` with single-head
 * causal attention and a ReLU network, then `LN(x) W + b`. A branch's output and x₀ may be dropped.
 *
 * @module
 */
import { crossEntropy, crossEntropyGrad } from "./losses.ts";
import type { NormKind } from "./norms.ts";
import {
  addRow,
  causalPattern,
  masked,
  product,
  relu,
  rowsAt,
  timesRow,
  transposed,
} from "./parameter_tape.ts";
import { randomRow, randomRows, uniform } from "./random.ts";
import type { Rows } from "./rows.ts";
import { add, gradients, leaf, type Node, normalize, scale } from "./tape.ts";

/** Parameters by name; a row is a matrix of one row. */
export type Parameters = Readonly<Record<string, Rows>>;

type Nodes = Readonly<Record<string, Node>>;

/** Sizes of a toy model; the sequence is as long as the context. */
export interface ToyModel {
  readonly vocabulary: number;
  readonly context: number;
  readonly width: number;
  readonly hidden: number;
  readonly depth: number;
  readonly tied: boolean;
}

/** ε of every norm. */
export const eps = 1e-5;

/** What token embeddings are multiplied by. */
export const embeddingScale = 1.5;

/** Random parameters of a Pre-LN model: no mean, gain or bias is anything special. */
export function toyParameters(sizes: ToyModel, seed: number): Parameters {
  const { vocabulary, context, width, hidden, depth, tied } = sizes;
  const next = uniform(seed);
  const matrix = (rows: number, columns: number): Rows => randomRows(next, rows, columns);
  const row = (length: number): Rows => [randomRow(next, length).map((value) => 0.5 * value)];
  const norm = (path: string): [string, Rows][] => [
    [`${path}.gain`, row(width).map((values) => values.map((value) => 1.2 + value))],
    [`${path}.bias`, row(width)],
  ];
  const block = (at: string): [string, Rows][] => [
    ...["q", "k", "v", "o"].flatMap((name): [string, Rows][] => [
      [`${at}.attention.w${name}`, matrix(width, width)],
      [`${at}.attention.b${name}`, row(width)],
    ]),
    [`${at}.feedForward.w1`, matrix(width, hidden)],
    [`${at}.feedForward.b1`, row(hidden)],
    [`${at}.feedForward.w2`, matrix(hidden, width)],
    [`${at}.feedForward.b2`, row(width)],
    ...norm(`${at}.norm.attention.input`),
    ...norm(`${at}.norm.feedForward.input`),
  ];
  return Object.fromEntries([
    ["wte", matrix(vocabulary, width)],
    ["wpe", matrix(context, width)],
    ...Array.from({ length: depth }, (_, l) => block(`blocks.${l + 1}`)).flat(),
    ...norm("norm.final"),
    ...(tied ? [] : [["head.w", matrix(width, vocabulary)]]),
  ]);
}

/** What a model is run on. */
export interface Example {
  readonly ids: readonly number[];
  readonly targets: readonly number[];
  /** By `embed` and `blocks.l.attention` or `.feedForward`: what values are multiplied by; nothing is dropped without. */
  readonly masks?: Parameters;
}

const matrixOf = (rows: number, columns: number, at: (i: number, j: number) => number): Node =>
  leaf(Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => at(i, j))));

/** The projector C = I − 11ᵀ/d. */
const projector = (d: number): Node => matrixOf(d, d, (i, j) => (i === j ? 1 : 0) - 1 / d);

/** d values to their first d − 1. */
const dropLast = (d: number): Node => matrixOf(d, d - 1, (i, j) => i === j ? 1 : 0);

/** The first d − 1 values of a row with sum 0 to all d. */
const restoreLast = (d: number): Node =>
  matrixOf(d - 1, d, (i, j) => j === d - 1 ? -1 : i === j ? 1 : 0);

const widthOf = (x: Node): number => x.value[0]?.length ?? 0;

/** x C: each row without its mean. */
const centered = (x: Node): Node => product(x, projector(widthOf(x)));

/** The first d − 1 values of x C. */
const compressed = (x: Node): Node => product(centered(x), dropLast(widthOf(x)));

const isWriter = (name: string): boolean => /^w[tp]e$|\.[wb][o2]$/.test(name);

const mapNodes = (nodes: Nodes, f: (node: Node, name: string) => Node): Nodes =>
  Object.fromEntries(Object.entries(nodes).map(([name, node]) => [name, f(node, name)]));

/** The head gets a matrix of its own, since its table is about to change. */
const untied = (theta: Nodes): Nodes => ({
  ...theta,
  "head.w": theta["head.w"] ?? transposed(theta["wte"] as Node),
});

/** What reads a norm: the matrix, its bias, the norm. */
function readers(theta: Nodes): { w: string; b: string; norm: string }[] {
  const inBlocks = Object.keys(theta).flatMap((w) => {
    const [, block, role, matrix] = /^(blocks\.\d+)\.(\w+)\.w([qkv1])$/.exec(w) ?? [];
    return matrix === undefined
      ? []
      : [{ w, b: `${block}.${role}.b${matrix}`, norm: `${block}.norm.${role}.input` }];
  });
  return [...inBlocks, { w: "head.w", b: "head.b", norm: "norm.final" }];
}

/** Gain and bias moved into what reads them: (n ⊙ γ + β) W + b = n (diag(γ) W) + (β W + b). */
function folded(theta: Nodes): Nodes {
  const phi: Record<string, Node> = Object.fromEntries(
    Object.entries(theta).filter(([name]) => !/\.(gain|bias)$/.test(name)),
  );
  for (const { w, b, norm } of readers(theta)) {
    const [matrix, bias] = [theta[w] as Node, theta[b]];
    const shift = product(theta[`${norm}.bias`] as Node, matrix);
    phi[w] = transposed(timesRow(transposed(matrix), theta[`${norm}.gain`] as Node));
    phi[b] = bias === undefined ? shift : add(bias, shift);
  }
  return phi;
}

/** A way to compute a Pre-LN model. */
interface Form {
  /** Its norm. */
  readonly kind: NormKind;
  /** φ = h(θ). */
  convert(theta: Nodes): Nodes;
  /** What follows the dropout of a branch or of the embedding. */
  readonly afterDropout?: (x: Node) => Node;
}

const preLn: Form = { kind: "layer", convert: (theta) => theta };

/** §3.1: what writes to the stream is centered, LayerNorm becomes RMSNorm. */
const preRms: Form = {
  kind: "rms",
  convert: (theta) =>
    mapNodes(untied(theta), (node, name) => isWriter(name) ? centered(node) : node),
};

/** What reads the d − 1 values instead of d: W[:-1] − W[-1]. */
const reading = (theta: Nodes): Nodes => {
  const names = readers(theta).map(({ w }) => w);
  return mapNodes(
    theta,
    (w, name) => names.includes(name) ? product(restoreLast(w.value.length), w) : w,
  );
};

/** §3.2: the last coordinate of what is centered is dropped; what reads it takes the sum of the others instead. */
const preCrms: Form = {
  kind: "crms",
  convert: (theta) =>
    mapNodes(
      reading(folded(untied(theta))),
      (node, name) => isWriter(name) ? compressed(node) : node,
    ),
};

const forms = {
  "pre-ln": preLn,
  "pre-rmsnorm": preRms,
  "pre-crmsnorm": preCrms,
  // with dropout: the writers stay as they are, and what is left of their output is centered
  "pre-rmsnorm, centered again": { kind: "rms", convert: untied, afterDropout: centered },
  "pre-crmsnorm, centered again": {
    kind: "crms",
    convert: (theta) => reading(folded(untied(theta))),
    afterDropout: compressed,
  },
  // wrong: the released JAX code centers an (in, out) matrix over its inputs
  "wrong axis": {
    kind: "rms",
    convert: (theta) =>
      mapNodes(untied(theta), (node, name) => {
        if (!isWriter(name)) return node;
        return /\.w/.test(name) ? transposed(centered(transposed(node))) : centered(node);
      }),
  },
  // wrong with dropout, whose mask takes values out of a sum of 0
  "centered, dropped, centered again": { ...preRms, afterDropout: centered },
} as const satisfies Record<string, Form>;

/** The names of the forms. */
export type FormName = keyof typeof forms;

/** `norm(x)`, with gain and bias where there are any. */
function normed(form: Form, phi: Nodes, path: string, x: Node): Node {
  const [gain, bias] = [phi[`${path}.gain`], phi[`${path}.bias`]];
  const n = normalize(x, form.kind, { eps });
  const scaled = gain === undefined ? n : timesRow(n, gain);
  return bias === undefined ? scaled : addRow(scaled, bias);
}

/** The logits of parameters φ. */
function run(form: Form, phi: Nodes, { ids, masks }: Example): Node {
  const at = (name: string): Node => phi[name] as Node;
  const linear = (x: Node, w: string, b: string): Node => {
    const y = product(x, at(w));
    return phi[b] === undefined ? y : addRow(y, at(b));
  };
  const dropped = (x: Node, name: string): Node => {
    const mask = masks?.[name];
    const kept = mask === undefined ? x : masked(x, mask);
    return (form.afterDropout ?? ((h) => h))(kept);
  };
  const attention = (block: string, x: Node): Node => {
    const [q, k, v] = ["q", "k", "v"].map((name) =>
      linear(x, `${block}.attention.w${name}`, `${block}.attention.b${name}`)
    ) as [Node, Node, Node];
    const pattern = causalPattern(product(q, transposed(k)), widthOf(q) ** -0.5);
    return linear(product(pattern, v), `${block}.attention.wo`, `${block}.attention.bo`);
  };
  const feedForward = (block: string, x: Node): Node => {
    const hidden = relu(linear(x, `${block}.feedForward.w1`, `${block}.feedForward.b1`));
    return linear(hidden, `${block}.feedForward.w2`, `${block}.feedForward.b2`);
  };
  const embedded = add(scale(embeddingScale, rowsAt(at("wte"), ids)), at("wpe"));
  let x = dropped(embedded, "embed");
  const blocks = Object.keys(phi).filter((name) => name.endsWith("attention.wq"));
  for (const block of blocks.map((name) => name.slice(0, -".attention.wq".length))) {
    const [first, second] = ["attention", "feedForward"].map((role) =>
      `${block}.norm.${role}.input`
    );
    x = add(x, dropped(attention(block, normed(form, phi, first!, x)), `${block}.attention`));
    x = add(x, dropped(feedForward(block, normed(form, phi, second!, x)), `${block}.feedForward`));
  }
  const out = normed(form, phi, "norm.final", x);
  return phi["head.w"] === undefined
    ? product(out, transposed(at("wte")))
    : linear(out, "head.w", "head.b");
}

/** A loss with its gradient. */
export interface LossAndGradient {
  readonly logits: Rows;
  readonly loss: number;
  readonly gradient: Parameters;
}

const leavesOf = (parameters: Parameters): Nodes =>
  Object.fromEntries(Object.entries(parameters).map(([name, rows]) => [name, leaf(rows)]));

function differentiate(leaves: Nodes, output: Node, targets: readonly number[]): LossAndGradient {
  const dy = crossEntropyGrad(output.value, targets);
  const found = gradients(output, dy, Object.values(leaves));
  return {
    logits: output.value,
    loss: crossEntropy(output.value, targets),
    gradient: Object.fromEntries(Object.keys(leaves).map((name, i) => [name, found[i] as Rows])),
  };
}

/** Loss and gradient to the master parameters θ of a Pre-LN model, computed in a form (§3.5). */
export function masterGradient(
  form: FormName,
  theta: Parameters,
  example: Example,
): LossAndGradient {
  const leaves = leavesOf(theta);
  const output = run(forms[form], forms[form].convert(leaves), example);
  return differentiate(leaves, output, example.targets);
}

/** Loss and gradient to the parameters φ of a form themselves: another model to train. */
export function directGradient(
  form: FormName,
  phi: Parameters,
  example: Example,
): LossAndGradient {
  const leaves = leavesOf(phi);
  return differentiate(leaves, run(forms[form], leaves, example), example.targets);
}

/** The parameters φ of a form, as numbers. */
export function formOf(form: FormName, theta: Parameters): Parameters {
  const phi = Object.entries(forms[form].convert(leavesOf(theta)));
  return Object.fromEntries(phi.map(([name, { value }]) => [name, value]));
}

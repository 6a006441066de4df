/**
 * The residual variants in float64: each paper's recurrence over a decoder-only stack of toy
 * sub-layers, with and without GPAS. A measure for `lib/residual`, written from the papers alone.
 * In every equation `gpas` stands where it acts, and is the identity for an id without "+gpas".
 *
 * @module
 */
import { deepNormDecoderAlpha } from "./constants.ts";
import type { NormKind } from "./norms.ts";
import { type Rows, sum } from "./rows.ts";
import { add, gpasOf, gradients, leaf, linear, type Node, normalize, scale, tanh } from "./tape.ts";

/** A toy sub-layer with an inner site: `x → inner(tanh(x W₁)) W₂`, matrices stored `[in][out]`. */
export interface OracleSublayer {
  readonly w1: number[][];
  readonly w2: number[][];
}

/** Gain and bias of one norm. */
export interface OracleNormParams {
  readonly gain: number[];
  readonly bias: number[];
}

/** The four places a norm can stand. */
export type OracleSite = "input" | "inner" | "output" | "stream";

/** The parameters of the norms one sub-layer may own. */
export type OracleNorms = Readonly<Record<OracleSite, OracleNormParams>>;

/** One layer: the sub-layers "self" and "feedForward", their norms, and the gate they share. */
export interface OracleLayer {
  readonly sublayers: readonly [OracleSublayer, OracleSublayer];
  readonly norms: readonly [OracleNorms, OracleNorms];
  readonly gate: number;
}

/** A decoder-only stack; ResiDual's final norm has its own ε, 1e-7. */
export interface OracleStack {
  readonly layers: readonly OracleLayer[];
  readonly final: OracleNormParams;
  readonly eps: number;
  readonly norm: NormKind;
}

type Step = (x: Node) => Node;

/** One place where a branch joins the stream: all that its equation may mention. */
export interface Joint {
  /** From 1. */
  readonly layer: number;
  readonly depth: number;
  /** The branch; `inner` stands before its output projection. */
  readonly f: (x: Node, inner?: Step) => Node;
  readonly norm: Readonly<Record<OracleSite, Step>>;
  /** The identity where there are no gates. */
  readonly gpas: Step;
}

type Update = (x: Node, site: Joint) => Node;

const postLn: Update = (x, { f, norm, gpas }) => norm.stream(add(gpas(x), f(x)));

const preLn: Update = (x, { f, norm, gpas }) => gpas(add(x, f(norm.input(x))));

const sandwichLn: Update = (x, { f, norm, gpas }) => gpas(add(x, norm.output(f(norm.input(x)))));

const resPostNorm: Update = (x, { f, norm, gpas }) => gpas(add(x, norm.output(f(x))));

const subLn: Update = (x, { f, norm, gpas }) => gpas(add(x, f(norm.input(x), norm.inner)));

const deepNorm: Update = (x, { f, norm, gpas, depth }) =>
  norm.stream(add(scale(deepNormDecoderAlpha(depth), gpas(x)), f(x)));

const lns: Update = (x, { f, norm, gpas, layer }) =>
  gpas(add(x, f(scale(layer ** -0.5, norm.input(x)))));

const mixLn: Update = (x, site) =>
  site.layer <= Math.floor(site.depth / 4) ? postLn(x, site) : preLn(x, site);

/** What stands after the last sub-layer: reads the stream, the dual stream x⁰ + Σ f, the final norm. */
type Finish = (x: Node, dual: Node, final: (h: Node, eps?: number) => Node) => Node;

const asIs: Finish = (x) => x;

const finalNorm: Finish = (x, _dual, final) => final(x);

const dualNorm: Finish = (x, dual, final) => add(x, final(dual, 1e-7));

const variants: ReadonlyMap<string, readonly [Update, Finish]> = new Map([
  ["post-ln", [postLn, asIs]],
  ["pre-ln", [preLn, finalNorm]],
  ["sub-ln", [subLn, finalNorm]],
  ["deep-norm", [deepNorm, asIs]],
  ["sandwich-ln", [sandwichLn, finalNorm]],
  ["resi-dual", [postLn, dualNorm]], // GPAS acts on the Post-LN stream, never on the dual one
  ["mix-ln", [mixLn, finalNorm]],
  ["lns", [lns, finalNorm]],
  ["lns-gain", [preLn, finalNorm]], // its gain only starts at l^(−1/2)
  ["peri-ln", [sandwichLn, finalNorm]],
  ["res-post-norm", [resPostNorm, finalNorm]],
]);

/** The ids of the variants without GPAS. */
export const oracleIds: readonly string[] = [...variants.keys()];

/** A recurrence that has been run: the stream after each sub-layer, and the output. */
interface Recurrence {
  readonly stream: readonly Node[];
  readonly output: Node;
}

/**
 * A variant's equation over branches of any kind.
 *
 * @param id The variant, without "+gpas": gates are in the joints.
 * @param joints Where branches join, in their order.
 * @param x What enters.
 * @param final The norm after the last one, whose ε may be another.
 * @throws {RangeError} If the id is unknown.
 */
export function recurrence(
  id: string,
  joints: readonly Joint[],
  x: Node,
  final: (h: Node, eps?: number) => Node,
): Recurrence {
  const variant = variants.get(id);
  if (variant === undefined) {
    throw new RangeError(
      `Cannot run the variant "${id}": it must be one of ${
        oracleIds.join(", ")
      }, or one with +gpas`,
    );
  }
  const [update, finish] = variant;
  const stream: Node[] = [];
  let dual = x;
  for (const joint of joints) {
    const f: Joint["f"] = (h, inner) => {
      const branch = joint.f(h, inner);
      dual = add(dual, branch);
      return branch;
    };
    stream.push(update(stream.at(-1) ?? x, { ...joint, f }));
  }
  return { stream, output: finish(stream.at(-1) ?? x, dual, final) };
}

/** A recurrence of a toy stack, with its input and gates. */
interface Run extends Recurrence {
  readonly x: Node;
  readonly gates: readonly Node[];
}

function run(id: string, stack: OracleStack, rows: number[][]): Run {
  const base = id.replace(/\+gpas$/, "");
  const { layers, final, eps, norm } = stack;
  const innerKind = norm === "crms" ? "layer" : norm; // off the stream, so it has no compressed form
  const normOf = (params: OracleNormParams, kind = norm): Step => (h) =>
    normalize(h, kind, { ...params, eps });
  const x = leaf(rows);
  const gates = layers.map(({ gate }) => leaf([[gate]]));
  const joints = layers.flatMap(({ sublayers, norms }, index) =>
    sublayers.map(({ w1, w2 }, half): Joint => {
      const { input, inner, output, stream: joined } = norms[half] as OracleNorms;
      return {
        layer: index + 1,
        depth: layers.length,
        f: (h, innerNorm = (hidden) => hidden) => linear(innerNorm(tanh(linear(h, w1))), w2),
        norm: {
          input: normOf(input),
          inner: normOf(inner, innerKind),
          output: normOf(output),
          stream: normOf(joined),
        },
        gpas: (h) => base === id ? h : gpasOf(h, gates[index] as Node),
      };
    })
  );
  const finalOf = (h: Node, own = eps): Node => normalize(h, norm, { ...final, eps: own });
  return { x, gates, ...recurrence(base, joints, x, finalOf) };
}

const copy = (rows: Rows): number[][] => rows.map((row) => [...row]);

/**
 * The rows `[T][D]` that leave the stack when the rows `x` enter it, end norms included.
 *
 * @throws {RangeError} If the id is unknown.
 */
export function oracle(id: string, stack: OracleStack, x: number[][]): number[][] {
  return copy(run(id, stack, x).output.value);
}

/**
 * The stream after every sub-layer, 2 L matrices, before any final norm.
 *
 * @throws {RangeError} If the id is unknown.
 */
export function oracleStream(id: string, stack: OracleStack, x: number[][]): number[][][] {
  return run(id, stack, x).stream.map(({ value }) => copy(value));
}

/**
 * The gradient of `Σ dy ⊙ oracle(x)` to `x`, GPAS by its definition.
 *
 * @throws {RangeError} If the id is unknown.
 */
export function oracleInputGradient(
  id: string,
  stack: OracleStack,
  x: number[][],
  dy: number[][],
): number[][] {
  const { x: entered, output } = run(id, stack, x);
  return gradients(output, dy, [entered])[0] as number[][];
}

/**
 * The gradient of `Σ dy ⊙ oracle(x)` to the gate of each layer, GPAS by its definition; 0 without GPAS.
 *
 * @throws {RangeError} If the id is unknown.
 */
export function oracleGateGradients(
  id: string,
  stack: OracleStack,
  x: number[][],
  dy: number[][],
): number[] {
  const { gates, output } = run(id, stack, x);
  return gradients(output, dy, gates).map((rows) => sum(rows.flat()));
}

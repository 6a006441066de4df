// What the sources of all norms share: the vectors a row consists of, and each norm's equations over sums.

import type { NormKind } from "../contract.ts";

/** Everything that is baked into the source of a norm. */
export interface NormSpec {
  /** Which norm. */
  readonly kind: NormKind;
  /** Numbers in a row. */
  readonly width: number;
  /** Whether there is a gain. */
  readonly gain: boolean;
  /** Whether there is a bias, of the gradient: whether its gradient is asked for. */
  readonly bias: boolean;
  /** Whether the residual addition is part of it. */
  readonly added: boolean;
}

/** A row as vectors. */
export interface Vectors {
  /** The WGSL type. */
  readonly type: "vec4f" | "f32";
  /** How many make a row. */
  readonly count: number;
}

/** @returns A row as vectors of four numbers, or of one where the width is no multiple of four. */
export function vectorsOf(width: number): Vectors {
  return width % 4 === 0 ? { type: "vec4f", count: width / 4 } : { type: "f32", count: width };
}

/** @returns `key` for a norm's program; the rest of the key is the team. */
export function keyOf(name: string, { kind, width, gain, bias }: NormSpec): string {
  return [name, kind, width, gain ? "gain" : "", bias ? "bias" : ""].filter(Boolean).join(" ");
}

/** @returns Whether the mean is subtracted. */
export const isCentered = (kind: NormKind): boolean => kind === "layer";

/** @returns Whether the sum of the row is the value that was left out. */
export const isCompleted = (kind: NormKind): boolean => kind === "crms" || kind === "crms-padded";

/** @returns What the sum of squares is divided by. */
export const divisorOf = ({ kind, width }: NormSpec): number => kind === "crms" ? width + 1 : width;

/**
 * Functions over vectors: `sum_of(v)`, and `kept(v, at)`, which is v with 0 at the lane that pads the row.
 *
 * @param spec The norm.
 * @returns WGSL source.
 */
export function vectorFunctions({ kind, width }: NormSpec): string {
  const { type, count } = vectorsOf(width);
  const sum = type === "f32" ? "v" : "dot(v, vec4f(1))";
  const cut = type === "f32" ? "0.0" : "vec4f(v.xyz, 0)";
  const kept = kind === "crms-padded" ? `select(v, ${cut}, at == ${count - 1}u)` : "v";
  return `
fn sum_of(v: ${type}) -> f32 { return ${sum}; }
fn kept(v: ${type}, at: u32) -> ${type} { return ${kept}; }
`;
}

/**
 * The reciprocal root from the sums of a row: of its values (after centering: what rounding left in the mean) and of their
 * squares.
 *
 * @param spec The norm.
 * @param sums A WGSL vec2f expression, (Σ, Σ of squares).
 * @returns A WGSL f32 expression.
 */
export function reciprocalRoot(spec: NormSpec, sums: string): string {
  const { kind } = spec;
  const square = isCentered(kind)
    ? `${sums}.y / ${spec.width}.0 - (${sums}.x / ${spec.width}.0) * (${sums}.x / ${spec.width}.0)`
    : isCompleted(kind)
    ? `(${sums}.y + ${sums}.x * ${sums}.x) / ${divisorOf(spec)}.0`
    : `${sums}.y / ${spec.width}.0`;
  return `inverseSqrt(${square} + uniforms.eps)`;
}

/**
 * The gradient to one vector of x.
 *
 * ```
 * layer  r (g − mean(g) − n mean(g n))      n = the normalized x, g = gain ⊙ dy
 * rms    r (g − n Σ g n / D)
 * crms   r (g − (n + r Σx) Σ g n / d)
 * ```
 *
 * @param spec The norm.
 * @param names WGSL expressions of g, n, of r, of r Σx, and of the vec2f (Σ g, Σ g n).
 * @returns A WGSL expression.
 */
export function gradientOf(
  spec: NormSpec,
  { g, n, root, completion, sums }: Readonly<
    Record<"g" | "n" | "root" | "completion" | "sums", string>
  >,
): string {
  const along = `${sums}.y / ${divisorOf(spec)}.0`;
  if (isCentered(spec.kind)) {
    return `${root} * (${g} - ${sums}.x / ${spec.width}.0 - ${n} * (${along}))`;
  }
  const direction = isCompleted(spec.kind) ? `(${n} + ${completion})` : n;
  return `${root} * (${g} - ${direction} * (${along}))`;
}

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
  /** How the rows are stored; gain, bias, their gradients and all sums are single. */
  readonly storage: Storage;
}

/** How a tensor's numbers are stored: one, or two halves, in 32 bits. */
export type Storage = "single" | "half";

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

/** @returns The WGSL type of a row's vectors in memory. Two halves in 32 bits need no feature of the device. */
export function storedType({ storage, width }: NormSpec): string {
  return storage === "half" ? "vec2u" : vectorsOf(width).type;
}

/**
 * `load(v)` and `store(v)` between four halves in memory and four singles. What half precision cannot hold becomes its largest
 * number.
 */
export const halfFunctions = `
fn fitted(v: vec2f) -> vec2f { return clamp(v, vec2f(-65504), vec2f(65504)); }
fn load(v: vec2u) -> vec4f { return vec4f(unpack2x16float(v.x), unpack2x16float(v.y)); }
fn store(v: vec4f) -> vec2u {
  return vec2u(pack2x16float(fitted(v.xy)), pack2x16float(fitted(v.zw)));
}
`;

/** The same where nothing is converted. */
const singleFunctions = (type: Vectors["type"]): string => `
fn load(v: ${type}) -> ${type} { return v; }
fn store(v: ${type}) -> ${type} { return v; }
`;

/** @returns Whether the mean is subtracted. */
export const isCentered = (kind: NormKind): boolean => kind === "layer";

/** @returns Whether the sum of the row is the value that was left out. */
export const isCompleted = (kind: NormKind): boolean => kind === "crms" || kind === "crms-padded";

/** The length of a row in a source: baked in, or known at run time from the uniforms `width` and `vectors`. */
export type Length = "baked" | "uniform";

/**
 * Functions that every norm's source calls: `width()`, `divisor()` of the sum of squares, `vectors()`, the sum `sum_of(v)` of
 * a vector's numbers, `kept(v, at)`, which is v with 0 at the lane that pads the row, and `load(v)` and `store(v)`.
 *
 * @param spec The norm.
 * @param length Where the length of a row comes from.
 * @returns WGSL source.
 */
export function rowFunctions(spec: NormSpec, length: Length): string {
  const { kind, width } = spec;
  const { type, count } = vectorsOf(width);
  const sum = type === "f32" ? "v" : "dot(v, vec4f(1))";
  const cut = type === "f32" ? "0.0" : "vec4f(v.xyz, 0)";
  const kept = kind === "crms-padded" ? `select(v, ${cut}, at == vectors() - 1u)` : "v";
  return `
fn width() -> f32 { return ${length === "baked" ? `${width}.0` : "f32(uniforms.width)"}; }
fn divisor() -> f32 { return ${kind === "crms" ? "width() + 1.0" : "width()"}; }
fn vectors() -> u32 { return ${length === "baked" ? `${count}u` : "uniforms.vectors"}; }
fn sum_of(v: ${type}) -> f32 { return ${sum}; }
fn kept(v: ${type}, at: u32) -> ${type} { return ${kept}; }
${spec.storage === "half" ? halfFunctions : singleFunctions(type)}`;
}

/**
 * The reciprocal root from the sums of a row: of its values (after centering: what rounding left in the mean) and of their
 * squares. Where those are infinite it is 0.
 *
 * @param spec The norm.
 * @param sums A WGSL vec2f expression, (Σ, Σ of squares).
 * @returns A WGSL f32 expression.
 */
export function reciprocalRoot({ kind }: NormSpec, sums: string): string {
  const square = isCentered(kind)
    ? `select(${sums}.y / width() - (${sums}.x / width()) * (${sums}.x / width()), ${sums}.y, ${sums}.y > 3.4028234e38)`
    : isCompleted(kind)
    ? `(${sums}.y + ${sums}.x * ${sums}.x) / divisor()`
    : `${sums}.y / width()`;
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
  { kind }: NormSpec,
  { g, n, root, completion, sums }: Readonly<
    Record<"g" | "n" | "root" | "completion" | "sums", string>
  >,
): string {
  const along = `${sums}.y / divisor()`;
  if (isCentered(kind)) {
    return `${root} * (${g} - ${sums}.x / width() - ${n} * (${along}))`;
  }
  const direction = isCompleted(kind) ? `(${n} + ${completion})` : n;
  return `${root} * (${g} - ${direction} * (${along}))`;
}

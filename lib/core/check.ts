// Checks of plain arguments, shared by every layer of the library. Each throws an error that names the value and what is
// allowed; none touches a tensor's data.

import type { DataType } from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions, shown } from "./options.ts";
import type { Tensor } from "./tensor.ts";

/** The limits of a number; a missing bound is open. */
export interface NumberLimits {
  /** Smallest allowed value. */
  readonly min?: number;
  /** Largest allowed value. */
  readonly max?: number;
  /** A bound that the value must exceed. */
  readonly above?: number;
  /** A bound that the value must stay under. */
  readonly below?: number;
}

function limitText({ min, max, above, below }: NumberLimits): string {
  const parts = [
    min === undefined ? "" : `≥ ${min}`,
    above === undefined ? "" : `> ${above}`,
    max === undefined ? "" : `≤ ${max}`,
    below === undefined ? "" : `< ${below}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "" : ` ${parts.join(" and ")}`;
}

const limitKinds: OptionKinds<NumberLimits> = {
  min: "number?",
  max: "number?",
  above: "number?",
  below: "number?",
};

function isWithin(value: number, limits: NumberLimits): boolean {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = limits;
  return value >= min && value <= max && value > above && value < below;
}

/**
 * Requires a finite number within limits.
 *
 * @param name What the number is, as the caller wrote it.
 * @param value The number.
 * @param limits Its bounds.
 * @returns The number.
 * @throws {RangeError} If it is not finite or out of bounds.
 */
export function requireNumber(name: string, value: number, limits: NumberLimits = {}): number {
  requireOptions("requireNumber()", limits, limitKinds);
  if (!Number.isFinite(value) || !isWithin(value, limits)) {
    throw new RangeError(
      `Cannot use ${name} = ${shown(value)}: it must be a finite number${limitText(limits)}`,
    );
  }
  return value;
}

/**
 * Requires a whole number within limits.
 *
 * @param name What the number is, as the caller wrote it.
 * @param value The number.
 * @param limits Its bounds.
 * @returns The number.
 * @throws {RangeError} If it is not whole or out of bounds.
 */
export function requireInteger(name: string, value: number, limits: NumberLimits = {}): number {
  requireOptions("requireInteger()", limits, limitKinds);
  if (!Number.isInteger(value) || !isWithin(value, limits)) {
    throw new RangeError(
      `Cannot use ${name} = ${shown(value)}: it must be a whole number${limitText(limits)}`,
    );
  }
  return value;
}

/**
 * Requires a length for each sequence of a batch.
 *
 * @param lengths How many rows of each sequence count, the first of it.
 * @param batch How many sequences there are.
 * @param rows How many rows each has.
 * @throws {RangeError} If there is not one length for each sequence, from 1 to `rows`.
 */
export function requireLengths(lengths: readonly number[], batch: number, rows: number): void {
  if (lengths.length !== batch) {
    throw new RangeError(
      `Cannot leave out padding: there are ${lengths.length} lengths for ${batch} sequences; each needs one`,
    );
  }
  for (const length of lengths) {
    requireInteger("the length of a sequence", length, { min: 1, max: rows });
  }
}

/** The least number that single precision holds in full: devices may take smaller ones for 0. */
export const leastFloat32 = 2 ** -126;

/** The largest. */
const mostFloat32 = (2 - 2 ** -23) * 2 ** 127;

/**
 * Requires an ε that keeps a root or a quotient away from 0 in single precision.
 *
 * @param name What the number is, as the caller wrote it.
 * @param value The number.
 * @returns The number.
 * @throws {RangeError} If it is not above 0, or single precision makes it 0 or infinite.
 */
export function requireEps(name: string, value: number): number {
  requireNumber(name, value, { above: 0 });
  if (Math.fround(value) < leastFloat32 || !Number.isFinite(Math.fround(value))) {
    throw new RangeError(
      `Cannot use ${name} = ${value}: it must be a number that single precision holds, ≥ ${leastFloat32} and ≤ ${mostFloat32}`,
    );
  }
  return value;
}

/**
 * Requires tensors of one dtype: kernels read memory as numbers of that kind.
 *
 * @param dtype The dtype.
 * @param tensors The tensors by name, as the caller wrote them; those that are undefined are left out.
 * @throws {TypeError} If a tensor has another dtype.
 */
export function requireDtype(
  dtype: DataType,
  tensors: Readonly<Record<string, Pick<Tensor, "dtype"> | undefined>>,
): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor !== undefined && tensor.dtype !== dtype) {
      throw new TypeError(`Cannot use ${name} of dtype ${tensor.dtype}: it must be ${dtype}`);
    }
  }
}

/**
 * Requires one of a list of words.
 *
 * @param name What the word is, as the caller wrote it.
 * @param value The word.
 * @param allowed The words that are known.
 * @returns The word.
 * @throws {RangeError} If it is not in the list.
 */
export function requireOneOf<T extends string>(
  name: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) {
    throw new RangeError(
      `Cannot use ${name} = ${shown(value)}: it must be one of ${allowed.join(", ")}`,
    );
  }
  return found;
}

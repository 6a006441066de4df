// Reading a `config.json`: numbers, flags and words under the names of several versions, each checked.

import { requireEps } from "../core/check.ts";
import { cut, excerpt } from "../core/excerpt.ts";
import type { ActivationName } from "../model/spec.ts";
import type { Config } from "./family.ts";

/** The first of some keys that has a value other than null. */
function find(config: Config, keys: readonly string[]): unknown {
  return keys.map((key) => config[key]).find((value) => value !== undefined && value !== null);
}

/** A value as JSON, cut where it is long. */
export function excerptOf(value: unknown): string {
  return typeof value === "string" ? excerpt(value) : cut(JSON.stringify(value) ?? "undefined");
}

/** An error about a value in a configuration. */
export function unknownSetting(key: string, value: unknown, allowed: string): RangeError {
  return new RangeError(`Cannot use ${key} = ${excerptOf(value)} of config.json: ${allowed}`);
}

/**
 * A number.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is no number, or is missing without a standard.
 */
export function numberIn(config: Config, keys: readonly string[], standard?: number): number {
  const value = find(config, keys) ?? standard;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unknownSetting(keys[0]!, value, "it must be a number");
}

/**
 * A number above 0.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is something else, or is missing without a standard.
 */
export function positiveIn(config: Config, keys: readonly string[], standard?: number): number {
  const value = numberIn(config, keys, standard);
  if (value > 0) return value;
  throw unknownSetting(keys[0]!, value, "it must be a number > 0");
}

/**
 * An ε of norms.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is no number, not above 0, or single precision makes it 0 or infinite.
 */
export function epsIn(config: Config, keys: readonly string[], standard?: number): number {
  return requireEps(`${keys[0]} of config.json`, positiveIn(config, keys, standard));
}

/**
 * A whole number ≥ 1.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is something else, or is missing without a standard.
 */
export function countIn(config: Config, keys: readonly string[], standard?: number): number {
  const value = numberIn(config, keys, standard);
  if (Number.isInteger(value) && value >= 1) return value;
  throw unknownSetting(keys[0]!, value, "it must be a whole number ≥ 1");
}

/**
 * Whole numbers ≥ 1.
 *
 * @param config The configuration.
 * @param key Their name.
 * @param standard What they are where none are written.
 * @throws {RangeError} If they are something else, or none.
 */
export function countsIn(
  config: Config,
  key: string,
  standard: readonly number[],
): readonly number[] {
  const value = config[key] ?? standard;
  const areCounts = Array.isArray(value) && value.length > 0 &&
    value.every((one) => Number.isInteger(one) && one >= 1);
  if (areCounts) return value;
  throw unknownSetting(key, value, "it must be whole numbers ≥ 1");
}

/** More heads than any model has, so that their slopes fit into memory whatever a file says. */
const mostHeads = 2 ** 16;

/**
 * The number of heads that share a width.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param width The width that they share.
 * @throws {RangeError} If it does not divide the width, or is above 65 536.
 */
export function headsIn(config: Config, keys: readonly string[], width: number): number {
  const heads = countIn(config, keys);
  if (width % heads === 0 && heads <= mostHeads) return heads;
  throw unknownSetting(
    keys[0]!,
    heads,
    `heads must divide their width of ${width}, and be at most ${mostHeads}`,
  );
}

/**
 * A flag.
 *
 * @param config The configuration.
 * @param key Its name.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is neither true nor false.
 */
export function flagIn(config: Config, key: string, standard: boolean): boolean {
  const value = config[key] ?? standard;
  if (typeof value === "boolean") return value;
  throw unknownSetting(key, value, "it must be true or false");
}

/**
 * A configuration inside of another.
 *
 * @param config The configuration.
 * @param key Its name.
 * @returns It, or an empty one.
 */
export function partOf(config: Config, key: string): Config {
  const value = config[key];
  return typeof value === "object" && value !== null ? value as Config : {};
}

const activations: Readonly<Record<string, ActivationName>> = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu_new",
  gelu_fast: "gelu_new",
  gelu_pytorch_tanh: "gelu_new",
  relu: "relu",
  relu2: "relu2",
  silu: "silu",
  swish: "silu",
  quick_gelu: "quick_gelu",
  tanh: "tanh",
};

/**
 * An activation.
 *
 * @param config The configuration.
 * @param keys Its name, or the names that versions gave it.
 * @param standard Its value where none is written.
 * @throws {RangeError} If it is unknown.
 */
export function activationIn(
  config: Config,
  keys: readonly string[],
  standard: ActivationName,
): ActivationName {
  const value = find(config, keys) ?? standard;
  const found = typeof value === "string" && Object.hasOwn(activations, value)
    ? activations[value]
    : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(activations).join(", ");
  throw unknownSetting(keys[0]!, value, `it must be one of ${known}`);
}

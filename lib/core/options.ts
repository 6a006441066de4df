// Objects of options, checked key by key: an unknown key is a slip of the pen, and a value of another kind would fail far from where
// it was given. What a function takes is one table, which the compiler compares with the interface.

import { excerpt } from "./excerpt.ts";
import { editDistance } from "./edit_distance.ts";
import type { Tensor } from "./tensor.ts";

/** How an option may be: `any` where several kinds of values will do, which its function tells apart. */
const kinds = {
  "number": { words: "a number", fits: (value: unknown) => typeof value === "number" },
  "string": { words: "a string", fits: (value: unknown) => typeof value === "string" },
  "boolean": { words: "true or false", fits: (value: unknown) => typeof value === "boolean" },
  "function": { words: "a function", fits: (value: unknown) => typeof value === "function" },
  "list": {
    words: "a list",
    fits: (value: unknown) => Array.isArray(value) || ArrayBuffer.isView(value),
  },
  "tensor": {
    words: "a tensor",
    fits: (value: unknown) => isObject(value) && "dataId" in value,
  },
  "signal": {
    words: "an AbortSignal",
    fits: (value: unknown) => value instanceof AbortSignal,
  },
  "object": { words: "an object", fits: isObject },
  "any": { words: "given", fits: (value: unknown) => value !== undefined },
} as const;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Kind = keyof typeof kinds;

type KindOf<T> = [T] extends [number] ? "number"
  : [T] extends [string] ? "string"
  : [T] extends [boolean] ? "boolean"
  : [T] extends [(...args: never) => unknown] ? "function"
  : [T] extends [readonly unknown[] | ArrayBufferView] ? "list"
  : [T] extends [AbortSignal] ? "signal"
  : [T] extends [Tensor] ? "tensor"
  : [T] extends [object] ? "object"
  : "any";

/** The kind of each option of an interface, with `?` where it may be absent. */
export type OptionKinds<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? `${KindOf<Exclude<T[K], undefined>>}?`
    : Record<never, never> extends Pick<T, K> ? `${KindOf<T[K]>}?`
    : KindOf<T[K]>;
};

/**
 * A value as messages show it.
 *
 * @param value Anything.
 * @returns Its text: strings in quotes, cut where they are long, and of objects what they are.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") return excerpt(value);
  if (typeof value === "function") return "a function";
  if (kinds.list.fits(value)) return "a list";
  return isObject(value) ? "an object" : String(value);
}

/**
 * The known word that is meant, if one is near.
 *
 * @param word What was written.
 * @param known The words that are known.
 * @returns The nearest one, or undefined where none is as near as half of the word.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = Math.max(1, Math.floor(word.length / 2));
  const near = known.filter((one) => Math.abs(one.length - word.length) <= most)
    .map((one) => ({ one, distance: editDistance(word, one) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.one ?? known.find((one) => word.length > 2 && one.startsWith(word));
}

/**
 * Requires that options are an object.
 *
 * @param of Whose options they are, such as `train()`.
 * @param options The options.
 * @throws {RangeError} If they are none.
 */
export function requireObject(of: string, options: unknown): asserts options is object {
  if (isObject(options)) return;
  throw new RangeError(`Cannot use ${shown(options)} as options of ${of}: it must be an object`);
}

/**
 * Requires that an object has no keys but known ones.
 *
 * @param of Whose options they are, such as `train()`.
 * @param options The options.
 * @param known The keys.
 * @throws {RangeError} If it is no object, or has another key; the message names the nearest one.
 */
export function requireKeys(of: string, options: unknown, known: readonly string[]): void {
  requireObject(of, options);
  const stranger = Object.keys(options).find((key) => !known.includes(key));
  if (stranger === undefined) return;
  const meant = nearest(stranger, known);
  throw new RangeError(
    `Cannot use the option ${excerpt(stranger)} of ${of}: ${
      meant === undefined ? "" : `did you mean "${meant}"? `
    }${known.length === 0 ? "it has none" : `known are ${known.join(", ")}`}`,
  );
}

/**
 * Requires options that are known, each of its kind; ranges are for the function to check.
 *
 * @param of Whose options they are, such as `train()`.
 * @param options The options.
 * @param table The kind of each option of the interface.
 * @throws {RangeError} If it is no object, a key is unknown, an option is missing, or a value is of another kind.
 */
export function requireOptions<T extends object>(
  of: string,
  options: T,
  table: OptionKinds<NoInfer<T>>,
): void {
  requireKeys(of, options, Object.keys(table));
  for (const [key, entry] of Object.entries<string>(table)) {
    const value = (options as Readonly<Record<string, unknown>>)[key];
    const optional = entry.endsWith("?");
    if (value === undefined && optional) continue;
    const { fits, words } = kinds[(optional ? entry.slice(0, -1) : entry) as Kind];
    if (fits(value)) continue;
    throw new RangeError(
      value === undefined
        ? `Cannot do without the option "${key}" of ${of}: it must be ${words}`
        : `Cannot use ${key} = ${shown(value)} of ${of}: it must be ${words}`,
    );
  }
}

/**
 * Requires the same options of each member of a list.
 *
 * @param of Whose members they are, such as `the references of lossCurves()`.
 * @param list The list.
 * @param table The kind of each option of a member.
 * @throws {RangeError} If a member is no object, or one of its options is unknown, missing or of another kind.
 */
export function requireEach<T extends object>(
  of: string,
  list: readonly T[],
  table: OptionKinds<NoInfer<T>>,
): void {
  for (const member of list) requireOptions<T>(of, member, table);
}

/**
 * Requires a list of objects, such as the rows of a chart.
 *
 * @param of Whose rows they are, such as `lossCurves()`.
 * @param rows The rows.
 * @throws {RangeError} If it is no list, or one of its members is no object.
 */
export function requireRows(of: string, rows: unknown): void {
  if (!Array.isArray(rows)) {
    throw new RangeError(`Cannot use ${shown(rows)} as rows of ${of}: they must be a list`);
  }
  const at = rows.findIndex((row) => !isObject(row));
  if (at < 0) return;
  throw new RangeError(`Cannot use ${shown(rows[at])} as row ${at} of ${of}: it must be an object`);
}

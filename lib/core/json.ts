// JSON that others wrote: what is not JSON, or lies too deep for functions that call themselves, is refused by name. And JSON with the
// numbers that JSON does not have.

/** Levels of arrays and objects in each other that are read; the reference implementation of safetensors reads as many. */
export const deepest = 127;

const [quote, backslash] = [0x22, 0x5c];

/** How much is shown of a key. */
const longestKey = 100;

/** Where a string ends that starts at a quote; past the end of the text if it does not. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) break;
    if (code === backslash) at++;
  }
  return at;
}

/** Whether arrays and objects lie in each other more than {@linkcode deepest} levels deep. Nothing is built. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote:
        at = endOfString(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > deepest) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
    }
  }
  return false;
}

/** Changes a value while JSON is read, as the second argument of `JSON.parse` does. */
export type Revive = (key: string, value: unknown) => unknown;

/** What keeps a text from being JSON, where it is a number that Python writes and JSON does not have. */
function whyNotJson(text: string): string {
  const number = /-?(?:NaN|Infinity)\b/y;
  let key = "";
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === quote) {
      const end = endOfString(text, at);
      key = text.slice(at, Math.min(end + 1, at + longestKey));
      at = end;
      continue;
    }
    if (!"-NI".includes(text[at]!)) continue;
    number.lastIndex = at;
    const found = number.exec(text)?.[0];
    if (found === undefined) continue;
    const isKeyed = /:\s*$/.test(text.slice(Math.max(0, at - longestKey), at));
    const named = isKeyed ? ` as ${key}` : "";
    return `: it has ${found}${named}, which JSON has not; write a number or null in its place`;
  }
  return "";
}

/**
 * Reads a JSON text.
 *
 * @param text The text.
 * @param path Where it is from, for messages.
 * @param revive Changes values, where some stand for others.
 * @returns Its value, which is for the caller to check.
 * @throws {SyntaxError} If it is not JSON, or more than 127 levels lie in each other.
 */
export function parseJson(text: string, path: string, revive?: Revive): unknown {
  if (isTooDeep(text)) {
    throw new SyntaxError(
      `Cannot read ${path}: more than ${deepest} levels of arrays and objects lie in each other`,
    );
  }
  try {
    return JSON.parse(text, revive);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${path}: it is not JSON${whyNotJson(text)}`, { cause });
  }
}

/** Numbers that JSON does not have, by the strings that stand for them. */
const unwritable: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

/** A value that JSON has for this one. */
function writable(value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/**
 * Writes a value as JSON; numbers that JSON does not have become the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @param value The value.
 * @param indent Spaces of indentation; all in one line by default.
 * @returns The text.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, one) => writable(one), indent);
}

/** An object with its keys in order. */
function sorted(value: object): object {
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries);
}

/**
 * Writes a value as JSON in the one way that values equal to it are written: keys in the order of their code units, no white space,
 * nothing that is undefined.
 *
 * @param value The value.
 * @returns The text.
 */
export function canonicalJson(value: unknown): string {
  const isObject = (one: unknown): one is object =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  return JSON.stringify(value, (_, one) => isObject(one) ? sorted(one) : writable(one));
}

/** Gives the strings that {@linkcode jsonText} wrote for numbers back as those numbers, an argument of {@linkcode parseJson}. */
export const reviveNumber: Revive = (_, value) => unwritable.get(value) ?? value;

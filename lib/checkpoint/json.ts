// JSON as the headers of checkpoints need it: JSON.parse would let the second of two equal keys win and round long numbers.

import { excerpt } from "../core/excerpt.ts";
import { deepest } from "../core/json.ts";

/** A JSON value. Whole numbers without sign, point or exponent are bigints, so that none is rounded; objects are maps. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | ReadonlyMap<string, Json>;

/** The most values in one entry of a table that is read entry by entry. */
export const mostValues = 100_000;

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Digits of the largest 64-bit integer; with more of them, a number is a float, as in the reference. */
const wholePattern = /^\d{1,20}$/;

const words: readonly (readonly [string, Json])[] = [["true", true], ["false", false], [
  "null",
  null,
]];

/** Reads one text from front to back. */
class Scanner {
  readonly #text: string;
  #at = 0;
  /** Values that may still come in the entry under way. */
  #left = Infinity;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value(0);
    this.#end();
    return value;
  }

  /** The entries of the table that the text is; a value can be let go before the next one is read. */
  *table(): Generator<readonly [name: string, value: Json]> {
    if (!this.#skip("{")) this.#fail("{ is missing");
    const names: string[] = [];
    if (!this.#skip("}")) {
      do {
        this.#left = mostValues;
        const name = this.#name();
        names.push(name);
        yield [name, this.#named(1)];
      } while (this.#skip(","));
      if (!this.#skip("}")) this.#fail("a comma or } is missing");
    }
    this.#end();
    names.sort(); // of millions of names a sorted list is far smaller and faster than a set
    const twice = names.find((name, at) => name === names[at + 1]);
    if (twice !== undefined) throw new SyntaxError(`the name ${excerpt(twice)} occurs twice`);
  }

  #end(): void {
    if (this.#next() !== "") this.#fail("something follows its end");
  }

  #fail(complaint: string): never {
    throw new SyntaxError(`${complaint}, at character ${this.#at}`);
  }

  /** The next character that is not a space; empty at the end. */
  #next(): string {
    for (;; this.#at++) {
      const code = this.#text.charCodeAt(this.#at); // NaN at the end
      if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) break;
    }
    return this.#text.charAt(this.#at);
  }

  /** Goes past a character if it is the next. */
  #skip(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): Json {
    if (this.#left-- === 0) this.#fail(`more than ${mostValues} values lie in one entry`);
    const next = this.#next();
    if (next === '"') return this.#string();
    if (next === "{" || next === "[") {
      if (depth === deepest) this.#fail(`more than ${deepest} levels lie in each other`);
      this.#at++;
      return next === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    for (const [word, value] of words) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return this.#number();
  }

  #object(depth: number): ReadonlyMap<string, Json> {
    const entries = new Map<string, Json>();
    if (this.#skip("}")) return entries;
    do {
      const name = this.#name();
      if (entries.has(name)) this.#fail(`the name ${excerpt(name)} occurs twice`);
      entries.set(name, this.#named(depth));
    } while (this.#skip(","));
    if (!this.#skip("}")) this.#fail("a comma or } is missing");
    return entries;
  }

  #name(): string {
    if (this.#next() !== '"') this.#fail("a name is missing");
    return this.#string();
  }

  /** What follows a name. */
  #named(depth: number): Json {
    if (!this.#skip(":")) this.#fail("a colon is missing");
    return this.#value(depth);
  }

  #array(depth: number): readonly Json[] {
    const values: Json[] = [];
    if (this.#skip("]")) return values;
    do values.push(this.#value(depth)); while (this.#skip(","));
    if (!this.#skip("]")) this.#fail("a comma or ] is missing");
    return values;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    let escapes = false;
    for (; this.#text[end] !== '"'; end++) {
      const code = this.#text.charCodeAt(end);
      if (!(code >= 0x20)) this.#fail("a string has no end or holds a control character");
      if (code !== 0x5c) continue;
      escapes = true;
      end++; // what is escaped does not end the string
    }
    const text = escapes ? this.#unescape(start, end + 1) : this.#text.slice(start + 1, end);
    this.#at = end + 1;
    return text;
  }

  #unescape(start: number, end: number): string {
    try {
      const text: string = JSON.parse(this.#text.slice(start, end));
      if (text.isWellFormed()) return text;
    } catch {
      // an unknown escape, named below
    }
    return this.#fail("a string holds a wrong escape");
  }

  #number(): number | bigint {
    numberPattern.lastIndex = this.#at;
    const literal = numberPattern.exec(this.#text)?.[0];
    if (literal === undefined) return this.#fail("a value is missing");
    const number = wholePattern.test(literal) ? BigInt(literal) : Number(literal);
    if (number === Infinity || number === -Infinity) this.#fail("a number is out of range");
    this.#at += literal.length;
    return number;
  }
}

/**
 * Reads a JSON text, more strictly than `JSON.parse`.
 *
 * @param text The text.
 * @returns Its value.
 * @throws {SyntaxError} If it is not JSON, a name occurs twice in one object, a string is not Unicode, a number is out of range,
 * or more than 127 levels lie in each other.
 */
export function parseJson(text: string): Json {
  return new Scanner(text).whole();
}

/**
 * Reads a JSON text that is a table, entry by entry, as strictly as {@linkcode parseJson}: no more of its values than one is held.
 *
 * @param text The text.
 * @returns The names and values of its entries.
 * @throws {SyntaxError} As {@linkcode parseJson} does, where it comes to it, of equal names at the end; also if an entry holds more
 * than 100 000 values.
 */
export function tableEntries(text: string): Iterable<readonly [name: string, value: Json]> {
  return new Scanner(text).table();
}

// JSON as the headers of checkpoints need it: JSON.parse would let the second of two equal keys win and round long numbers.

/** A JSON value. Whole numbers without sign, point or exponent are bigints, so that none is rounded; objects are maps. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | ReadonlyMap<string, Json>;

/** Levels of arrays and objects in each other; the reference reads as many. */
const deepest = 127;

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

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Json {
    const value = this.#value(0);
    if (this.#next() !== "") this.#fail("something follows its end");
    return value;
  }

  #fail(complaint: string): never {
    throw new SyntaxError(`${complaint}, at character ${this.#at}`);
  }

  /** The next character that is not a space; empty at the end. */
  #next(): string {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "?")) this.#at++;
    return this.#text[this.#at] ?? "";
  }

  /** Goes past a character if it is the next. */
  #skip(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): Json {
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
      if (this.#next() !== '"') this.#fail("a name is missing");
      const name = this.#string();
      if (entries.has(name)) this.#fail(`the name ${excerpt(name)} occurs twice`);
      if (!this.#skip(":")) this.#fail("a colon is missing");
      entries.set(name, this.#value(depth));
    } while (this.#skip(","));
    if (!this.#skip("}")) this.#fail("a comma or } is missing");
    return entries;
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
 * A text for a message: quoted, and cut where it is long.
 *
 * @param text The text, which may be of any length.
 * @returns At most some 80 characters.
 */
export function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
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

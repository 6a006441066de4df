// Valid safetensors files, and ways to damage them. All is decided by a seed.

import { bytesPerNumber, storedDTypes } from "../../lib/checkpoint/dtype.ts";
import type { Random } from "../../lib/core/random.ts";
import { fileOf } from "../unit/checkpoint/files.ts";

/** Those of whole bytes, of which any row can be read alone. */
const dtypes = storedDTypes.filter((dtype) => Number.isInteger(bytesPerNumber(dtype)));

/** A file in its two parts: the text of its header, and its data. */
interface Parts {
  readonly header: string;
  readonly data: Uint8Array;
}

const names = [
  "weight",
  "bias",
  "h.0.ln_1.weight",
  "",
  "é ✓ 😀",
  'a "b"',
  "a\\b",
  "__proto__",
  "1",
];

function bytes(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random.integer(256));
}

function choose<T>(random: Random, list: readonly T[]): T {
  return list[random.integer(list.length)]!;
}

function chance(random: Random, probability: number): boolean {
  return random.uniform() < probability;
}

/** A random order. */
function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list.map((value) => ({ value, key: random.uniform() }))
    .sort((a, b) => a.key - b.key).map(({ value }) => value);
}

/** A valid file with up to four small tensors; its header lists them in any order. */
function makeParts(random: Random): Parts {
  let end = 0;
  const entries = shuffled(random, names).slice(0, random.integer(5)).map((name) => {
    const dtype = choose(random, dtypes);
    const shape = Array.from({ length: random.integer(4) }, () => random.integer(4));
    const start = end;
    end += shape.reduce((product, length) => product * length, bytesPerNumber(dtype));
    const fields = shuffled(random, [
      `"dtype":"${dtype}"`,
      `"shape":[${shape.join(", ")}]`,
      `"data_offsets":[${start},${end}]`,
      ...(chance(random, 0.1) ? ['"more":{"x":[true,null,-1.5e3,"\\n"]}'] : []),
    ]);
    return `${JSON.stringify(name)}:{${fields.join(",")}}`;
  });
  const metadata = chance(random, 0.5) ? ['"__metadata__":{"format":"pt","x":"\\u00e9"}'] : [];
  const text = `{${shuffled(random, [...entries, ...metadata]).join(", ")}}`;
  return { header: text.padEnd(Math.ceil(text.length / 8) * 8), data: bytes(random, end) };
}

/** Numbers that a header might lie with. */
const lies = [
  "0",
  "1",
  "-1",
  "-0",
  "1.0",
  "2e0",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  "18446744073709551615",
  "18446744073709551616",
  "1e999",
  "null",
  '"1"',
  "[1]",
];

/** Pieces of headers. */
const pieces = [
  ...'{}[],:" \t\n0',
  ...dtypes.map((dtype) => `"${dtype}"`),
  '"F8_E4M3"',
  '"dtype":"U8",',
  '"shape":[1],',
  '"data_offsets":[0,0],',
  '"__metadata__":{"a":"b"},',
  '"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},',
  '"more":1,',
  "\\ud800",
  "\\u0061",
  "\\",
  "\0",
  "null",
  "é",
];

/** Where a pattern occurs in a text. */
function places(text: string, pattern: RegExp): readonly (readonly [start: number, end: number])[] {
  return [...text.matchAll(pattern)].map(({ 0: match, index }) => [index, index + match.length]);
}

function replaceAt(
  text: string,
  [start, end]: readonly [start: number, end: number],
  by: string,
): string {
  return text.slice(0, start) + by + text.slice(end);
}

function swap(text: string, pattern: RegExp, random: Random): string {
  const found = places(text, pattern);
  if (found.length < 2) return text;
  const [a, b] = shuffled(random, found).slice(0, 2).sort((x, y) => x[0] - y[0]);
  const [first, second] = [text.slice(...a!), text.slice(...b!)];
  return replaceAt(replaceAt(text, b!, first), a!, second);
}

type Mutation = (parts: Parts, random: Random, other: () => Uint8Array) => Uint8Array;

function editHeader(edit: (header: string, random: Random) => string): Mutation {
  return ({ header, data }, random) => fileOf(edit(header, random), data);
}

function editFile(edit: (file: Uint8Array, random: Random) => Uint8Array): Mutation {
  return ({ header, data }, random) => edit(fileOf(header, data), random);
}

function flip(random: Random, file: Uint8Array, from = 0): Uint8Array {
  const times = file.length > from ? 1 + random.integer(4) : 0;
  for (let time = 0; time < times; time++) {
    file[from + random.integer(file.length - from)]! ^= 1 << random.integer(8);
  }
  return file;
}

const objectPattern = /"(?:[^"\\]|\\.)*":\{[^{}]*\}/g;

/** Ways to damage a file, or to change it so that it stays valid. */
export const mutations: Readonly<Record<string, Mutation>> = {
  "bits of the file": editFile((file, random) => flip(random, file)),
  "bits of the data": ({ header, data }, random) => fileOf(header, flip(random, data.slice())),
  "bits of the header": ({ header, data }, random) =>
    fileOf(flip(random, new TextEncoder().encode(header)), data),
  "a shorter file": editFile((file, random) => file.subarray(0, random.integer(file.length + 1))),
  "a longer file": editFile((file, random) =>
    Uint8Array.from([...file, ...bytes(random, random.integer(9))])
  ),
  "another length": editFile((file, random) => {
    const view = new DataView(file.buffer);
    const length = view.getBigUint64(0, true);
    const near = BigInt(random.integer(17)) - 8n;
    const wild = BigInt(Math.floor(2 ** (64 * random.uniform()))) % 2n ** 64n;
    view.setBigUint64(0, chance(random, 0.5) ? BigInt.asUintN(64, length + near) : wild, true);
    return file;
  }),
  "another number": editHeader((header, random) => {
    const found = places(header, /\d+/g);
    if (found.length === 0) return header;
    const place = choose(random, found);
    const near = String(Number(header.slice(...place)) + random.integer(5) - 2);
    return replaceAt(header, place, chance(random, 0.5) ? near : choose(random, lies));
  }),
  "another dtype": editHeader((header, random) => {
    const found = places(header, /"(?:[FIU]\d+|BF16|BOOL)"/g);
    const by = chance(random, 0.9)
      ? choose(random, dtypes)
      : choose(random, ["f32", "U16", "", "F8"]);
    return found.length === 0 ? header : replaceAt(header, choose(random, found), `"${by}"`);
  }),
  "swapped offsets": editHeader((header, random) =>
    swap(header, /"data_offsets":\[\d+,\d+\]/g, random)
  ),
  "swapped numbers": editHeader((header, random) => swap(header, /\d+/g, random)),
  "swapped entries": editHeader((header, random) => swap(header, objectPattern, random)),
  "a key twice": editHeader((header, random) => {
    const pattern = chance(random, 0.5)
      ? objectPattern
      : /"(?:dtype|shape|format)":("\w*"|\[[^\]]*\])/g;
    const found = places(header, pattern);
    if (found.length === 0) return header;
    const place = choose(random, found);
    return replaceAt(header, [place[0], place[0]], `${header.slice(...place)},`);
  }),
  "a piece of header": editHeader((header, random) => {
    const at = random.integer(header.length + 1);
    return replaceAt(
      header,
      [at, Math.min(header.length, at + random.integer(3))],
      choose(random, pieces),
    );
  }),
  "a cut in the header": editHeader((header, random) => {
    const at = random.integer(header.length);
    return replaceAt(header, [at, at + 1 + random.integer(header.length - at)], "");
  }),
  "spaces": editHeader((header, random) => {
    const found = places(header, /[{}\[\],:]/g);
    const [start] = choose(random, found);
    return replaceAt(header, [start, start], choose(random, [" ", "\n", "\t ", "\r"]));
  }),
  "a splice": ({ header, data }, random, other) => {
    const [file, from] = [fileOf(header, data), other()];
    const start = random.integer(from.length);
    const piece = from.subarray(start, start + 1 + random.integer(from.length - start));
    const at = random.integer(file.length);
    const end = chance(random, 0.5) ? at : Math.min(file.length, at + piece.length);
    return Uint8Array.from([...file.subarray(0, at), ...piece, ...file.subarray(end)]);
  },
};

/** A file to try. */
export interface Trial {
  /** What was done to it. */
  readonly kind: string;
  /** The file. */
  readonly file: Uint8Array;
}

/**
 * Valid files, and what can be made of them.
 *
 * @param random Decides about the valid files.
 * @param count How many there are.
 * @returns Gives a changed file; the stream that it is given decides which.
 */
export function mutator(random: Random, count: number): (random: Random) => Trial {
  const pool = Array.from({ length: count }, () => makeParts(random));
  const kinds = Object.entries(mutations);
  return (random) => {
    const { header, data } = choose(random, pool);
    const other = (): Uint8Array => {
      const { header, data } = choose(random, pool);
      return fileOf(header, data);
    };
    const [kind, mutate] = choose(random, kinds);
    const file = mutate({ header, data }, random, other);
    return { kind, file };
  };
}

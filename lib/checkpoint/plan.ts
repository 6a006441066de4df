// What a safetensors file will look like: the order of its tensors, and the header in front of them, byte for byte as the reference
// implementation writes it.

import { excerpt } from "../core/excerpt.ts";
import { storedDTypes } from "./dtype.ts";
import { longestHeader, metadataKey, tensorBytes } from "./header.ts";
import type { TensorShape } from "./tensors.ts";

/** A tensor that is to be written. */
export interface NamedShape extends TensorShape {
  /** What it is called in the file. */
  readonly name: string;
}

/** A header and the tensors that follow it. */
export interface PlannedFile<T> {
  /** The header, its length in front. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** The tensors, in the order of storage. */
  readonly tensors: readonly T[];
}

/**
 * Orders texts by their code points, as Rust and Python do; `<` would compare UTF-16.
 *
 * @param a One text.
 * @param b Another one.
 * @returns A number below 0 if `a` comes first, above 0 if `b` does.
 */
export function compareTexts(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const isLow = (text: string): boolean => /[\udc00-\udfff]/.test(text[at] ?? "");
  if (at > 0 && isLow(a) && isLow(b)) at--; // the first half of their pairs is the same
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

function requireText(what: string, text: string): void {
  if (!text.isWellFormed()) {
    throw new RangeError(`Cannot write ${what} ${excerpt(text)}: it must be Unicode text`);
  }
}

/** Texts to JSON, in their order; an object would move names such as "1" to the front. */
function tableOf(entries: readonly (readonly [name: string, json: string])[]): string {
  return `{${entries.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`;
}

/**
 * Plans a file: tensors of wide dtypes first, so that all are aligned, those of one dtype by name.
 *
 * @param tensors What it holds.
 * @param metadata Texts about it; none by default.
 * @returns The header, padded to a multiple of 8 bytes, and the tensors in the order of storage.
 * @throws {RangeError} If two names are equal, a text is not Unicode, a shape cannot be stored, or the header would be too long.
 */
export function planFile<T extends NamedShape>(
  tensors: readonly T[],
  metadata?: Readonly<Record<string, string>>,
): PlannedFile<T> {
  const rank = (tensor: T): number => storedDTypes.indexOf(tensor.dtype);
  const sorted = tensors.toSorted((a, b) => rank(a) - rank(b) || compareTexts(a.name, b.name));
  const names = new Set([metadataKey]);
  let end = 0;
  const entries = sorted.map((tensor): [string, string] => {
    const { name, dtype, shape } = tensor;
    requireText("a tensor's name", name);
    if (names.has(name)) {
      throw new RangeError(`Cannot write a tensor ${excerpt(name)}: the name is already taken`);
    }
    names.add(name);
    const start = end;
    end += tensorBytes(tensor);
    return [name, JSON.stringify({ dtype, shape, data_offsets: [start, end] })];
  });
  const texts = Object.entries(metadata ?? {}).map(([key, text]): [string, string] => {
    requireText("a key of metadata", key);
    requireText(`the metadata ${excerpt(key)}`, text);
    return [key, JSON.stringify(text)];
  });
  const about: [string, string][] = metadata === undefined ? [] : [[metadataKey, tableOf(texts)]];
  const json = new TextEncoder().encode(tableOf([...about, ...entries]));
  const length = Math.ceil(json.length / 8) * 8;
  if (length > longestHeader) {
    throw new RangeError(
      `Cannot write a header of ${length} bytes: at most ${longestHeader} are allowed`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return { header, tensors: sorted };
}

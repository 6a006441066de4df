// WASM binaries as lists of sections, as far as tfjs's binary has to be changed while it is loaded.

/** Numbers of sections. */
export const sectionId = {
  /** What the module imports. */
  imports: 2,
  /** The type of each function. */
  functions: 3,
  /** The module's own memories. */
  memories: 5,
  /** The bodies of the functions. */
  code: 10,
} as const;

/** Kinds of what is imported and exported. */
export const kindId = { function: 0, table: 1, memory: 2, global: 3 } as const;

/** Reads numbers off a WASM binary. */
export class Reader {
  /** Where the next byte is. */
  at: number;
  /** The binary. */
  readonly bytes: Uint8Array;

  /**
   * Starts to read.
   *
   * @param bytes The binary.
   * @param at Where.
   */
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** @returns The next byte. */
  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** @returns An unsigned number in LEB128. */
  number(): number {
    let value = 0;
    for (let weight = 1;; weight *= 128) {
      const byte = this.byte();
      value += (byte % 128) * weight;
      if (byte < 128) return value;
    }
  }

  /** @returns So many bytes. */
  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** @returns A name. */
  name(): string {
    return new TextDecoder().decode(this.take(this.number()));
  }

  /** @returns The fewest pages of a memory; the reader stands behind its limits then. */
  limits(): number {
    const flags = this.byte();
    const fewest = this.number();
    if (flags % 2 === 1) this.number();
    return fewest;
  }

  /** Goes past the description of an import of a kind: of a function, a table, a memory or a global. */
  skipImport(kind: number): void {
    if (kind === kindId.table) this.byte();
    if (kind === kindId.table || kind === kindId.memory) this.limits();
    if (kind === kindId.function) this.number();
    if (kind === kindId.global) this.at += 2;
  }
}

/**
 * A number in LEB128.
 *
 * @param value A whole number, not negative.
 * @returns Its bytes.
 */
export function leb(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...leb(Math.floor(value / 128))];
}

/** One section of a binary. */
export interface Section {
  /** Which; see {@linkcode sectionId}. */
  readonly id: number;
  /** What is in it. */
  readonly content: Uint8Array;
}

/**
 * The sections of a binary.
 *
 * @param bytes The binary.
 * @returns Its sections in order.
 */
export function sectionsOf(bytes: Uint8Array): Section[] {
  const reader = new Reader(bytes, header.length);
  const sections: Section[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    sections.push({ id, content: reader.take(reader.number()) });
  }
  return sections;
}

/** What every binary begins with: the magic number and the version. */
const header = [0, 97, 115, 109, 1, 0, 0, 0];

/**
 * A binary of sections.
 *
 * @param sections The sections in order.
 * @returns The binary.
 */
export function binaryOf(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  return joined([
    Uint8Array.from(header),
    ...sections.flatMap(({ id, content }) => [
      Uint8Array.from([id, ...leb(content.length)]),
      content,
    ]),
  ]);
}

/**
 * Bytes one after the other.
 *
 * @param parts The bytes.
 * @returns All of them.
 */
export function joined(
  parts: readonly (Uint8Array | readonly number[])[],
): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

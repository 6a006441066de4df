// Makes the memory of tfjs's WASM backend one that threads can share: tfjs asks for such a memory only with threads of its own,
// which do not start on Deno. The binary is changed while it is loaded: one flag, at the limits of the memory.

/** The most pages of 64 KiB that a memory can have. */
const mostPages = 65_536;

const importSection = 2;
const memorySection = 5;

/** Reads numbers off a WASM binary. */
class Reader {
  at: number;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  /** An unsigned number in LEB128. */
  number(): number {
    let value = 0;
    for (let weight = 1;; weight *= 128) {
      const byte = this.byte();
      value += (byte % 128) * weight;
      if (byte < 128) return value;
    }
  }

  skipName(): void {
    const length = this.number();
    this.at += length;
  }

  /** The fewest pages of a memory; the reader stands behind its limits then. */
  limits(): number {
    const flags = this.byte();
    const fewest = this.number();
    if (flags % 2 === 1) this.number();
    return fewest;
  }
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...leb(Math.floor(value / 128))];
}

/** The limits of a shared memory. */
function sharedLimits(fewest: number): number[] {
  return [3, ...leb(fewest), ...leb(mostPages)];
}

/** A memory section with its only memory shared. */
function sharedMemorySection(reader: Reader): number[] {
  const count = reader.number();
  return [...leb(count), ...sharedLimits(reader.limits())];
}

/** An import section with its memories shared. */
function sharedImportSection(reader: Reader): number[] {
  const { bytes } = reader;
  const count = reader.number();
  const section = leb(count);
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    reader.skipName();
    reader.skipName();
    const kind = reader.byte();
    const described = reader.at;
    if (kind === 2) {
      section.push(...bytes.subarray(start, described), ...sharedLimits(reader.limits()));
      continue;
    }
    if (kind === 0) reader.number(); // a function: its type
    if (kind === 1) { // a table: type and limits
      reader.byte();
      reader.limits();
    }
    if (kind === 3) reader.at += 2; // a global: type and mutability
    section.push(...bytes.subarray(start, reader.at));
  }
  return section;
}

/**
 * A WASM binary whose memory, its own or imported, is declared shared.
 *
 * @param bytes The binary.
 * @returns A changed copy.
 */
export function shareMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const reader = new Reader(bytes, 8);
  const parts: (Uint8Array | number[])[] = [bytes.subarray(0, 8)];
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.number();
    const end = reader.at + size;
    if (id === importSection || id === memorySection) {
      const section = id === importSection
        ? sharedImportSection(reader)
        : sharedMemorySection(reader);
      parts.push([id, ...leb(section.length), ...section]);
    } else {
      parts.push(bytes.subarray(start, end));
    }
    reader.at = end;
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A name that tfjs's binary exports, and no other. */
const mark = "register_tensor";

function isTfjs(bytes: Uint8Array): boolean {
  return new TextDecoder("latin1").decode(bytes).includes(mark);
}

/**
 * Runs a function that loads tfjs's WASM backend, and gives that a shared memory where the engine has them.
 *
 * @param load Loads the backend; other WASM modules that it loads stay as they are.
 * @returns What `load` returns.
 */
export async function withSharedMemory<T>(load: () => Promise<T>): Promise<T> {
  if (!("SharedArrayBuffer" in globalThis)) return await load();
  const { instantiate } = WebAssembly;
  const instantiateShared = (source: BufferSource | WebAssembly.Module, imports: unknown) => {
    if (source instanceof WebAssembly.Module) return instantiate(source as never, imports as never);
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return instantiate(isTfjs(bytes) ? shareMemory(bytes) : source, imports as never);
  };
  WebAssembly.instantiate = instantiateShared as typeof instantiate;
  try {
    return await load();
  } finally {
    WebAssembly.instantiate = instantiate;
  }
}

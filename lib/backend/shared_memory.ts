// Makes the memory of a WASM module one that threads can share: tfjs asks for such a memory only with threads of its own, which
// do not start on Deno. One flag of the binary is changed, at the limits of the memory.

import { binaryOf, joined, kindId, leb, Reader, sectionId, sectionsOf } from "./wasm_binary.ts";

/** The most pages of 64 KiB that a memory can have. */
const mostPages = 65_536;

/** The limits of a shared memory. */
function sharedLimits(fewest: number): number[] {
  return [3, ...leb(fewest), ...leb(mostPages)];
}

/** A memory section with its only memory shared. */
function sharedMemories(reader: Reader): Uint8Array {
  const count = reader.number();
  return joined([leb(count), sharedLimits(reader.limits())]);
}

/** An import section with its memories shared. */
function sharedImports(reader: Reader): Uint8Array {
  const { bytes } = reader;
  const count = reader.number();
  const parts: (Uint8Array | number[])[] = [leb(count)];
  for (let i = 0; i < count; i++) {
    const start = reader.at;
    reader.name();
    reader.name();
    const kind = reader.byte();
    if (kind === kindId.memory) {
      parts.push(bytes.subarray(start, reader.at), sharedLimits(reader.limits()));
      continue;
    }
    reader.skipImport(kind);
    parts.push(bytes.subarray(start, reader.at));
  }
  return joined(parts);
}

/**
 * A WASM binary whose memory, its own or imported, is declared shared.
 *
 * @param bytes The binary.
 * @returns A changed copy.
 */
export function shareMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return binaryOf(
    sectionsOf(bytes).map(({ id, content }) => {
      const reader = new Reader(content);
      if (id === sectionId.imports) return { id, content: sharedImports(reader) };
      if (id === sectionId.memories) return { id, content: sharedMemories(reader) };
      return { id, content };
    }),
  );
}

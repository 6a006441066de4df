// Makes the allocator of tfjs's WASM binary (emmalloc) tell when the memory is full. All that tfjs allocates, in JavaScript and
// in C++, goes through its function `memalign(alignment, bytes)`, which `malloc` calls; two functions are changed in the binary
// while it is loaded:
//
// - `memalign` calls an import, which throws, in place of returning 0: tfjs takes that for an address and writes there, over what
//   is alive. The import is the copy of large blocks, and the call a copy from 0 to 0, which no program asks for.
// - `attempt(region, alignment, bytes)`, which carves a block out of a free region, refuses where the block would end beyond
//   4 GiB: the original adds modulo 2³², takes the block for one that fits, and breaks the heap.

import {
  binaryOf,
  joined,
  kindId,
  leb,
  Reader,
  type Section,
  sectionId,
  sectionsOf,
} from "./wasm_binary.ts";

/** The import that `memalign` calls when it fails: (to, from, bytes). */
const signal = "emscripten_memcpy_big";

/** What `malloc` does, as far as the function that it calls: no locals; 8, its argument, call. */
const mallocBody = [0, 0x41, 8, 0x20, 0, 0x10];

/** How `attempt` begins: three locals; ((alignment + region + 4) − 1) & −alignment, plus the bytes. */
const attemptBody = [
  ...[1, 3, 0x7f, 0x20, 1, 0x20, 0, 0x41, 4, 0x6a, 0x22, 4, 0x6a, 0x41, 1, 0x6b],
  ...[0x41, 0, 0x20, 1, 0x6b, 0x71, 0x22, 5, 0x20, 2, 0x6a],
];

const beginsWith = (body: Uint8Array, bytes: readonly number[]): boolean =>
  bytes.every((byte, at) => body[at] === byte);

const contentOf = (sections: readonly Section[], id: number): Reader =>
  new Reader(sections.find((section) => section.id === id)?.content ?? Uint8Array.of(0));

/** The names of the imported functions, by index. */
function importedFunctions(reader: Reader): string[] {
  const names: string[] = [];
  for (let left = reader.number(); left > 0; left--) {
    reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === kindId.function) names.push(name);
    reader.skipImport(kind);
  }
  return names;
}

/** The bodies of the functions that are not imported. */
function bodiesOf(reader: Reader): Uint8Array[] {
  return Array.from({ length: reader.number() }, () => reader.take(reader.number()));
}

/** `memalign`, where the signal is function `signal` and the original function `original`. */
function checkedMemalign(signal: number, original: number): Uint8Array {
  const [alignment, bytes, address] = [0, 1, 2];
  return Uint8Array.from([
    ...[1, 1, 0x7f], // one local: an i32
    ...[0x20, alignment, 0x20, bytes, 0x10, ...leb(original)], // local.get, local.get, call
    ...[0x22, address, 0x45, 0x04, 0x40], // local.tee, i32.eqz, if
    ...[0x41, 0, 0x41, 0, 0x20, bytes, 0x10, ...leb(signal)], // signal(0, 0, bytes)
    ...[0x0b, 0x20, address, 0x0b], // end, local.get, end
  ]);
}

/** `attempt`, where the original is function `original`: 0 where bytes > 2³² − 2¹⁵ − region; the heap ends 2¹⁶ before 2³². */
function checkedAttempt(original: number): Uint8Array {
  const [region, alignment, bytes] = [0, 1, 2];
  return Uint8Array.from([
    0, // no locals
    ...[0x20, bytes, 0x41, 0x80, 0x80, 0x7e, 0x20, region, 0x6b, 0x4b], // bytes > −2¹⁵ − region, unsigned
    ...[0x04, 0x40, 0x41, 0, 0x0f, 0x0b], // if, i32.const 0, return, end
    ...[0x20, region, 0x20, alignment, 0x20, bytes, 0x10, ...leb(original)], // local.get ×3, call
    0x0b, // end
  ]);
}

/** The function section with the types of some functions once more at its end. */
function withMore(reader: Reader, functions: readonly number[]): Uint8Array {
  const types = Array.from({ length: reader.number() }, () => reader.number());
  const all = [...types, ...functions.map((at) => types[at]!)];
  return joined([leb(all.length), ...all.map(leb)]);
}

/** A code section of bodies. */
function codeOf(bodies: readonly Uint8Array[]): Uint8Array {
  return joined([leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])]);
}

/**
 * A WASM binary whose allocator calls `emscripten_memcpy_big(0, 0, bytes)` in place of returning 0, and gives no block beyond
 * 4 GiB. What is changed stands at its old place, and the originals at the end.
 *
 * @param bytes The binary, with the allocator that tfjs's has.
 * @returns A changed copy.
 * @throws {Error} If the binary does not have what is changed.
 */
export function checkMalloc(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(bytes);
  const imported = importedFunctions(contentOf(sections, sectionId.imports));
  const bodies = bodiesOf(contentOf(sections, sectionId.code));
  const malloc = bodies.find((body) => beginsWith(body, mallocBody));
  const attempt = bodies.findIndex((body) => beginsWith(body, attemptBody));
  if (malloc === undefined || attempt < 0 || !imported.includes(signal)) {
    throw new Error("its binary has another allocator than the one that is known");
  }
  const memalign = new Reader(malloc, mallocBody.length).number() - imported.length;
  const original = imported.length + bodies.length; // the first function at the end
  const changed = bodies
    .with(memalign, checkedMemalign(imported.indexOf(signal), original))
    .with(attempt, checkedAttempt(original + 1));
  const code = codeOf([...changed, bodies[memalign]!, bodies[attempt]!]);
  return binaryOf(sections.map(({ id, content }) => {
    if (id === sectionId.code) return { id, content: code };
    if (id !== sectionId.functions) return { id, content };
    return { id, content: withMore(new Reader(content), [memalign, attempt]) };
  }));
}

/** An import of emscripten's that copies bytes. */
type Copy = (to: number, from: number, bytes: number) => void;

/**
 * The imports of a binary that {@linkcode checkMalloc} changed.
 *
 * @param imports Those of the original.
 * @param onFull Called with the bytes for which there was no room; it throws.
 * @returns The imports.
 */
export function checkedImports(
  imports: WebAssembly.Imports,
  onFull: (bytes: number) => never,
): WebAssembly.Imports {
  const copy = imports["env"]![signal] as Copy;
  const checked: Copy = (to, from, bytes) =>
    to === 0 && from === 0 ? onFull(bytes >>> 0) : copy(to, from, bytes);
  return { ...imports, env: { ...imports["env"], [signal]: checked } };
}

// SHA-256: of files, by which a manifest names the file that belongs to it, and of what determines a run.

import { platform } from "./mod.ts";
import { bytesOf, openRegular } from "./text_file.ts";

/**
 * The SHA-256 of a file, read in pieces.
 *
 * @param path The file.
 * @returns 64 hexadecimal digits.
 * @throws {RangeError} If it is no regular file.
 */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = platform.sha256();
  using file = await openRegular(path);
  for await (const piece of bytesOf(file)) hash.update(piece);
  return hash.digest();
}

const utf8 = new TextEncoder();

function bytesIn(part: Part): Uint8Array {
  if (typeof part === "string") return utf8.encode(part);
  return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
}

/** What can be hashed: texts as UTF-8. */
type Part = string | Int32Array | Float32Array | Uint8Array;

/**
 * The SHA-256 of texts and bytes, one behind the other.
 *
 * @param parts What is hashed; texts as UTF-8.
 * @returns 64 hexadecimal digits.
 */
export function sha256OfAll(parts: Iterable<Part>): string {
  const hash = platform.sha256();
  for (const part of parts) hash.update(bytesIn(part));
  return hash.digest();
}

/**
 * The SHA-256 of some texts and bytes, one behind the other.
 *
 * @param parts What is hashed; texts as UTF-8.
 * @returns 64 hexadecimal digits.
 */
export const sha256Of = (...parts: readonly Part[]): string => sha256OfAll(parts);

/**
 * Requires the file that a manifest names.
 *
 * @param path The file.
 * @param expected Its SHA-256 in the manifest.
 * @throws {RangeError} If it is another file.
 */
export async function requireSha256(path: string, expected: string): Promise<void> {
  const found = await sha256OfFile(path);
  if (found === expected) return;
  throw new RangeError(
    `Cannot use ${path}: it is not the file that its manifest names (SHA-256 ${found}, not ${expected})`,
  );
}

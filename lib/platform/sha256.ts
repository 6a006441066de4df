// SHA-256 where the system has none that answers at once: a page's own answers later, and only on pages that are served securely.

import type { Hash } from "./platform.ts";

/** The first 32 bits of the fractional part of a number. */
const fraction = (value: number): number => Math.floor((value % 1) * 2 ** 32) | 0;

/** The first 64 primes. */
const primes: readonly number[] = Array.from({ length: 312 }, (_, at) => at)
  .filter((n) => n > 1 && Array.from({ length: n }, (_, d) => d).every((d) => d < 2 || n % d > 0));

const roundConstants = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

/** The block size in bytes. */
const blockBytes = 64;

const rotate = (word: number, by: number): number => word >>> by | word << 32 - by;

/** Adds a block to the state. */
function compress(state: Int32Array, block: DataView): void {
  const words = new Int32Array(64);
  for (let t = 0; t < 16; t++) words[t] = block.getInt32(4 * t);
  for (let t = 16; t < 64; t++) {
    const [early, late] = [words[t - 15]!, words[t - 2]!];
    const first = rotate(early, 7) ^ rotate(early, 18) ^ early >>> 3;
    const second = rotate(late, 17) ^ rotate(late, 19) ^ late >>> 10;
    words[t] = words[t - 16]! + first + words[t - 7]! + second;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ];
  for (let t = 0; t < 64; t++) {
    const mixed = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const chosen = e & f ^ ~e & g;
    const first = h + mixed + chosen + roundConstants[t]! + words[t]! | 0;
    const second = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const majority = a & b ^ a & c ^ b & c;
    [h, g, f, e, d, c, b, a] = [g, f, e, d + first | 0, c, b, a, first + second + majority | 0];
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at]! += word;
}

/** @returns A SHA-256 that is under way. */
export function sha256(): Hash {
  const state = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const block = new Uint8Array(blockBytes);
  const view = new DataView(block.buffer);
  let total = 0;
  const update = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length;) {
      const at = total % blockBytes;
      const part = bytes.subarray(done, done + blockBytes - at);
      block.set(part, at);
      done += part.length;
      total += part.length;
      if (total % blockBytes === 0) compress(state, view);
    }
  };
  const digest = (): string => {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, BigInt(total) * 8n);
    update(Uint8Array.of(0x80));
    update(new Uint8Array((2 * blockBytes - 8 - total % blockBytes) % blockBytes));
    update(new Uint8Array(bits.buffer));
    return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  };
  return { update, digest };
}

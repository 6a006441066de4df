// The SHA-256 of pages against that of Web Crypto.

import { assertEquals } from "@std/assert";
import { platform } from "../../../lib/platform/mod.ts";
import { sha256 } from "../../../lib/platform/sha256.ts";

/** Bytes of no pattern. */
const bytesOf = (length: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, at) => at * at * 31 >> 3);

Deno.test("sha256() is the hash of bytes of every length around a block, whole and in parts", async () => {
  for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 128, 1000]) {
    const bytes = bytesOf(length);
    const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    for (const begin of [sha256, platform.sha256]) {
      const [whole, inParts] = [begin(), begin()];
      whole.update(bytes);
      for (let at = 0; at < length; at += 37) inParts.update(bytes.subarray(at, at + 37));
      assertEquals([whole.digest(), inParts.digest()], [expected, expected], `${length} bytes`);
    }
  }
});

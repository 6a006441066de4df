import { assertEquals, assertRejects } from "@std/assert";
import { requireSha256, sha256Of, sha256OfFile } from "../../../lib/platform/hash.ts";

Deno.test("sha256OfFile() is the hash of the bytes, of any number of them", async () => {
  const path = await Deno.makeTempFile();
  try {
    for (const length of [0, 3, 200_000]) {
      const bytes = Uint8Array.from({ length }, (_, at) => at);
      await Deno.writeFile(path, bytes);
      const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assertEquals(await sha256OfFile(path), expected);
      await requireSha256(path, expected);
    }
    const { message } = await assertRejects(() => requireSha256(path, "0".repeat(64)), RangeError);
    assertEquals(message.startsWith(`Cannot use ${path}: it is not the file that its`), true);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("sha256Of() hashes texts and the bytes of a part of an array", async () => {
  const numbers = Float32Array.of(7, 1, 2, 7).subarray(1, 3);
  const bytes = [0xc3, 0xa9, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40];
  const expected = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  assertEquals(sha256Of("é", numbers), new Uint8Array(expected).toHex());
});

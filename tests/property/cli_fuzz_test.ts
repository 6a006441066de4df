// 150 random command lines; `deno task fuzz:cli` tries 3,000.

import { assert, assertEquals } from "@std/assert";
import { fuzz } from "./cli_fuzz.ts";

Deno.test("normkit answers 150 random command lines in order, and leaves nothing behind", async () => {
  const { codes, faults } = await fuzz(20260101, 150);
  assertEquals(faults, []);
  const seen = new Set(Object.values(codes).flatMap((own) => Object.keys(own)));
  for (const code of ["0", "2", "3"]) assert(seen.has(code), `no line ended with ${code}`);
  assert(Object.keys(codes).length >= 7, "every command must be tried");
});

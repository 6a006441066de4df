// 100 000 damaged safetensors files; `deno task fuzz` tries a million.

import { assert, assertEquals } from "@std/assert";
import { fuzz } from "./safetensors_fuzz.ts";
import { mutations } from "./safetensors_mutations.ts";

Deno.test("openCheckpoint() and its parser read or refuse 100 000 damaged files as the format says", async () => {
  const { kinds, mostBufferBytes, throughFiles } = await fuzz(20250101, 100_000);
  assertEquals(Object.keys(kinds).sort(), Object.keys(mutations).sort());
  assertEquals(kinds["bits of the data"]!.refused, 0);
  assert(kinds["spaces"]!.read > kinds["spaces"]!.refused);
  const changed = ["bits of the header", "another number", "swapped entries", "a splice"];
  for (const kind of changed) {
    assert(kinds[kind]!.read > 20 && kinds[kind]!.refused > 20, `${kind} must go both ways`);
  }
  assertEquals(throughFiles, 2000);
  assert(mostBufferBytes < 2 ** 26, `array buffers took ${mostBufferBytes} bytes`);
});

// The text of the examples is the novel, and the one that the recorded runs were trained on.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { mobyDick } from "../../../lib/data/mod.ts";
import { readRun } from "../../../lib/train/mod.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";

Deno.test("mobyDick() is 1.2 million characters of the novel", async () => {
  const { train, heldOut, tokenizer, bytesPerToken } = await mobyDick();
  assertAlmostEquals(train.length + heldOut.length, 1.2e6, 5e4);
  assertAlmostEquals(heldOut.length / (train.length + heldOut.length), 0.1, 1e-5);
  assert(tokenizer.decode(train).includes("Call me Ishmael."));
  assert(tokenizer.decode(heldOut).includes("It was the devious-cruising Rachel"));
  assertEquals(bytesPerToken, 1.0057213048532163);
});

Deno.test("mobyDick() has the vocabulary and the tokens of the recorded runs", async () => {
  const { train, heldOut, tokenizer } = await mobyDick();
  assertEquals(
    tokenizer.characters,
    "\n !\"$&'()*,-.0123456789:;?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]abcdefghijklmnopqrstuvwxyzŒηοςτϰחן—",
  );
  const tokens = new Int32Array(train.length + heldOut.length);
  tokens.set(train);
  tokens.set(heldOut, train.length);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", tokens)).toHex();
  assertEquals(
    hash,
    "5a72d349175fb6d4ff421cfee6d00110c0b8e225fbb6084ebc4be0afa15e0dc2",
  );
  const { corpus } = (await readRun(`${checkout}/data/runs/start`, "pre-ln")).manifest;
  assertEquals(corpus.sha256, hash);
  assertEquals(corpus.characters, tokenizer.characters);
  assertEquals([corpus.trainTokens, corpus.heldOutTokens], [train.length, heldOut.length]);
});

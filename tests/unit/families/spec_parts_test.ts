// Parts of specs that several families have.

import { assertEquals, assertThrows } from "@std/assert";
import type { Block } from "../../../lib/model/spec.ts";
import {
  alibiSlopes,
  languageHead,
  layerNormAt,
  layersOf,
  linearAt,
  networkBranch,
  prefixOf,
  rmsNormAt,
  tokenEntry,
  untieWordEmbeddings,
} from "../../../lib/families/spec_parts.ts";
import { assertClose } from "../../support/close.ts";

Deno.test("linearAt(), layerNormAt() and rmsNormAt() name weights and biases under a path", () => {
  const names = { weight: "a.b.weight", bias: "a.b.bias" };
  assertEquals(linearAt("a.b"), { ...names, layout: "out-in" });
  assertEquals(linearAt("a.b", "in-out"), { ...names, layout: "in-out" });
  const norm = { eps: 0.5, gain: "a.b.weight", bias: "a.b.bias" };
  assertEquals(layerNormAt("a.b", 0.5), { kind: "layer", ...norm });
  assertEquals(rmsNormAt("a.b", 0.5), { kind: "rms", ...norm });
});

/** A layer of a feed-forward network alone. */
function layerAt(index: number): Block {
  const network = {
    up: linearAt(`${index}.up`),
    output: linearAt(`${index}.down`),
    activation: "relu",
  } as const;
  return { parallel: false, branches: [networkBranch(layerNormAt(`${index}.norm`, 1), network)] };
}

Deno.test("layersOf() counts from 0", () => {
  assertEquals(layersOf(3, () => true, layerAt), [0, 1, 2].map(layerAt));
  assertEquals(layersOf(0, () => false, layerAt), []);
});

Deno.test("layersOf() makes no layer behind one whose matrices are not there", () => {
  const made: number[] = [];
  const make = (index: number): Block => {
    made.push(index);
    return layerAt(index);
  };
  const has = (name: string): boolean => !/^2\.down|^[3-9]/.test(name);
  assertThrows(
    () => layersOf(20_000, has, make),
    RangeError,
    "Cannot use a model of 20000 layers: the checkpoint has no 2.down.weight",
  );
  assertEquals(made, [0, 1, 2]);
});

Deno.test("tokenEntry() has positions only where there are some", () => {
  const entry = { kind: "tokens", tokens: { table: "t" }, scale: 1, offset: 0 } as const;
  assertEquals(tokenEntry("t"), entry);
  assertEquals(tokenEntry("t", { positions: "p", offset: 2, scale: 3 }), {
    ...entry,
    positions: { table: "p" },
    offset: 2,
    scale: 3,
  });
});

Deno.test("prefixOf() is the first prefix whose table is there, else the first", () => {
  const prefixes = ["model.", "decoder.", ""];
  const has = (...names: string[]) => (name: string) => names.includes(name);
  assertEquals(prefixOf(has("decoder.t", "t"), "t", prefixes), "decoder.");
  assertEquals(prefixOf(has("t"), "t", prefixes), "");
  assertEquals(prefixOf(has(), "t", prefixes), "model.");
});

Deno.test("languageHead() is the table where the configuration says so", () => {
  const own = { weight: "lm_head.weight", bias: "lm_head.bias", layout: "out-in" } as const;
  const headOf = (config: Record<string, unknown>, tied?: boolean) =>
    languageHead(config, "table", tied === undefined ? {} : { tied }).heads[0]!.linear.weight;
  assertEquals(headOf({}), "table");
  assertEquals(headOf({}, false), "lm_head.weight");
  assertEquals(headOf({ tie_word_embeddings: true }, false), "table");
  assertEquals(headOf({ tie_word_embeddings: false }, true), "lm_head.weight");
  assertEquals(languageHead({}, "table"), {
    heads: [{ linear: { ...own, weight: "table" }, stack: "decoder", reads: "all" }],
    untied: own,
  });
  assertEquals(languageHead({}, "table", { path: "out", stack: "text" }).heads[0], {
    linear: { ...own, weight: "table", bias: "out.bias" },
    stack: "text",
    reads: "all",
  });
  assertThrows(() => languageHead({ tie_word_embeddings: "yes" }, "table"), RangeError);
  assertEquals(headOf(untieWordEmbeddings({ tie_word_embeddings: true })), "lm_head.weight");
});

Deno.test("alibiSlopes() are powers of 2^(−8/n), and of twice as many in between", () => {
  assertClose(alibiSlopes(8), [1, 2, 3, 4, 5, 6, 7, 8].map((k) => 2 ** -k), 0, "8 heads");
  assertClose(alibiSlopes(2), [2 ** -4, 2 ** -8], 0, "2 heads");
  assertClose(alibiSlopes(1), [2 ** -8], 0, "1 head");
  // BLOOM: of 3 heads the first two are those of 2, the third the first of 4
  assertClose(alibiSlopes(3), [2 ** -4, 2 ** -8, 2 ** -2], 0, "3 heads");
  assertClose(alibiSlopes(6), [1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8], 0, "6 heads");
});

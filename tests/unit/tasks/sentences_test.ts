// Sentences for a translator that is there already: in its languages, and no longer than it reads.

import { assertEquals, assertRejects } from "@std/assert";
import { sentencesOf } from "../../../lib/tasks/mod.ts";
import { translation } from "../../../lib/tasks/translation.ts";
import { inFolder } from "../checkpoint/files.ts";

const special = ["<pad>", "<s>", "</s>", "de_DE", "en_XX"];

/** Letters as tokens behind the special ones, with tokens around each text. */
const tokensWith = (before: readonly number[], behind: readonly number[]) => ({
  tokenizer: {
    vocabulary: 40,
    special: new Set(special.keys()),
    encode: (text: string) =>
      Int32Array.of(...before, ...[...text].map((letter) => letter.charCodeAt(0) - 92), ...behind),
    decode: (tokens: Iterable<number>) =>
      [...tokens].map((token) => special[token] ?? String.fromCharCode(token + 92)).join(""),
  },
  context: 6,
  sentence: { padding: 0, start: 2, end: 2 },
});

async function withPairs(
  sources: readonly string[],
  targets: readonly string[],
  act: (data: { source: string; target: string; heldOutShare: number }) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const data = { source: `${folder}/t.de`, target: `${folder}/t.en`, heldOutShare: 0.5 };
    await Deno.writeTextFile(data.source, sources.join("\n"));
    await Deno.writeTextFile(data.target, targets.join("\n"));
    await act(data);
  });
}

const languages = { sourceLanguage: "de_DE", targetLanguage: "en_XX" };

Deno.test("sentencesOf() puts each side in its language, as mBART of 50 and M2M100 are trained", () =>
  withPairs(["ab", "xy"], ["cd", "zz"], async (data) => {
    const sentences = await sentencesOf({ ...data, ...languages }, tokensWith([4], [2]));
    const pairs = [...sentences.pairs.train.examples, ...sentences.pairs.heldOut.examples];
    const pair = pairs.find(({ source }) => source === "ab")!;
    assertEquals([[...pair.from], [...pair.to]], [[3, 5, 6, 2], [4, 7, 8, 2]]);
    assertEquals(sentences.special, { padding: 0, start: 2, end: 2, first: 4 });
    const { inputs } = translation(sentences).inputs([pair]);
    assertEquals([...inputs.tokens!.ids], [2, 4, 7, 8], "the end, then the language");
  }));

Deno.test("sentencesOf() starts with the language where it stands behind texts (mBART of 25)", () =>
  withPairs(["ab", "xy"], ["cd", "zz"], async (data) => {
    const { padding, end } = tokensWith([], []).sentence;
    const tokens = { ...tokensWith([], [2, 4]), sentence: { padding, end } };
    const sentences = await sentencesOf({ ...data, ...languages }, tokens);
    const pairs = [...sentences.pairs.train.examples, ...sentences.pairs.heldOut.examples];
    const pair = pairs.find(({ source }) => source === "ab")!;
    assertEquals([[...pair.from], [...pair.to]], [[5, 6, 2, 3], [7, 8, 2, 4]]);
    assertEquals(sentences.special, { padding: 0, start: 4, end: 2 });
    const { inputs } = translation(sentences).inputs([pair]);
    assertEquals([...inputs.tokens!.ids], [4, 7, 8, 2]);
  }));

Deno.test("sentencesOf() says of a sentence that is too long where it stands, and what is allowed", () =>
  withPairs(["ab", "abcdef"], ["cd", "ef"], async (data) => {
    await assertRejects(
      () => sentencesOf(data, tokensWith([], [2])),
      RangeError,
      `Cannot use "abcdef", line 2 of ${data.source}: it has 7 tokens with its end, and the model reads 6`,
    );
    await assertRejects(
      () => sentencesOf({ ...data, length: 2 }, tokensWith([], [2])),
      RangeError,
      "and data.length is 2",
    );
    const swapped = { ...data, source: data.target, target: data.source };
    await assertRejects(
      () => sentencesOf(swapped, tokensWith([], [2])),
      RangeError,
      `line 2 of ${swapped.target}: it has 7 tokens`,
    );
  }));

Deno.test("sentencesOf() refuses languages of a model that starts anew", () =>
  withPairs(["ab", "xy"], ["cd", "zz"], async (data) => {
    await assertRejects(
      () => sentencesOf({ ...data, targetLanguage: "en_XX" }),
      RangeError,
      "Cannot use data.targetLanguage = en_XX: a model that starts anew has no tokens of languages",
    );
  }));

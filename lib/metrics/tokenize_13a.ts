// The words that BLEU compares: the tokenizer 13a, after mteval-v13a.pl of WMT, as sacrebleu has it.

import { strip, wordsOf } from "./ngrams.ts";

/** What stands for a character in the corpora of WMT, in the order in which it is put back. */
const entities: readonly (readonly [entity: string, character: string])[] = [
  ["&quot;", '"'],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["&gt;", ">"],
];

/** Where words are cut, one rule after the other. */
const cuts: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/([{-~[-` -&(-+:-@/])/gu, " $1 "],
  [/([^0-9])([.,])/gu, "$1 $2 "],
  [/([.,])([^0-9])/gu, " $1 $2"],
  [/([0-9])(-)/gu, "$1 $2 "],
];

/**
 * The words and punctuation marks of a sentence.
 *
 * @param sentence The sentence.
 * @returns Its tokens.
 */
export function tokenize13a(sentence: string): string[] {
  const plain = strip(sentence)
    .replaceAll("<skipped>", "").replaceAll("-\n", "").replaceAll("\n", " ");
  const decoded = entities.reduce(
    (text, [entity, character]) => text.replaceAll(entity, character),
    plain,
  );
  const cut = cuts.reduce((text, [pattern, by]) => text.replaceAll(pattern, by), ` ${decoded} `);
  return wordsOf(cut);
}

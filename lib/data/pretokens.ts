// What GPT-2 cuts a text into before bytes are merged: words with the space before them, numbers, marks, and white space.

/** The pattern of GPT-2's pretokens, with white space as Unicode has it: JavaScript's `\s` lacks U+0085 and has U+FEFF besides. */
const pattern = String
  .raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+`;

/** The pretokens of a text, one after the other. */
export const pretokens: RegExp = new RegExp(pattern, "gu");

/** An entry `pre_tokenizer` of a `tokenizer.json`. */
export type PreTokenizer = Readonly<Record<string, unknown>> | null | undefined;

/**
 * A pretokenizer for `@huggingface/tokenizers`, whose own form of GPT-2's pattern takes JavaScript's white space for Unicode's: there the
 * pattern is given to it.
 *
 * @param entry The `pre_tokenizer` of a file.
 * @returns The same pretokenizer, in words that are understood.
 */
export function withUnicodeSpaces(entry: PreTokenizer): PreTokenizer {
  if (entry?.["type"] === "Sequence" && Array.isArray(entry["pretokenizers"])) {
    return { ...entry, pretokenizers: entry["pretokenizers"].map(withUnicodeSpaces) };
  }
  const { type, use_regex = true, add_prefix_space } = entry ?? {};
  if (type !== "ByteLevel" || use_regex !== true || add_prefix_space === true) return entry;
  const split = { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
  return { type: "Sequence", pretokenizers: [split, { ...entry, use_regex: false }] };
}

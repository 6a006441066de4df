// Which tokens may follow, whatever the model says: the rules of a generation_config.json.

import type { OptionKinds } from "../core/options.ts";

/** Rules that published models translate and summarize with, each as transformers defines it. */
export interface TokenRules {
  /** The first token, such as that of the target's language; it adds nothing to the score (`forced_bos_token_id`). */
  readonly forcedFirst?: number;
  /** The last token where `maxTokens` is reached; it adds nothing to the score (`forced_eos_token_id`). */
  readonly forcedLast?: number;
  /** How many tokens come before one that ends the text (`min_new_tokens`; `min_length` counts the start too). */
  readonly minTokens?: number;
  /** Tokens that never follow (`suppress_tokens`). */
  readonly suppressed?: readonly number[];
  /** Tokens that are not the first which is free (`begin_suppress_tokens`). */
  readonly suppressedFirst?: readonly number[];
  /** Sequences of tokens that never stand in a text (`bad_words_ids`). */
  readonly badWords?: readonly (readonly number[])[];
  /** No so many tokens stand in a text twice (`no_repeat_ngram_size`). */
  readonly noRepeat?: number;
  /** No so many tokens of the source stand in a text (`encoder_no_repeat_ngram_size`). */
  readonly noRepeatSource?: number;
  /** Whether the probabilities of the tokens that are left are made to sum to 1 (`renormalize_logits`). */
  readonly renormalize?: boolean;
}

/** The kinds of these options. */
export const tokenRuleKinds: OptionKinds<TokenRules> = {
  forcedFirst: "number?",
  forcedLast: "number?",
  minTokens: "number?",
  suppressed: "list?",
  suppressedFirst: "list?",
  badWords: "list?",
  noRepeat: "number?",
  noRepeatSource: "number?",
  renormalize: "boolean?",
};

/** A text under way. */
export interface Place {
  /** Its tokens, the start among them. */
  readonly tokens: readonly number[];
  /** How many of them are not of the start. */
  readonly made: number;
  /** The most tokens that are made. */
  readonly maxTokens: number;
  /** Tokens that end it. */
  readonly end: readonly number[];
  /** The source; empty where it is no text. */
  readonly source: readonly number[];
}

/** Whether a text ends with some tokens. */
function endsWith(tokens: readonly number[], last: readonly number[]): boolean {
  const first = tokens.length - last.length;
  return first >= 0 && last.every((token, at) => token === tokens[first + at]);
}

/** What would give the text the last `count` tokens of which some stand in another text, or in itself. */
function repeating(
  tokens: readonly number[],
  others: readonly number[],
  count: number | undefined,
): number[] {
  if (count === undefined || count === 0) return [];
  return others.filter((_, at) =>
    at >= count - 1 && endsWith(tokens, others.slice(at - count + 1, at))
  );
}

/**
 * The one token that has to follow, if there is one.
 *
 * @param rules The rules.
 * @param place The text under way.
 * @returns The token.
 */
export function forcedToken(
  { forcedFirst, forcedLast }: TokenRules,
  { made, maxTokens }: Place,
): number | undefined {
  const last = made === maxTokens - 1 ? forcedLast : undefined;
  return last ?? (made === 0 ? forcedFirst : undefined);
}

/**
 * The tokens that must not follow.
 *
 * @param rules The rules.
 * @param place The text under way.
 * @returns The tokens, in no order, some perhaps twice.
 */
export function bannedTokens(rules: TokenRules, { tokens, made, end, source }: Place): number[] {
  const { minTokens = 0, suppressed = [], suppressedFirst = [], badWords = [] } = rules;
  const firstFree = rules.forcedFirst === undefined ? 0 : 1;
  const words = badWords.filter((word) => !(word.length === 1 && end.includes(word[0]!)));
  return [
    ...(made < minTokens ? end : []),
    ...suppressed,
    ...(made === firstFree ? suppressedFirst : []),
    ...words.filter((word) => endsWith(tokens, word.slice(0, -1))).map((word) => word.at(-1)!),
    ...repeating(tokens, tokens, rules.noRepeat),
    ...repeating(tokens, source, rules.noRepeatSource),
  ];
}

// How texts are searched for: the options of beam search, and what they must be.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, shown } from "../core/options.ts";
import { requireTokens } from "./decoder.ts";
import type { TokenLimits } from "./described.ts";
import { tokenRuleKinds, type TokenRules } from "./token_rules.ts";

/** How texts are searched for. */
export interface BeamOptions extends TokenRules {
  /** The tokens that the decoder starts from, at least one; they are no part of what it makes. */
  readonly start: readonly number[];
  /** Tokens that end a text; they are part of it. */
  readonly end: readonly number[];
  /** The most tokens of a text, the one that ends it among them. */
  readonly maxTokens: number;
  /** How many texts go on at once; 1 by default, which takes the likeliest token each time (greedy search). */
  readonly beams?: number;
  /** The power of the length by which the sum of log-probabilities is divided; 1 by default. Larger ones favor longer texts. */
  readonly lengthPenalty?: number;
  /**
   * When as many texts have ended as there are beams: `true` ends the search; `false` (default) goes on while the likeliest text under way
   * would score higher if it ended now, `"never"` while it could at any length.
   */
  readonly earlyStopping?: boolean | "never";
}

/** The kinds of these options. */
export const beamKinds: OptionKinds<BeamOptions> = {
  ...tokenRuleKinds,
  start: "list",
  end: "list",
  maxTokens: "number",
  beams: "number?",
  lengthPenalty: "number?",
  earlyStopping: "any?",
};

/**
 * Requires a search that makes sense for any model.
 *
 * @param options How texts are searched for.
 * @throws {RangeError} If a number is out of range, or there is no token to start from.
 */
export function requireBeamOptions(options: BeamOptions): void {
  const { start, beams = 1, lengthPenalty = 1, earlyStopping = false, badWords = [] } = options;
  if (typeof earlyStopping !== "boolean" && earlyStopping !== "never") {
    throw new RangeError(
      `Cannot use earlyStopping = ${shown(earlyStopping)}: it must be true, false or "never"`,
    );
  }
  if (start.length === 0) throw new RangeError("Cannot start from no tokens: give at least one");
  requireInteger("beams", beams, { min: 1 });
  requireNumber("lengthPenalty", lengthPenalty);
  const { minTokens = 0, noRepeat = 0, noRepeatSource = 0 } = options;
  for (const [name, count] of Object.entries({ minTokens, noRepeat, noRepeatSource })) {
    requireInteger(name, count, { min: 0 });
  }
  if (badWords.some(({ length }) => length === 0)) {
    throw new RangeError("Cannot ban a word of no tokens: badWords must be lists of at least one");
  }
}

/**
 * Requires tokens that a decoder knows, and texts that it can hold.
 *
 * @param options How texts are searched for.
 * @param limits What the decoder reads.
 * @throws {RangeError} If a token is outside the vocabulary, or texts would be longer than the context.
 */
export function requireDecodable(options: BeamOptions, { vocabulary, context }: TokenLimits): void {
  const { start, end, maxTokens, forcedFirst, forcedLast } = options;
  const most = context - start.length + 1; // the last one is not read again
  requireInteger("maxTokens", maxTokens, { min: 1, ...(most < Infinity ? { max: most } : {}) });
  const { suppressed, suppressedFirst, badWords = [] } = options;
  const forced = [forcedFirst, forcedLast].filter((one) => one !== undefined);
  const lists = { start, end, suppressed, suppressedFirst, badWords: badWords.flat() };
  for (const [name, tokens] of Object.entries({ ...lists, "what is forced": forced })) {
    requireTokens(tokens ?? [], name, vocabulary);
  }
}

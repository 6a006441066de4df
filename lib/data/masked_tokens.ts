// Masked language modelling: which tokens of a text are to be guessed, and what stands in their places.

import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Random } from "../core/random.ts";
import { shuffle } from "./dataset.ts";

/** What {@linkcode maskTokens} must know of the tokens. */
export interface MaskTokensOptions {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The token that stands for one that is to be guessed. */
  readonly mask: number;
  /** Tokens that are never chosen and never drawn, such as padding and separators; the mask is one of them. */
  readonly special?: readonly number[];
  /** The share of the other tokens of each row that is chosen; 0.15 by default. */
  readonly share?: number;
}

const optionKinds: OptionKinds<MaskTokensOptions> = {
  vocabulary: "number",
  mask: "number",
  special: "list?",
  share: "number?",
};

/** Rows with tokens that are to be guessed. */
export interface MaskedTokens {
  /** What a model reads. */
  readonly tokens: number[][];
  /** The places that were chosen in each row, from the first to the last. */
  readonly chosen: number[][];
  /** The tokens that were there, row after row, and −1 at all other places: labels of `crossEntropy` with `ignore: −1`. */
  readonly labels: Int32Array;
}

/** BERT's shares of what stands in a chosen place: the mask, any token, else the token itself. */
const [shareOfMasks, shareOfDrawn] = [0.8, 0.1];

/** Options with what follows from them. */
interface Masking {
  readonly mask: number;
  readonly share: number;
  /** The tokens that are not special. */
  readonly words: readonly number[];
  readonly isSpecial: (token: number) => boolean;
}

function completeMasking(options: MaskTokensOptions): Masking {
  requireOptions("maskTokens()", options, optionKinds);
  const vocabulary = requireInteger("vocabulary", options.vocabulary, { min: 1 });
  const inVocabulary = { min: 0, below: vocabulary };
  const mask = requireInteger("mask", options.mask, inVocabulary);
  const share = requireNumber("share", options.share ?? 0.15, { above: 0, max: 1 });
  const special = new Set([mask, ...options.special ?? []]);
  for (const token of special) requireInteger("special", token, inVocabulary);
  const words = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => !special.has(id));
  if (words.length === 0) {
    throw new RangeError(`Cannot mask tokens: all ${vocabulary} of the vocabulary are special`);
  }
  return { mask, share, words, isSpecial: (token) => special.has(token) };
}

/** The places of a row that are to be guessed, in their order. */
function choose(
  tokens: readonly number[],
  random: Random,
  { share, isSpecial }: Masking,
): number[] {
  const places = tokens.flatMap((token, place) => isSpecial(token) ? [] : [place]);
  const count = Math.max(1, Math.round(share * places.length));
  return shuffle(places, random).slice(0, count).sort((a, b) => a - b);
}

/** What stands in the place of a chosen token. */
function standIn(token: number, random: Random, { mask, words }: Masking): number {
  const share = random.uniform();
  if (share < shareOfMasks) return mask;
  return share < shareOfMasks + shareOfDrawn ? words[random.integer(words.length)]! : token;
}

/**
 * Chooses tokens that a model is to guess, and puts others in their places: of ten, eight masks and one token that is drawn from all but
 * the special ones; one stays.
 *
 * Of n tokens that are not special, round(share · n) are chosen, one at least.
 *
 * Source: Devlin et al. 2019, §3.1; the number in a row is that of BERT's own code (`create_pretraining_data.py`).
 *
 * @param rows The tokens of each row, of any lengths.
 * @param random What draws.
 * @param options The vocabulary and its special tokens.
 * @returns The rows, the places and the labels.
 * @throws {RangeError} If a token is outside the vocabulary, a row has none that can be chosen, no token could be drawn, or an option is
 *   out of its range.
 */
export function maskTokens(
  rows: readonly (readonly number[] | Int32Array)[],
  random: Random,
  options: MaskTokensOptions,
): MaskedTokens {
  const masking = completeMasking(options);
  const masked = rows.map((row, at) => {
    const tokens = Array.from(row);
    const bad = tokens.find((id) => !(Number.isInteger(id) && id >= 0 && id < options.vocabulary));
    if (bad !== undefined) {
      const last = options.vocabulary - 1;
      throw new RangeError(`Cannot use token ${bad} of row ${at}: tokens go from 0 to ${last}`);
    }
    const chosen = choose(tokens, random, masking);
    if (chosen.length === 0) {
      throw new RangeError(`Cannot mask row ${at}: each of its ${row.length} tokens is special`);
    }
    const labels = tokens.map(() => -1);
    for (const place of chosen) {
      labels[place] = tokens[place]!;
      tokens[place] = standIn(tokens[place]!, random, masking);
    }
    return { tokens, chosen, labels };
  });
  return {
    tokens: masked.map(({ tokens }) => tokens),
    chosen: masked.map(({ chosen }) => chosen),
    labels: Int32Array.from(masked.flatMap(({ labels }) => labels)),
  };
}

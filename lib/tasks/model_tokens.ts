// The tokens of a model that is there already, which texts are trained on in.

import { type ModelTokenizer, modelTokenizer } from "../data/model_tokenizer.ts";
import { tokenLimits } from "../convert/inputs.ts";
import type { Config } from "../families/family.ts";
import { readTranslateOptions } from "../families/generation_config.ts";
import type { OpenModel } from "../families/open.ts";
import { readJson } from "../platform/json_file.ts";
import { saysAbsent } from "../platform/system_error.ts";

/** The ids of tokens that no text has, around sentences. */
export interface SentenceTokens {
  /** What stands behind a sentence that is shorter than others. */
  readonly padding: number;
  /** What a decoder starts with. */
  readonly start: number;
  /** What ends a sentence. */
  readonly end: number;
  /** What each translation begins with, such as the token of its language; anything by default. */
  readonly first?: number;
}

/** How a model reads and writes texts. */
export interface ModelTokens {
  /** Between texts and tokens; it adds what stands around a text. Its vocabulary is the model's. */
  readonly tokenizer: ModelTokenizer;
  /** The token that stands for one that is to be guessed, where there is one. */
  readonly mask?: number;
  /** The most tokens that it reads. */
  readonly context?: number;
  /** The tokens around sentences, as far as they are known. */
  readonly sentence: Partial<SentenceTokens>;
}

async function tokenizerConfig(folder: string): Promise<Config> {
  try {
    return await readJson(`${folder}/tokenizer_config.json`) as Config;
  } catch (error) {
    if (saysAbsent(error)) return {};
    throw error;
  }
}

/** The one token of a special word, such as `[MASK]`. */
function tokenOf(tokenizer: ModelTokenizer, word: unknown): number | undefined {
  const text = typeof word === "object" && word !== null ? (word as Config)["content"] : word;
  if (typeof text !== "string") return undefined;
  return [...tokenizer.special].find((token) => tokenizer.decode([token]).trim() === text.trim());
}

const numberIn = (config: Config, key: string): number | undefined =>
  typeof config[key] === "number" ? config[key] : undefined;

const first = (tokens: readonly number[] | undefined): number | undefined => tokens?.[0];

/**
 * The tokens of a model.
 *
 * @param source The model, whose folder has a `tokenizer.json`.
 * @returns The tokenizer, and the tokens that no text has.
 * @throws {RangeError} If the folder has no tokenizer, or a broken one.
 */
export async function readModelTokens(source: OpenModel): Promise<ModelTokens> {
  const { path, config } = source;
  const tokenizer = await modelTokenizer(path, config);
  const mask = tokenOf(tokenizer, (await tokenizerConfig(path))["mask_token"]) ??
    numberIn(config, "mask_token_id");
  const { start, end } = await readTranslateOptions(path, config);
  const padding = config["pad_token_id"];
  const sentence = { padding, start: first(start), end: first(end) };
  const limits = tokenLimits(source);
  return {
    tokenizer: { ...tokenizer, vocabulary: limits?.vocabulary ?? tokenizer.vocabulary },
    ...(limits === undefined ? {} : { context: limits.context }),
    ...(mask === undefined ? {} : { mask }),
    sentence: Object.fromEntries(
      Object.entries(sentence).filter(([, token]) => typeof token === "number"),
    ),
  };
}

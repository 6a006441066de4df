// What `normkit generate` does with an encoder–decoder: it translates the prompt, as the folder's generation_config.json says.

import type { Translation } from "../decoder/beam_search.ts";
import { translate, type TranslateOptions } from "../decoder/translate.ts";
import { readTranslateOptions } from "../families/generation_config.ts";
import { languageOf } from "../data/languages.ts";
import { loadEncoderDecoder } from "../families/language_model.ts";
import type { OpenModel } from "../families/open.ts";
import type { TextTokenizer } from "./tokenize.ts";

/** What `normkit generate` was given. */
export interface GivenPrompt {
  /** The model. */
  readonly opened: OpenModel;
  /** Between its text and its tokens. */
  readonly tokenizer: TextTokenizer;
  /** The text, or numbers of tokens with spaces between them. */
  readonly prompt: string;
  /** The tokens of the languages that it is in, and that it is to be translated into. */
  readonly languages: {
    readonly source?: string | undefined;
    readonly target?: string | undefined;
  };
  /** Options that are numbers, by name, as far as they were given. */
  readonly numbers: Readonly<Record<string, number | undefined>>;
}

/** The most tokens of a translation where nothing says it. */
const mostTokens = 200;

/**
 * Translates a prompt.
 *
 * @param given The model and the prompt.
 * @returns The best translation.
 * @throws {RangeError} If the model reads no text, its configuration names no token to start from or asks for what is not described, or
 * the prompt or an option does not fit.
 */
export async function translatePrompt(
  { opened, tokenizer, prompt, numbers, languages }: GivenPrompt,
): Promise<Translation> {
  const source = languages.source && languageOf(tokenizer, languages.source);
  const target = languages.target && languageOf(tokenizer, languages.target);
  const asked = await readTranslateOptions(opened.path, opened.config);
  const into = target &&
    (target.isBehind ? { start: [target.token] } : { forcedFirst: target.token });
  const own = { ...asked, ...into };
  if (own.start === undefined) {
    throw new RangeError(
      `Cannot translate with ${opened.path}: its generation_config.json names no decoder_start_token_id`,
    );
  }
  using loaded = await loadEncoderDecoder(opened);
  const { tokens, beams, "length-penalty": lengthPenalty, "first-token": forcedFirst } = numbers;
  const room = loaded.limits.context - own.start.length + 1;
  const options: TranslateOptions = {
    ...own,
    start: own.start,
    end: own.end ?? [],
    maxTokens: tokens ?? Math.min(own.maxTokens ?? mostTokens, room),
    ...(beams === undefined ? {} : { beams }),
    ...(lengthPenalty === undefined ? {} : { lengthPenalty }),
    ...(forcedFirst === undefined ? {} : { forcedFirst }),
  };
  const { parameters, model } = loaded;
  const [found] = await translate(parameters, model, [
    [...(source || tokenizer).encode(prompt)],
  ], options);
  return found!;
}

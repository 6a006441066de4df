// How a model's makers generate with it: its generation_config.json, in the words of this library.

import type { TranslateOptions } from "../decoder/translate.ts";
import { saysAbsent } from "../platform/system_error.ts";
import { readConfigFile } from "./config_text.ts";
import type { Config } from "./family.ts";
import { excerptOf } from "./settings.ts";

/** Options that have the same meaning and kind, by transformers' names. */
const names: Readonly<Record<string, keyof TranslateOptions>> = {
  num_beams: "beams",
  length_penalty: "lengthPenalty",
  early_stopping: "earlyStopping",
  forced_bos_token_id: "forcedFirst",
  forced_eos_token_id: "forcedLast",
  suppress_tokens: "suppressed",
  begin_suppress_tokens: "suppressedFirst",
  bad_words_ids: "badWords",
  no_repeat_ngram_size: "noRepeat",
  encoder_no_repeat_ngram_size: "noRepeatSource",
  renormalize_logits: "renormalize",
};

/** What would change a text and is not described, with the values that change none. */
const neutral: Readonly<Record<string, unknown>> = {
  do_sample: false,
  repetition_penalty: 1,
  encoder_repetition_penalty: 1,
  num_beam_groups: 1,
  diversity_penalty: 0,
  guidance_scale: 1,
  sequence_bias: null,
  exponential_decay_length_penalty: null,
  force_words_ids: null,
  forced_decoder_ids: null,
};

/** A number or a list of them as a list; a list of one as its number, where a number is meant. */
const listOf = (value: unknown): unknown => typeof value === "number" ? [value] : value;
const single = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 1 ? value[0] : value;

/** A length without the start, which transformers counts. */
const withoutStart = (length: unknown): number | undefined =>
  typeof length === "number" ? Math.max(0, length - 1) : undefined;

/**
 * The options of {@linkcode translate} in a model's generation configuration.
 *
 * @param generation The content of its `generation_config.json`, or of its `config.json` where it has none.
 * @returns Those options that it has; `start` and `end` may be missing.
 * @throws {RangeError} If it asks for something that would change a text and is not described; the message names it.
 */
export function translateOptionsOf(generation: Config): Partial<TranslateOptions> {
  for (const [key, value] of Object.entries(neutral)) {
    const asked = generation[key] ?? value;
    if (asked === value) continue;
    throw new RangeError(
      `Cannot generate with ${key} = ${
        excerptOf(asked)
      } of generation_config.json: it must be ${value}`,
    );
  }
  const { decoder_start_token_id, bos_token_id, eos_token_id, max_length, min_length } = generation;
  const options: Readonly<Record<string, unknown>> = {
    start: listOf(decoder_start_token_id ?? bos_token_id),
    end: listOf(eos_token_id),
    maxTokens: generation["max_new_tokens"] ?? withoutStart(max_length),
    minTokens: generation["min_new_tokens"] ?? withoutStart(min_length),
    ...Object.fromEntries(Object.entries(names).map(([key, name]) => [name, generation[key]])),
    forcedLast: single(generation["forced_eos_token_id"]),
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined && value !== null),
  );
}

/**
 * Reads how a model's makers generate with it.
 *
 * @param folder The model's folder.
 * @param config Its `config.json`, which older folders have this in.
 * @returns The options that it names.
 * @throws {RangeError} If it asks for something that is not described.
 * @throws {SyntaxError} If the file is not a JSON object.
 */
export async function readTranslateOptions(
  folder: string,
  config: Config,
): Promise<Partial<TranslateOptions>> {
  try {
    return translateOptionsOf(await readConfigFile(`${folder}/generation_config.json`));
  } catch (error) {
    if (saysAbsent(error)) return translateOptionsOf(config);
    throw error;
  }
}

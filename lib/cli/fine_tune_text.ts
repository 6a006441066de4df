// `normkit train --from DIR --text FILE`: a language model, trained further on a text in its own tokens.

import type { OpenModel } from "../families/open.ts";
import { type Corpus, encodeCorpus } from "../train/corpus.ts";
import { fineTune } from "../train/fine_tune.ts";
import { loadTrainable } from "../train/fine_tune_folder.ts";
import type { FineTuneSettings } from "../train/record.ts";
import { readText } from "../train/text.ts";
import type { Tokenizer } from "../train/tokenizer.ts";
import { amountOfStep } from "../train/subject.ts";
import { type Arguments, numberOption } from "./command.ts";
import { type Prepare, requireOption } from "./fine_tune.ts";
import { textOptionsOf } from "./text_options.ts";
import { openTokenizer } from "./tokenize.ts";
import { given, runSettingsFrom } from "./training_settings.ts";

/** The text in the model's tokens. */
async function corpusOf(
  source: OpenModel,
  path: string,
  args: Arguments,
  vocabulary: number,
): Promise<Corpus<Tokenizer>> {
  const { encode, decode } = await openTokenizer(source.path, source.config);
  const tokenizer: Tokenizer = {
    vocabulary,
    encode: (text) => Int32Array.from(encode(text)),
    decode: (tokens) => decode([...tokens]),
  };
  return encodeCorpus(await readText(path, textOptionsOf(args)), tokenizer, { name: path });
}

function settingsFrom(
  args: Arguments,
): (context: number) => FineTuneSettings & { readonly length: number } {
  const settings = runSettingsFrom(args, 5e-5);
  const [length, dropout] = [numberOption(args, "context"), numberOption(args, "dropout")];
  return (context) => ({
    ...settings,
    length: length ?? Math.min(64, context),
    ...given("dropout", dropout),
  });
}

/** On the text of `--text`. */
export const prepareText: Prepare = (args) => {
  const path = requireOption(args, "text");
  const settingsFor = settingsFrom(args);
  return Promise.resolve(async (source, reportEvery) => {
    const { parameters, model } = await loadTrainable(source);
    const settings = { ...settingsFor(model.context), reportEvery };
    return {
      model: source,
      parameters,
      notes: [],
      data: path,
      steps: settings.steps,
      perStep: amountOfStep({ count: settings.length, unit: "tokens" }, settings),
      train: async (options) => {
        const corpus = await corpusOf(source, path, args, model.vocabulary);
        return await fineTune(parameters, model, settings, corpus, options);
      },
    };
  });
};

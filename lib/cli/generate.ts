// `normkit generate`: text from a run that `normkit train` left, from a folder of a language model, or from one that translates.

import { exists } from "../platform/files.ts";
import { generateWith } from "../decoder/generate.ts";
import {
  isEncoderDecoder,
  loadLanguageModel,
  whyNoLanguageModel,
} from "../families/language_model.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { inputsOf } from "../model/spec.ts";
import {
  backendOption,
  type Command,
  flag,
  numberOptions,
  openHelp,
  openOptions,
  requireWords,
  stringOptions,
  textOption,
  tokensOption,
  UsageError,
} from "./command.ts";
import { platform } from "../platform/mod.ts";
import { openTokenizer, type TextTokenizer } from "./tokenize.ts";
import { type GivenPrompt, translatePrompt } from "./translate.ts";

/** Tokens as their numbers, where no text is read. */
const numbersOnly: TextTokenizer = {
  encode: (text) => text.split(" ").map(Number),
  decode: (tokens) => tokens.map((token) => ` ${token}`).join(""),
  special: new Set(),
};

async function requireThere(path: string): Promise<void> {
  if (await exists(path) || await exists(`${path}.json`)) return;
  throw new RangeError(
    `Cannot find the run ${path}: there is no ${path}.json and no such folder; train one with normkit train`,
  );
}

/** Requires a model that continues a text, or makes one of another; of any other it says what reads its inputs. */
function requireWriter(opened: OpenModel): void {
  const reads = inputsOf(opened.spec);
  const others = reads.filter((name) => !["tokens", "source"].includes(name));
  const why = others.length > 0
    ? `it reads ${others.join(" and ")}`
    : isEncoderDecoder(opened.spec)
    ? undefined
    : whyNoLanguageModel(opened);
  if (why === undefined) return;
  const given = others.length > 0 ? "--inputs FILE" : "--tokens 1,2,3";
  throw new RangeError(
    `Cannot write text with ${opened.path}: ${why}; normkit logits ${opened.path} ${given} --out FILE gives what it makes of its input`,
  );
}

/** Options of the one kind of models, which are refused with the other. */
const ofDecoders = ["temperature", "top-k", "top-p", "seed"];
const ofEncoderDecoders = ["beams", "length-penalty", "first-token"];

function refuse(numbers: GivenPrompt["numbers"], names: readonly string[], why: string): void {
  const given = names.find((name) => numbers[name] !== undefined);
  if (given !== undefined) throw new UsageError(`Cannot use --${given} with ${why}`);
}

/** Hands text on as it grows: what a token adds may show only with the next one. */
function growing(tokenizer: TextTokenizer, say: (text: string) => void): (token: number) => void {
  const tokens: number[] = [];
  let said = 0;
  return (token) => {
    tokens.push(token);
    const text = tokenizer.decode(tokens);
    if (text.endsWith("\uFFFD")) return; // the rest of a character is to come
    say(text.slice(said));
    said = text.length;
  };
}

/** Writes on as a decoder's samples come. */
async function continuePrompt(
  { opened, tokenizer, prompt, numbers }: GivenPrompt,
  say: (text: string) => void,
): Promise<number[]> {
  const { tokens = 200, temperature = 0.8, seed = 0, "top-k": topK, "top-p": topP } = numbers;
  using model = await loadLanguageModel(opened);
  const stream = generateWith(model, tokenizer.encode(prompt), {
    ...{ tokens, temperature, seed },
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
  });
  const made: number[] = [];
  const show = growing(tokenizer, say);
  for await (const token of stream) {
    if (made.length === 0) say(prompt);
    made.push(token);
    show(token);
  }
  say(made.length === 0 ? `${prompt}\n` : "\n");
  return made;
}

/** `normkit generate`: its help, its options, and the run. */
export const generateCommand: Command = {
  summary: "write text with a trained model",
  help: `Usage: normkit generate MODEL [options]

MODEL is the path of a run without its ending, such as .normkit/runs/pre-ln, or the folder of a language model, converted or not,
with its tokenizer.json; without one give the numbers of tokens. A model with an encoder and a decoder (BART, T5, Marian, a run of
normkit train --task translation) translates or summarizes the prompt, by beam search and as its generation_config.json says.

  --prompt TEXT       what to continue, or to translate ("Call me ")
  --prompt-tokens 1,2 tokens to continue or to translate, instead of a text
  --tokens N          tokens to write, of a translation at most; of a run they are characters (200)
  --temperature X     below 1 is safer, 0 always takes the most likely (0.8)
  --top-k K           choose among the K most likely only (all)
  --top-p P           choose among the most likely that together have probability P (1)
  --seed N            seed of the choices (0)
  --beams N           translations that go on at once (what generation_config.json says, or 1)
  --length-penalty X  above 1 favors long translations (what generation_config.json says, or 1)
  --first-token N     the first token of the translation
  --source-language L the prompt's language, of a model that knows many, by its token: de_DE (mBART), __de__ (M2M100), deu_Latn (NLLB)
  --target-language L the language to translate into
${openHelp.replace("NAME  ", "NAME ")}
  --backend NAME      auto, webgpu, wasm or cpu (auto)
  --json              one JSON object instead of a stream

Examples:
  normkit generate .normkit/runs/pre-ln
  normkit generate .normkit/runs/deep-norm --prompt "The whale" --temperature 0.5 --top-k 20
  normkit generate gpt2 --prompt "The meaning of" --top-p 0.9
  normkit generate gpt2-rms --prompt-tokens 464,3616,286 --temperature 0
  normkit generate t5-small --prompt "translate English to German: Call me Ishmael." --beams 4`,
  options: {
    ...stringOptions("prompt prompt-tokens tokens source-language target-language alibi backend"),
    ...stringOptions([...ofDecoders, ...ofEncoderDecoders].join(" ")),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [path] = requireWords(args, ["MODEL"]) as [string];
    const [backend, json] = [backendOption(args), flag(args, "json")];
    const numbers = numberOptions(args, ["tokens", ...ofDecoders, ...ofEncoderDecoders]);
    const [text, ids] = [textOption(args, "prompt"), tokensOption(args, "prompt-tokens")];
    if (text !== undefined && ids !== undefined) {
      throw new UsageError("Cannot continue two prompts: give --prompt or --prompt-tokens");
    }
    const prompt = ids?.join(" ") ?? text ?? "Call me ";
    await useBackend(backend);
    await requireThere(path);
    using opened = await openModel(path, openOptions(args));
    requireWriter(opened);
    const translates = isEncoderDecoder(opened.spec);
    const languages = {
      source: textOption(args, "source-language"),
      target: textOption(args, "target-language"),
    };
    if (Object.values(languages).some((name) => name !== undefined)) {
      if (!translates) throw new UsageError("Cannot use a language with a decoder: it continues");
      if (ids !== undefined) {
        throw new UsageError("Cannot use a language with --prompt-tokens: give --prompt");
      }
    }
    if (translates) {
      refuse(numbers, ofDecoders, "an encoder–decoder: it searches, and draws nothing");
    } else refuse(numbers, ofEncoderDecoders, "a decoder: it draws; --temperature 0 is greedy");
    const tokenizer = ids !== undefined
      ? numbersOnly
      : await openTokenizer(opened.path, opened.config);
    const given: GivenPrompt = { opened, tokenizer, prompt, numbers, languages };
    if (translates) {
      const { tokens, score } = await translatePrompt(given);
      const written = tokenizer.decode(tokens.filter((token) => !tokenizer.special.has(token)));
      return { report: { run: path, prompt, text: written, tokens, score }, text: written };
    }
    const tokens = await continuePrompt(given, (text) => {
      if (!json) platform.print(text);
    });
    return { report: { run: path, prompt, text: tokenizer.decode(tokens), tokens } };
  },
};

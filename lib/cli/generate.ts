// `normkit generate`: text from a run that `normkit train` left, or from a folder of a language model.

import { exists } from "../platform/files.ts";
import { generateWith, type LanguageModel } from "../decoder/generate.ts";
import { loadLanguageModel } from "../families/language_model.ts";
import { openModel, type OpenOptions } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
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

/** A language model and the tokenizer of its text. */
interface Writer extends Disposable {
  readonly model: LanguageModel;
  readonly tokenizer: TextTokenizer;
}

/** Tokens as their numbers, where no text is read. */
const numbersOnly: TextTokenizer = {
  encode: (text) => text.split(" ").map(Number),
  decode: (tokens) => tokens.map((token) => ` ${token}`).join(""),
};

async function openWriter(
  path: string,
  inNumbers: boolean,
  options: OpenOptions,
): Promise<Writer> {
  if (!await exists(path) && !await exists(`${path}.json`)) {
    throw new RangeError(
      `Cannot find the run ${path}: there is no ${path}.json and no such folder; train one with normkit train`,
    );
  }
  using opened = await openModel(path, options);
  const tokenizer = inNumbers ? numbersOnly : await openTokenizer(opened.path, opened.config);
  const model = await loadLanguageModel(opened);
  return { model, tokenizer, [Symbol.dispose]: () => model[Symbol.dispose]() };
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

/** `normkit generate`: its help, its options, and the run. */
export const generateCommand: Command = {
  summary: "write text with a trained model",
  help: `Usage: normkit generate MODEL [options]

MODEL is the path of a run without its ending, such as .normkit/runs/pre-ln, or the folder of a language model, converted or not,
with its tokenizer.json; without one give the numbers of tokens.

  --prompt TEXT       what to continue ("Call me ")
  --prompt-tokens 1,2 tokens to continue, instead of a text
  --tokens N          tokens to write; of a run they are characters (200)
  --temperature X     below 1 is safer, 0 always takes the most likely (0.8)
  --top-k K           choose among the K most likely only (all)
  --top-p P           choose among the most likely that together have probability P (1)
  --seed N            seed of the choices (0)
${openHelp.replace("NAME  ", "NAME ")}
  --backend NAME      auto, webgpu, wasm or cpu (auto)
  --json              one JSON object instead of a stream

Examples:
  normkit generate .normkit/runs/pre-ln
  normkit generate .normkit/runs/deep-norm --prompt "The whale" --temperature 0.5 --top-k 20
  normkit generate gpt2 --prompt "The meaning of" --top-p 0.9
  normkit generate gpt2-rms --prompt-tokens 464,3616,286 --temperature 0`,
  options: {
    ...stringOptions("prompt prompt-tokens tokens temperature top-k top-p seed alibi backend"),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [path] = requireWords(args, ["MODEL"]) as [string];
    const [backend, json] = [backendOption(args), flag(args, "json")];
    const names = ["tokens", "temperature", "seed", "top-k", "top-p"];
    const { tokens: count = 200, temperature = 0.8, seed = 0, "top-k": topK, "top-p": topP } =
      numberOptions(args, names);
    const [text, numbers] = [textOption(args, "prompt"), tokensOption(args, "prompt-tokens")];
    if (text !== undefined && numbers !== undefined) {
      throw new UsageError("Cannot continue two prompts: give --prompt or --prompt-tokens");
    }
    const prompt = numbers?.join(" ") ?? text ?? "Call me ";
    await useBackend(backend);
    using writer = await openWriter(path, numbers !== undefined, openOptions(args));
    const { model, tokenizer } = writer;
    const say = (text: string): void => {
      if (!json) platform.print(text);
    };
    const stream = generateWith(model, tokenizer.encode(prompt), {
      ...{ tokens: count, temperature, seed },
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
    return { report: { run: path, prompt, text: tokenizer.decode(made), tokens: made } };
  },
};

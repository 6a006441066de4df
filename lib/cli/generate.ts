// `normkit generate`: text from a model that `normkit train` left.

import { readDecoder } from "../checkpoint/parameters.ts";
import type { BackendName } from "../core/backend.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { disposeTree } from "../core/tree.ts";
import { readConfigFile } from "../families/config_text.ts";
import type { Config } from "../families/family.ts";
import { decoderConfig } from "../families/normkit.ts";
import { configOfRun } from "../families/open.ts";
import { generate } from "../models/generate.ts";
import { characterTokenizer } from "../train/tokenizer.ts";
import { type Command, numberOption, textOption, UsageError } from "./command.ts";

async function readManifest(run: string): Promise<Config> {
  try {
    return await readConfigFile(`${run}.json`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(
      `Cannot find the run ${run}: there is no ${run}.json; train one with normkit train`,
    );
  }
}

/** The command. */
export const generateCommand: Command = {
  summary: "write text with a trained model",
  help: `Usage: normkit generate RUN [options]

RUN is the path of a run without its ending, such as .normkit/runs/pre-ln.

  --prompt TEXT       what to continue ("Call me ")
  --tokens N          characters to write (200)
  --temperature X     below 1 is safer, 0 always takes the most likely (0.8)
  --top-k K           choose among the K most likely only (all)
  --seed N            seed of the choices (0)
  --backend NAME      auto, webgpu, wasm or cpu (auto)
  --json              one JSON object at the end instead of a stream

Examples:
  normkit generate .normkit/runs/pre-ln
  normkit generate .normkit/runs/deep-norm --prompt "The whale" --temperature 0.5 --top-k 20`,
  options: {
    ...Object.fromEntries(
      "prompt tokens temperature top-k seed backend".split(" ").map((name) =>
        [name, { type: "string" }] as const
      ),
    ),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [run, ...rest] = args.words;
    if (run === undefined || rest.length > 0) {
      throw new UsageError(
        `Cannot generate from ${args.words.length} runs: name one, such as .normkit/runs/pre-ln`,
      );
    }
    const own = configOfRun(await readManifest(run), `${run}.json`);
    const tokenizer = characterTokenizer(own["characters"] as string);
    const config = decoderConfig(own);
    const prompt = textOption(args, "prompt") ?? "Call me ";
    const tokens = tokenizer.encode(prompt);
    await useBackend((textOption(args, "backend") ?? "auto") as BackendName);
    const parameters = await readDecoder(`${run}.safetensors`, config);
    const topK = numberOption(args, "top-k");
    const json = args.values["json"] === true;
    const made: number[] = [];
    const encoder = new TextEncoder();
    const say = (text: string): void => {
      if (!json) Deno.stdout.writeSync(encoder.encode(text));
    };
    say(prompt);
    const stream = generate(parameters, config, tokens, {
      tokens: numberOption(args, "tokens") ?? 200,
      temperature: numberOption(args, "temperature") ?? 0.8,
      seed: numberOption(args, "seed") ?? 0,
      ...(topK === undefined ? {} : { topK }),
    });
    for await (const token of stream) {
      made.push(token);
      say(tokenizer.decode([token]));
    }
    disposeTree(parameters);
    say("\n");
    if (json) console.log(JSON.stringify({ run, prompt, text: tokenizer.decode(made) }));
    return 0;
  },
};

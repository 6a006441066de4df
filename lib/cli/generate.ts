// `normkit generate`: text from a model that `normkit train` left.

import { readDecoder } from "../decoder/parameters.ts";
import { requireSha256 } from "../platform/hash.ts";
import { disposeTree } from "../core/tree.ts";
import { readConfigFile } from "../families/config_text.ts";
import type { Config } from "../families/family.ts";
import { decoderConfig } from "../families/normkit.ts";
import { configOfRun } from "../families/open.ts";
import { partOf } from "../families/settings.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { generate } from "../decoder/generate.ts";
import { characterTokenizer } from "../train/tokenizer.ts";
import {
  backendOption,
  type Command,
  flag,
  numberOptions,
  requireWords,
  stringOptions,
  textOption,
} from "./command.ts";

async function readManifest(run: string): Promise<Config> {
  const path = `${run}.json`;
  try {
    return await readConfigFile(path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!absent) throw error;
    throw new RangeError(
      `Cannot find the run ${run}: there is no ${path}; train one with normkit train`,
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
  --json              one JSON object instead of a stream

Examples:
  normkit generate .normkit/runs/pre-ln
  normkit generate .normkit/runs/deep-norm --prompt "The whale" --temperature 0.5 --top-k 20`,
  options: {
    ...stringOptions("prompt tokens temperature top-k seed backend"),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [run] = requireWords(args, ["RUN"]) as [string];
    const [backend, json] = [backendOption(args), flag(args, "json")];
    const { tokens: count = 200, temperature = 0.8, seed = 0, "top-k": topK } = numberOptions(
      args,
      [
        ...["tokens", "temperature", "seed", "top-k"],
      ],
    );
    const [manifest, weights] = [await readManifest(run), `${run}.safetensors`];
    const own = configOfRun(manifest, `${run}.json`);
    const tokenizer = characterTokenizer(own["characters"] as string);
    const config = decoderConfig(own);
    const prompt = textOption(args, "prompt") ?? "Call me ";
    const tokens = tokenizer.encode(prompt);
    const { sha256 } = partOf(manifest, "weights");
    if (typeof sha256 === "string") await requireSha256(weights, sha256);
    await useBackend(backend);
    const parameters = await readDecoder(weights, config);
    const made: number[] = [];
    const encoder = new TextEncoder();
    const say = (text: string): void => {
      if (!json) Deno.stdout.writeSync(encoder.encode(text));
    };
    try {
      const stream = generate(parameters, config, tokens, {
        tokens: count,
        temperature,
        seed,
        ...(topK === undefined ? {} : { topK }),
      });
      for await (const token of stream) {
        if (made.length === 0) say(prompt);
        made.push(token);
        say(tokenizer.decode([token]));
      }
    } finally {
      disposeTree(parameters);
    }
    say(made.length === 0 ? `${prompt}\n` : "\n");
    return { report: { run, prompt, text: tokenizer.decode(made) } };
  },
};

// `normkit logits`: what a language model makes of tokens.

import { encodeNumbers } from "../checkpoint/dtype.ts";
import { writeSafetensors } from "../checkpoint/writer.ts";
import { requireTokens } from "../convert/inputs.ts";
import { requireOneOf } from "../core/check.ts";
import type { BackendName } from "../core/backend.ts";
import { float32 } from "../forward/float32.ts";
import { float64 } from "../forward/float64.ts";
import { runModel } from "../forward/forward.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  type Command,
  flag,
  requireWords,
  textOption,
  tokensOption,
  UsageError,
} from "./command.ts";

/** The command. */
export const logitsCommand: Command = {
  summary: "write the logits of a language model for given tokens",
  help: `Usage: normkit logits DIR --tokens 1,2,3 --out FILE.safetensors [options]

Writes the tensor "logits", float32 [1, T, V].

  --tokens 1,2,3       the tokens
  --out FILE           where to write
  --arithmetic NAME    float32 or float64 (float32)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --json               one JSON object

Examples:
  normkit logits gpt2 --tokens 464,3290,318 --out logits.safetensors`,
  options: {
    ...Object.fromEntries(
      "tokens out arithmetic backend".split(" ").map((name) => [name, { type: "string" }] as const),
    ),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]);
    const [tokens, out] = [tokensOption(args), textOption(args, "out")];
    if (tokens === undefined || out === undefined) {
      throw new UsageError(
        "Cannot write logits without tokens and a file: --tokens 1,2,3 --out FILE",
      );
    }
    const arithmetic = requireOneOf("arithmetic", textOption(args, "arithmetic") ?? "float32", [
      "float32",
      "float64",
    ]);
    using model = await openModel(path!);
    const inputs = { tokens: requireTokens(model, tokens) };
    await useBackend((textOption(args, "backend") ?? "auto") as BackendName);
    const { outputs } = arithmetic === "float64"
      ? await runModel(float64, model, inputs)
      : await runModel(float32(), model, inputs);
    const { logits } = outputs;
    if (logits === undefined) {
      throw new RangeError(
        `Cannot write logits of ${path}: it is no language model, its outputs are ${
          Object.keys(outputs).join(", ")
        }`,
      );
    }
    const shape = [1, ...logits.shape];
    const bytes = encodeNumbers("F32", logits.values);
    await writeSafetensors(out, [{
      name: "logits",
      dtype: "F32",
      shape,
      chunks: async function* () {
        yield bytes;
      },
    }]);
    console.log(
      flag(args, "json")
        ? JSON.stringify({ out, shape })
        : `Wrote logits [${shape.join(", ")}] to ${out}`,
    );
    return 0;
  },
};

// `normkit logits`: what a language model makes of tokens.

import { dirname } from "node:path";
import { encodeNumbers } from "../checkpoint/dtype.ts";
import { type PlannedTensor, writeSafetensors } from "../checkpoint/writer.ts";
import { requireTokens } from "../convert/inputs.ts";
import { prepareFolder, requireAbsent } from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import { float32 } from "../interpret/float32.ts";
import { float64 } from "../interpret/float64.ts";
import { runModel } from "../interpret/stream.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  backendOption,
  choiceOption,
  type Command,
  requireWords,
  stringOptions,
  textOption,
  tokensOption,
  UsageError,
} from "./command.ts";

function plan(shape: readonly number[], values: Float64Array): PlannedTensor {
  const bytes = encodeNumbers("F32", values);
  return {
    name: "logits",
    dtype: "F32",
    shape,
    chunks: async function* () {
      yield bytes;
    },
  };
}

/** `normkit logits`: its help, its options, and the run. */
export const logitsCommand: Command = {
  summary: "write the logits of a language model for given tokens",
  help: `Usage: normkit logits DIR --tokens 1,2,3 --out FILE.safetensors [options]

Writes the tensor "logits", float32 [1, T, V], into a new file: what exists is not replaced.

  --tokens 1,2,3       the tokens
  --source 1,2,3       the tokens that its encoder reads, where it has one (BART)
  --out FILE           where to write; it must not exist yet
  --arithmetic NAME    float32 or float64 (float32)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --json               one JSON object

Examples:
  normkit logits gpt2 --tokens 464,3290,318 --out logits.safetensors`,
  options: { ...stringOptions("tokens source out arithmetic backend"), json: { type: "boolean" } },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]) as [string];
    const [tokens, source, out, backend] = [
      tokensOption(args),
      tokensOption(args, "source"),
      textOption(args, "out"),
      backendOption(args),
    ];
    if (tokens === undefined || out === undefined) {
      throw new UsageError(
        "Cannot write logits without tokens and a file: --tokens 1,2,3 --out FILE",
      );
    }
    const arithmetic = choiceOption(args, "arithmetic", ["float32", "float64"]) ?? "float32";
    using model = await openModel(path);
    const inputs = {
      tokens: requireTokens(model, tokens),
      ...(source === undefined ? {} : { source: requireTokens(model, source) }),
    };
    await requireAbsent(out);
    if (out !== withoutEnd(out)) {
      throw new RangeError(`Cannot write the file ${out}: it names a folder`);
    }
    await using _folder = await prepareFolder(dirname(out));
    await useBackend(backend);
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
    await requireAbsent(out); // it may have come meanwhile
    await writeSafetensors(out, [plan(shape, logits.values)]);
    return { report: { out, shape }, text: `Wrote logits [${shape.join(", ")}] to ${out}` };
  },
};

// `normkit logits`: what a model makes of tokens, an image or a sound.

import { dirname, extname } from "node:path";
import { encodeNumbers } from "../checkpoint/dtype.ts";
import { type PlannedTensor, writeSafetensors } from "../checkpoint/writer.ts";
import { openCheckpoint } from "../checkpoint/reader.ts";
import { inputsIn, requireTokens } from "../convert/inputs.ts";
import { prepareFolder, requireAbsent } from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import { float32 } from "../interpret/float32.ts";
import { float64 } from "../interpret/float64.ts";
import type { ModelInputs, Values } from "../interpret/inputs.ts";
import { givesOneRow, inputsOf, outputName } from "../model/spec.ts";
import { runModel } from "../interpret/stream.ts";
import type { Model } from "../families/model.ts";
import { openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
import {
  backendOption,
  choiceOption,
  type Command,
  openHelp,
  openOptions,
  requireWords,
  stringOptions,
  textOption,
  tokensOption,
  UsageError,
} from "./command.ts";

/** An output as a batch of one: [1, rows, numbers], or [1, numbers] of one row alone. */
function plan(name: string, { shape, values }: Values, isRow: boolean): PlannedTensor {
  const bytes = encodeNumbers("F32", values);
  return {
    name,
    dtype: "F32",
    shape: isRow ? shape : [1, ...shape],
    chunks: async function* () {
      yield bytes;
    },
  };
}

/** Images and sounds in a file. */
async function readInputs(path: string): Promise<ModelInputs> {
  using file = await openCheckpoint(path);
  return await inputsIn(file);
}

/** Requires tokens for an encoder that reads them, and none where nothing does. */
function requireSource({ family, spec }: Model, source: readonly number[] | undefined): void {
  const isRead = inputsOf(spec).includes("source");
  if (isRead === (source !== undefined)) return;
  throw new RangeError(
    isRead
      ? `Cannot run this ${family.label} model without the tokens that its encoder reads: give them as --source`
      : `Cannot give --source to this ${family.label} model: it has no encoder that reads tokens`,
  );
}

/** `normkit logits`: its help, its options, and the run. */
export const logitsCommand: Command = {
  summary: "write what a model makes of given tokens, images or sounds: its logits",
  help: `Usage: normkit logits DIR --tokens 1,2,3 --out FILE.safetensors [options]
       normkit logits DIR --inputs FILE.safetensors --out FILE.safetensors [options]

Writes what each head gives into a new file, float32: a language model's "logits" [1, T, V], a classifier's
"logits" [1, labels] or [1, T, labels], "qa_outputs" [1, T, 2] of start and end, "mc_logits", "pooler_output";
of a body without a head the states behind its final norm. What exists is not replaced.

  --tokens 1,2,3       the tokens
  --source 1,2,3       the tokens that its encoder reads, where it has one (BART)
  --inputs FILE        a file with what it reads besides: pixels [1, C, H, W], video [1, F, C, H, W],
                       spectrogram [1, frames, frequencies], features [1, C, frames], waveform [1, samples]
  --out FILE           where to write; it must not exist yet
${openHelp}
  --arithmetic NAME    float32 or float64 (float32)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --json               one JSON object

Examples:
  normkit logits gpt2 --tokens 464,3290,318 --out logits.safetensors`,
  options: {
    ...stringOptions("tokens source inputs out alibi arithmetic backend"),
    json: { type: "boolean" },
  },
  run: async (args) => {
    const [path] = requireWords(args, ["DIR"]) as [string];
    const [tokens, source, out, backend] = [
      tokensOption(args),
      tokensOption(args, "source"),
      textOption(args, "out"),
      backendOption(args),
    ];
    const given = textOption(args, "inputs");
    if ((tokens === undefined && given === undefined) || out === undefined) {
      throw new UsageError(
        "Cannot write logits without an input and a file: --tokens 1,2,3 --out FILE, or --inputs FILE --out FILE",
      );
    }
    const arithmetic = choiceOption(args, "arithmetic", ["float32", "float64"]) ?? "float32";
    using model = await openModel(path, openOptions(args));
    requireSource(model, source);
    const inputs = {
      ...(tokens === undefined ? {} : { tokens: requireTokens(model, tokens) }),
      ...(given === undefined ? {} : await readInputs(given)),
      ...(source === undefined ? {} : { source: requireTokens(model, source) }),
    };
    await requireAbsent(out);
    if (out !== withoutEnd(out)) {
      throw new RangeError(`Cannot write the file ${out}: it names a folder`);
    }
    if (!["", ".safetensors"].includes(extname(out))) {
      throw new RangeError(
        `Cannot write ${out}: what is written is safetensors, so the name must end in .safetensors`,
      );
    }
    await using _folder = await prepareFolder(dirname(out));
    await useBackend(backend);
    const { outputs } = arithmetic === "float64"
      ? await runModel(float64, model, inputs)
      : await runModel(float32(), model, inputs);
    const rows = new Set(model.spec.heads.filter(givesOneRow).map(outputName));
    const tensors = Object.entries(outputs).map(([name, output]) =>
      plan(name, output, rows.has(name))
    );
    await requireAbsent(out); // it may have come meanwhile
    await writeSafetensors(out, tensors);
    const shapes = Object.fromEntries(tensors.map(({ name, shape }) => [name, shape]));
    const said = tensors.map(({ name, shape }) => `${name} [${shape.join(", ")}]`).join(", ");
    return { report: { out, shapes }, text: `Wrote ${said} to ${out}` };
  },
};

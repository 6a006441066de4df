// What `convert`, `fold` and `export` have in common: their options, and what they say of a model that is made of another and written.

import { nameText } from "../core/excerpt.ts";
import { type DType, floatDTypes } from "../checkpoint/dtype.ts";
import { certificateText } from "../convert/certificate_text.ts";
import { copyCompanions } from "../convert/companions.ts";
import { planTensors } from "../convert/save.ts";
import type { VerifyOptions } from "../convert/verify.ts";
import type { BackendName } from "../backend/backend.ts";
import { requireOneOf } from "../core/check.ts";
import { version } from "../core/version.ts";
import { exists, requireAbsent, writeFolder } from "../platform/files.ts";
import { withoutEnd } from "../platform/path.ts";
import { type ConvertedFolder, notesOn, writeConverted } from "../export/converted_folder.ts";
import type { OnnxOptions } from "../export/onnx_model.ts";
import { type SavedOnnx, saveOnnx } from "../export/onnx_save.ts";
import { type RmsOperator, rmsOperators } from "../export/onnx_weights.ts";
import { take } from "../export/steps.ts";
import type { Step } from "../families/history.ts";
import type { Model } from "../families/model.ts";
import type { OpenModel } from "../families/open.ts";
import {
  type Arguments,
  backendOption,
  choiceOption,
  type Command,
  flag,
  numberOption,
  numberOptions,
  type Outcome,
  stringOptions,
  UsageError,
} from "./command.ts";
import { startByteProgress } from "./progress.ts";
import { exitCodes } from "./run.ts";

/** The options that these commands have. */
export const conversionOptions: Command["options"] = {
  ...stringOptions("as rms-operator dtype sequences seed tolerance backend max-shard-bytes"),
  "no-verify": { type: "boolean" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
};

/** The help on those but `--as`. */
export const storageHelp =
  `  --rms-operator NAME  of an ONNX model: RMSNormalization, which came with opset 23, or SimplifiedLayerNormalization, as
                       onnxruntime has it for opset 20 (RMSNormalization)
  --dtype NAME         store floating-point tensors as F64, F32, F16 or BF16 (as each is)
  --sequences N        random inputs of the certificate (4; 1 of a large model)
  --seed N             their seed (0)
  --tolerance X        the largest difference of outputs that passes, relative to their spread (what rounding explains)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --max-shard-bytes N  the size of files (5e9)
  --no-verify          write no certificate
  --dry-run            say what would be written, and write nothing
  --json               one JSON object, no bar`;

/** The help on all. */
export const conversionHelp =
  `  --as FORM            safetensors: the family's own names; llama or gpt2: a plain model of that family;
                       onnx: model.onnx, without a certificate (safetensors)
${storageHelp}`;

const forms = ["safetensors", "llama", "gpt2", "onnx"] as const;

/** How a model is written. */
export interface Conversion {
  /** The form in which it is stored. */
  readonly form: typeof forms[number];
  /** The operator of RMSNorms in an ONNX model. */
  readonly rmsOperator: RmsOperator | undefined;
  /** The dtype of floating-point tensors; as each is by default. */
  readonly dtype: DType | undefined;
  /** The backend of the certificate. */
  readonly backend: BackendName | "auto";
  /** Inputs and tolerance of the certificate. */
  readonly inputs: Pick<VerifyOptions, "sequences" | "seed" | "tolerance">;
  /** The size of files. */
  readonly maxShardBytes: number | undefined;
  /** Whether a certificate is made. */
  readonly certified: boolean;
  /** Whether nothing is written. */
  readonly dryRun: boolean;
  /** Whether a bar is shown. */
  readonly bar: boolean;
}

/**
 * Reads the options that these commands have.
 *
 * @param args The command's arguments.
 * @returns How the model is written.
 * @throws {UsageError} If one is not understood.
 */
export function conversionFrom(args: Arguments): Conversion {
  const form = choiceOption(args, "as", forms) ?? "safetensors";
  const rmsOperator = choiceOption(args, "rms-operator", rmsOperators);
  if (rmsOperator !== undefined && form !== "onnx") {
    throw new UsageError(`Cannot use --rms-operator with --as ${form}: it is of --as onnx`);
  }
  return {
    form,
    rmsOperator,
    dtype: choiceOption(args, "dtype", floatDTypes),
    backend: backendOption(args),
    inputs: numberOptions(args, ["sequences", "seed", "tolerance"]),
    maxShardBytes: numberOption(args, "max-shard-bytes"),
    certified: !flag(args, "no-verify"),
    dryRun: flag(args, "dry-run"),
    bar: !flag(args, "json"),
  };
}

const asLines = (notes: readonly string[]): string[] => notes.map((note) => `Note: ${note}`);

/** Writes an ONNX model instead of weights. */
async function writeOnnx(
  { dtype, rmsOperator, bar: shown }: Conversion,
  source: OpenModel,
  made: Model,
  out: string,
): Promise<Outcome> {
  const stored: OnnxOptions = {
    ...(dtype === undefined ? {} : { dtype: requireOneOf("dtype", dtype, ["F32", "F16"]) }),
    ...(rmsOperator === undefined ? {} : { rmsOperator }),
  };
  const bar = shown ? startByteProgress("writing an ONNX model") : undefined;
  let saved: SavedOnnx | undefined;
  try {
    await writeFolder(out, async (folder) => {
      const onProgress = (done: number, total: number, name: string): void =>
        bar?.update(done, total, name);
      saved = await saveOnnx(folder, made, { ...stored, onProgress });
      await copyCompanions(source.path, folder);
    });
  } finally {
    bar?.stop();
  }
  const { files, bytes, weights } = saved!;
  const notes = await notesOn(source, made);
  const written = `Wrote ${bytes} bytes in ${weights} weights to ${out}/${files.join(", ")}`;
  return {
    report: { source: source.path, out, files, bytes, weights, notes },
    text: [...asLines(notes), written].join("\n"),
  };
}

/** Refuses the name of a run, which nobody could open any more beside a folder of the same name. */
async function requireNoRun(out: string): Promise<void> {
  const run = withoutEnd(out);
  if (!await exists(`${run}.json`) || !await exists(`${run}.safetensors`)) return;
  throw new RangeError(`Cannot write to ${out}: it is the name of a run, ${run}.json`);
}

/** What would be written. */
async function dryRun(
  { dtype }: Conversion,
  source: OpenModel,
  made: Model,
  out: string,
): Promise<Outcome> {
  const plan = planTensors(made, dtype).map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  const notes = await notesOn(source, made);
  const lines = plan.map(({ name, dtype, shape }) =>
    `${nameText(name)}  ${dtype} [${shape.join(", ")}]`
  );
  return {
    report: { source: source.path, out, config: made.config, tensors: plan, notes },
    text: [...asLines(notes), ...lines].join("\n"),
  };
}

function textOf({ certificate, newTensors, notes, bytes, tensors, out }: ConvertedFolder): string {
  const others = newTensors.length > 3 ? ` and ${newTensors.length - 3} more` : "";
  return [
    ...(certificate === undefined ? [] : [certificateText(certificate)]),
    ...asLines(notes),
    ...(newTensors.length === 0
      ? []
      : [`New tensors: ${newTensors.slice(0, 3).join(", ")}${others}`]),
    `Wrote ${bytes} bytes in ${tensors} tensors to ${out}`,
  ].join("\n");
}

/** A step as the folder records it. */
function fullStep(
  { form, dtype }: Conversion,
  step: Pick<Step, "command" | "to" | "tied">,
): Step {
  return {
    ...step,
    ...(form === "gpt2" || form === "llama" ? { as: form } : {}),
    ...(dtype === undefined ? {} : { dtype }),
    normkit: version,
  };
}

/**
 * Writes a model made of another into a new folder, with its certificate.
 *
 * @param how The command's options.
 * @param source The source, open.
 * @param step The command, with its own options.
 * @param out The new folder.
 * @returns What was done; it has failed where the certificate has not passed.
 * @throws {RangeError} If the folder exists, or the model cannot be stored so.
 */
export async function writeConversion(
  how: Conversion,
  source: OpenModel,
  step: Pick<Step, "command" | "to" | "tied">,
  out: string,
): Promise<Outcome> {
  const { model: made } = await take(source, fullStep(how, step));
  await requireAbsent(out);
  await requireNoRun(out);
  if (how.dryRun) return await dryRun(how, source, made, out);
  if (how.form === "onnx") return await writeOnnx(how, source, made, out);
  const { dtype, maxShardBytes, backend, inputs } = how;
  const bar = how.bar
    ? startByteProgress(`writing ${made.tensors.names.length} tensors`)
    : undefined;
  try {
    const written = await writeConverted(source, made, out, {
      ...(dtype === undefined ? {} : { dtype }),
      ...(maxShardBytes === undefined ? {} : { maxShardBytes }),
      ...(how.certified ? { certificate: { backend, ...inputs } } : {}),
      onProgress: (done, total, name) => bar?.update(done, total, name),
    });
    const passed = written.certificate?.passed ?? true;
    return { code: passed ? 0 : exitCodes.failed, report: written, text: textOf(written) };
  } finally {
    bar?.stop();
  }
}

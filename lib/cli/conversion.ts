// What `convert`, `fold` and `export` have in common: a model made of another is written, verified, and its certificate laid beside it.

import { namesText, nameText } from "../core/excerpt.ts";
import { type DType, floatDTypes } from "../checkpoint/dtype.ts";
import { certificateText } from "../convert/certificate_text.ts";
import { copyCompanions, lostCompanions } from "../convert/companions.ts";
import { streamNorm } from "../convert/convert.ts";
import { keptParameters, keptText } from "../convert/kept_norms.ts";
import { planTensors, saveModel } from "../convert/save.ts";
import type { Certificate } from "../convert/certificate.ts";
import { verify, type VerifyOptions } from "../convert/verify.ts";
import type { BackendName } from "../backend/backend.ts";
import { requireOneOf } from "../core/check.ts";
import { version } from "../core/version.ts";
import { exists, requireAbsent, writeFolder } from "../platform/files.ts";
import { jsonText } from "../core/json.ts";
import { platform } from "../platform/mod.ts";
import { withoutEnd } from "../platform/path.ts";
import { saveModeling } from "../export/modeling.ts";
import type { OnnxOptions } from "../export/onnx_model.ts";
import { type SavedOnnx, saveOnnx } from "../export/onnx_save.ts";
import { type RmsOperator, rmsOperators } from "../export/onnx_weights.ts";
import { recordedConversion, take } from "../export/steps.ts";
import { convertedNormsOf } from "../families/converted_norms.ts";
import { accountOf } from "../families/account.ts";
import type { Step } from "../families/history.ts";
import type { Model } from "../families/model.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import { useBackend } from "../kernels/use_backend.ts";
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

/** Lays a description beside a model that its family's engines do not know. */
async function describeFolder(folder: string): Promise<void> {
  using written = await openModel(folder);
  await saveModeling(folder, written);
}

/** Compares what was written with its source. */
async function certify(
  { backend, inputs }: Conversion,
  source: Model,
  folder: string,
): Promise<Certificate> {
  using written = await openModel(folder);
  await useBackend(backend);
  const conversion = await recordedConversion(source, written) ??
    { problem: "the folder that was written does not say what it was made of" };
  return await verify(source, written, { conversion, ...inputs });
}

const isFolder = ({ path }: OpenModel): Promise<boolean> => exists(`${path}/config.json`);

/** Copies what lies beside the source's weights, where it is a folder. */
async function copyBeside(source: OpenModel, folder: string): Promise<string[]> {
  return await isFolder(source) ? await copyCompanions(source.path, folder) : [];
}

/** What is to be known of a source: how it was read, what nothing reads, and what cannot be copied. */
async function notesOn(source: OpenModel, made: Model): Promise<string[]> {
  const { unused } = accountOf(source);
  const lost = await isFolder(source) ? await lostCompanions(source.path) : [];
  return [
    ...source.notes,
    ...(unused.length === 0 ? [] : [`unused: ${namesText(unused)}`]),
    ...lost.map((name) => `${nameText(name)} is a link to nothing, and is left out`),
    ...(convertedNormsOf(made.config) === undefined ? [] : keptText(keptParameters(made))),
  ];
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
      await copyBeside(source, folder);
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

/** What a command says at its end. */
interface Report {
  readonly source: string;
  readonly out: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly companions: readonly string[];
  /** Tensors that the source does not have: whatever loads the result must know them. */
  readonly newTensors: readonly string[];
  /** What is to be known of the source. */
  readonly notes: readonly string[];
  readonly certificate?: Certificate;
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

/** Writes the certificate beside a model. */
async function writeCertificate(folder: string, certificate: Certificate): Promise<void> {
  await platform.writeFile(`${folder}/certificate.json`, `${jsonText(certificate, 2)}\n`);
  await platform.writeFile(`${folder}/certificate.txt`, `${certificateText(certificate)}\n`);
}

/** Saves a model's tensors and configuration; the result is the bytes of its tensors. */
async function save(how: Conversion, folder: string, made: Model): Promise<number> {
  const { dtype, maxShardBytes } = how;
  const bar = how.bar
    ? startByteProgress(`writing ${made.tensors.names.length} tensors`)
    : undefined;
  let written = 0;
  try {
    await saveModel(folder, made, {
      ...(dtype === undefined ? {} : { dtype }),
      ...(maxShardBytes === undefined ? {} : { maxShardBytes }),
      onProgress: (done, total, name) => {
        written = total;
        bar?.update(done, total, name);
      },
    });
    return written;
  } finally {
    bar?.stop();
  }
}

function textOf({ certificate, newTensors, notes, bytes, tensors, out }: Report): string {
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
  const { names } = made.tensors;
  const newTensors = names.filter((name) => !source.tensors.has(name));
  const notes = await notesOn(source, made);
  let report: Report | undefined;
  await writeFolder(out, async (folder) => {
    const bytes = await save(how, folder, made);
    const companions = await copyBeside(source, folder);
    const written = { tensors: names.length, bytes, companions, newTensors, notes };
    report = { source: source.path, out, ...written };
    if (streamNorm(made) !== streamNorm(source)) await describeFolder(folder);
    if (!how.certified) return;
    const certificate = await certify(how, source, folder);
    await writeCertificate(folder, certificate);
    report = { ...report, certificate };
  });
  const passed = report!.certificate?.passed ?? true;
  return { code: passed ? 0 : exitCodes.failed, report: report!, text: textOf(report!) };
}

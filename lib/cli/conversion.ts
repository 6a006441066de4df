// What `convert` and `fold` have in common: a model made of another is written, verified, and its certificate laid beside it.

import { type DType, dtypes } from "../checkpoint/dtype.ts";
import { certificateJson, certificateText } from "../convert/certificate_text.ts";
import { copyCompanions, planTensors, saveModel } from "../convert/save.ts";
import { type Certificate, verify } from "../convert/verify.ts";
import { rowsOf } from "../checkpoint/tensors.ts";
import { streamNorm } from "../convert/convert.ts";
import { exists, writeFolder } from "../core/files.ts";
import { hasOneEps, toGpt2 } from "../export/gpt2.ts";
import { toLlama } from "../export/llama.ts";
import { saveModeling } from "../export/modeling.ts";
import { type SavedOnnx, saveOnnx } from "../export/onnx_save.ts";
import { requireOneOf } from "../core/check.ts";
import type { Model } from "../families/model.ts";
import { type OpenModel, openModel } from "../families/open.ts";
import type { BackendName } from "../core/backend.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { type Arguments, flag, numberOption, textOption, UsageError } from "./command.ts";
import { startByteProgress } from "./progress.ts";

/** The options that both commands have. */
export const conversionOptions = {
  as: { type: "string" },
  dtype: { type: "string" },
  sequences: { type: "string" },
  seed: { type: "string" },
  tolerance: { type: "string" },
  backend: { type: "string" },
  "max-shard-bytes": { type: "string" },
  "no-verify": { type: "boolean" },
  "dry-run": { type: "boolean" },
  json: { type: "boolean" },
} as const;

/** The help on those. */
export const conversionHelp =
  `  --dtype NAME         store floating-point tensors as F64, F32, F16 or BF16 (as each is)
  --sequences N        random inputs of the certificate (4; 1 above 5e7 parameters)
  --seed N             their seed (0)
  --tolerance X        the largest relative difference of the outputs that passes (1e-4; F16 1e-2, BF16 8e-2)
  --backend NAME       what computes in float32: auto, webgpu, wasm or cpu (auto)
  --max-shard-bytes N  the size of files (5e9)
  --no-verify          write no certificate
  --dry-run            say what would be written, and write nothing
  --json               one JSON object, no bar`;

/** Parameters above which a model is compared on one input. */
const large = 5e7;

function parametersOf({ tensors }: Model): number {
  return tensors.names.reduce((sum, name) => {
    const { rows, width } = rowsOf(tensors.info(name).shape);
    return sum + rows * width;
  }, 0);
}

function dtypeFrom(args: Arguments): DType | undefined {
  const name = textOption(args, "dtype");
  if (name === undefined) return undefined;
  return requireOneOf("dtype", name, dtypes.filter((dtype) => /F/.test(dtype)));
}

/** Lays a description beside a model that its family's engines do not know. */
async function describeFolder(folder: string): Promise<void> {
  using written = await openModel(folder);
  await saveModeling(folder, written);
}

/** Compares what was written with its source. */
async function certify(
  args: Arguments,
  source: Model,
  unrounded: Model | undefined,
  folder: string,
): Promise<Certificate> {
  const number = (name: string): Record<string, number> => {
    const value = numberOption(args, name);
    return value === undefined ? {} : { [name]: value };
  };
  using written = await openModel(folder);
  await useBackend((textOption(args, "backend") ?? "auto") as BackendName);
  return await verify(source, written, {
    ...(unrounded === undefined ? {} : { unrounded }),
    ...(parametersOf(source) > large ? { sequences: 1 } : {}),
    ...number("sequences"),
    ...number("seed"),
    ...number("tolerance"),
  });
}

const forms = ["safetensors", "llama", "gpt2", "onnx"] as const;

/** Writes an ONNX model instead of weights. */
async function writeOnnx(
  args: Arguments,
  source: OpenModel,
  made: Model,
  out: string,
): Promise<number> {
  const json = flag(args, "json");
  const dtype = dtypeFrom(args);
  const bar = json ? undefined : startByteProgress("writing an ONNX model");
  let saved: SavedOnnx | undefined;
  await writeFolder(out, async (folder) => {
    saved = await saveOnnx(folder, made, {
      ...(dtype === undefined ? {} : { dtype: requireOneOf("dtype", dtype, ["F32", "F16"]) }),
      onProgress: (done, total, name) => bar?.update(done, total, name),
    });
    bar?.stop();
    if (await exists(`${source.path}/config.json`)) await copyCompanions(source.path, folder);
  });
  const { files, bytes, weights } = saved!;
  const report = { source: source.path, out, files, bytes, weights };
  console.log(
    json
      ? JSON.stringify(report)
      : `Wrote ${bytes} bytes in ${weights} weights to ${out}/${files.join(", ")}`,
  );
  return 0;
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
  readonly certificate?: Certificate;
}

/**
 * Writes a model made of another into a new folder, with its certificate.
 *
 * @param args The command's arguments.
 * @param source The source, open.
 * @param converted What it was made into.
 * @param out The new folder.
 * @returns The exit code: 1 where the certificate has not passed.
 * @throws {UsageError} If the folder exists.
 */
export async function writeConversion(
  args: Arguments,
  source: OpenModel,
  converted: Model,
  out: string,
): Promise<number> {
  const json = flag(args, "json");
  const dtype = dtypeFrom(args);
  const form = requireOneOf("as", textOption(args, "as") ?? "safetensors", forms);
  const made = form === "llama"
    ? toLlama(converted)
    : form === "gpt2"
    ? toGpt2(converted)
    : converted;
  if (await exists(out)) throw new UsageError(`Cannot write to ${out}: it exists already`);
  if (flag(args, "dry-run")) {
    const plan = planTensors(made, dtype).map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    console.log(
      json
        ? JSON.stringify({ source: source.path, out, config: made.config, tensors: plan })
        : plan.map(({ name, dtype, shape }) => `${name}  ${dtype} [${shape.join(", ")}]`).join(
          "\n",
        ),
    );
    return 0;
  }
  if (form === "onnx") return await writeOnnx(args, source, made, out);
  const bar = json ? undefined : startByteProgress(`writing ${made.tensors.names.length} tensors`);
  const maxShardBytes = numberOption(args, "max-shard-bytes");
  let report: Report | undefined;
  await writeFolder(out, async (folder) => {
    let written = 0;
    await saveModel(folder, made, {
      ...(dtype === undefined ? {} : { dtype }),
      ...(maxShardBytes === undefined ? {} : { maxShardBytes }),
      onProgress: (done, total, name) => {
        written = total;
        bar?.update(done, total, name);
      },
    });
    bar?.stop();
    const folderOfSource = await exists(`${source.path}/config.json`) ? source.path : undefined;
    const companions = folderOfSource === undefined
      ? []
      : await copyCompanions(folderOfSource, folder);
    const { names } = made.tensors;
    const newTensors = names.filter((name) => !source.tensors.has(name));
    const facts = { source: source.path, out, tensors: names.length };
    report = { ...facts, bytes: written, companions, newTensors };
    if (streamNorm(made) !== streamNorm(source)) await describeFolder(folder);
    if (flag(args, "no-verify")) return;
    const isExact = form !== "gpt2" || hasOneEps(converted);
    const certificate = await certify(args, source, isExact ? made : undefined, folder);
    const text = certificateJson(certificate, 2);
    await Deno.writeTextFile(`${folder}/certificate.json`, `${text}\n`);
    await Deno.writeTextFile(`${folder}/certificate.txt`, `${certificateText(certificate)}\n`);
    report = { ...report, certificate };
  });
  const { certificate } = report!;
  if (json) console.log(JSON.stringify(report));
  else {
    if (certificate !== undefined) console.log(certificateText(certificate));
    const { newTensors } = report!;
    if (newTensors.length > 0) {
      const others = newTensors.length > 3 ? ` and ${newTensors.length - 3} more` : "";
      console.log(`New tensors: ${newTensors.slice(0, 3).join(", ")}${others}`);
    }
    console.log(`Wrote ${report!.bytes} bytes in ${report!.tensors} tensors to ${out}`);
  }
  return certificate === undefined || certificate.passed ? 0 : 1;
}

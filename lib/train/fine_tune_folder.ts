// The folder of a model before and after its fine-tuning: parameters are read as float32, and written under the names and in the
// dtypes that they had, beside everything else as it was.

import { storeNumbers } from "../checkpoint/dtype.ts";
import { type PlannedTensor, writeShards } from "../checkpoint/writer.ts";
import { readAll } from "../backend/read.ts";
import { copyCompanions } from "../convert/companions.ts";
import { planTensors } from "../convert/save.ts";
import type { Tensor } from "../core/tensor.ts";
import type { DescribedDecoder, NamedTensors } from "../decoder/described.ts";
import { configText } from "../families/config_text.ts";
import { convertedNormsOf } from "../families/converted_norms.ts";
import { historyOf, withHistory } from "../families/history.ts";
import { languageHeadOf } from "../model/spec.ts";
import { describeDecoder, loadParameters } from "../families/language_model.ts";
import type { Model } from "../families/model.ts";
import type { OpenModel } from "../families/open.ts";
import { exists, writeFolder } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { type AnyRunRecord, tuningRun, writeRun } from "./record.ts";

/** What `fineTune` starts from. */
export interface Trainable {
  /** The parameters; the caller frees them. */
  readonly parameters: NamedTensors;
  /** What they are the parameters of. */
  readonly model: DescribedDecoder;
}

/**
 * Refuses a model whose norms are what they are only as long as what writes to the stream has mean 0.
 *
 * @param model The model.
 * @throws {RangeError} If it was converted to such a stream.
 */
export function requireUncentered({ config }: Model): void {
  if (convertedNormsOf(config)?.centered !== true) return;
  throw new RangeError(
    "Cannot train a converted model on a centered stream: a step moves what writes to it away from mean 0, on which its " +
      "norms rely; train the model that it was made of, and convert that",
  );
}

/**
 * Reads the parameters of a model to train them, in single precision whatever they are stored in.
 *
 * @param source The model, such as {@linkcode openModel} gives.
 * @returns The parameters and what they are of.
 * @throws {RangeError} If it is no decoder, or the model was converted to a centered stream.
 */
export async function loadTrainable(source: Model): Promise<Trainable> {
  const model = describeDecoder(source);
  requireUncentered(source);
  const { spec } = model;
  return { parameters: await loadParameters({ spec, tensors: source.tensors }), model };
}

/** Numbers that are encoded at once. */
const pieceSize = 2 ** 18;

function planTrained({ tensors }: Model, name: string, trained: Tensor): PlannedTensor {
  const { dtype, shape } = tensors.info(name);
  if (shape.join() !== trained.shape.join()) {
    throw new RangeError(
      `Cannot save ${name} of shape [${trained.shape}]: the source's is [${shape}]`,
    );
  }
  return {
    name,
    dtype,
    shape,
    chunks: async function* () {
      const [values] = await readAll([trained]);
      for (let first = 0; first < values!.length; first += pieceSize) {
        const piece = Float64Array.from(values!.subarray(first, first + pieceSize));
        yield storeNumbers(dtype, piece, name);
      }
    },
  };
}

/** The name of the parameter that a tensor of the source holds; a tied head that is stored besides is the token table once more. */
function parameterOf({ spec }: Model, name: string): string {
  const head = languageHeadOf(spec);
  return name === spec.untied?.weight && head !== undefined ? head.linear.weight : name;
}

/** Every tensor of the model: trained ones anew, others as their bytes in the source. */
function planFineTuned(
  source: OpenModel,
  model: Model,
  parameters: NamedTensors,
): PlannedTensor[] {
  const { tensors } = model;
  const stranger = Object.keys(parameters).find((name) => !tensors.has(name));
  if (stranger !== undefined) {
    throw new RangeError(`Cannot save ${stranger}: ${source.path} has no such tensor`);
  }
  return planTensors(model).map((planned) => {
    const trained = parameters[parameterOf(model, planned.name)];
    return trained === undefined ? planned : planTrained(model, planned.name, trained);
  });
}

/**
 * Copies the configuration and what lies beside the weights, byte for byte; a run becomes a folder with a configuration, and what is
 * trained on is no conversion any more.
 */
async function copyBeside(
  { path, ...source }: OpenModel,
  { config }: Model,
  folder: string,
): Promise<string[]> {
  const isFolder = await exists(`${path}/config.json`);
  if (isFolder && config === source.config && historyOf(config).length === 0) {
    await platform.copyFile(`${path}/config.json`, `${folder}/config.json`);
  } else {
    await platform.writeFile(`${folder}/config.json`, configText(withHistory(config, [])));
  }
  return await copyCompanions(path, folder);
}

/** What was written. */
export interface SavedFolder {
  /** The number of tensors. */
  readonly tensors: number;
  /** The files that were copied from the source as they are, besides its configuration. */
  readonly companions: readonly string[];
}

/**
 * Writes a fine-tuned model into a new folder, whole or not at all: the tensors of the source under the same names, in the same dtypes
 * (rounded to nearest), its configuration and companions as they are, and the record as `training.json` and `training.jsonl`.
 *
 * @param folder The folder, which must not exist.
 * @param source The model that was trained, still open.
 * @param parameters Its parameters now; they are not freed.
 * @param record The record of the training, if it is to be kept.
 * @param model What the source was trained as, where it got another head; its configuration is written.
 * @returns What was written.
 * @throws {RangeError} If there is something of this name already, or a parameter is not the source's.
 */
export async function saveFineTuned(
  folder: string,
  source: OpenModel,
  parameters: NamedTensors,
  record?: AnyRunRecord,
  model: Model = source,
): Promise<SavedFolder> {
  const planned = planFineTuned(source, model, parameters);
  let companions: readonly string[] = [];
  await writeFolder(folder, async (temporary) => {
    await writeShards(temporary, planned, {
      metadata: { format: "pt", ...source.tensors.metadata },
    });
    companions = await copyBeside(source, model, temporary);
    if (record !== undefined) await writeRun(temporary, record, tuningRun);
  });
  return { tensors: planned.length, companions };
}

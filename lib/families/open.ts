// Models on disk: a Hugging Face folder, or what `normkit train` left.

import { type Checkpoint, openCheckpoint } from "../checkpoint/reader.ts";
import { isSameTensor } from "../checkpoint/same_tensor.ts";
import { languageHeadOf } from "../model/spec.ts";
import { requireSha256 } from "../platform/hash.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import { saysAbsent } from "../platform/system_error.ts";
import { readConfigFile } from "./config_text.ts";
import type { Config } from "./family.ts";
import { describeModel, type Model } from "./model.ts";
import { normkitConfig } from "./normkit.ts";
import { findFamily } from "./registry.ts";
import { excerptOf, partOf } from "./settings.ts";

/** A model whose files are open. */
export interface OpenModel extends Model, Disposable {
  /** Where it is. */
  readonly path: string;
  /** Its files. */
  readonly tensors: Checkpoint;
  /** Closes the files. */
  close(): void;
}

/** The configuration in a file, if there is one. */
async function readObject(path: string): Promise<Config | undefined> {
  try {
    return await readConfigFile(path);
  } catch (error) {
    if (saysAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * The configuration of a run of `normkit train`: its model, and the vocabulary of its text.
 *
 * @param manifest The run's manifest.
 * @param path Its file, for messages.
 * @returns The configuration as JSON, with the text's characters.
 * @throws {RangeError} If it is no manifest, or the run's variant was an object of its own, which no manifest holds.
 */
export function configOfRun(manifest: Config, path: string): Config {
  const model = partOf(manifest, "settings")["model"] as Config | undefined;
  const { characters } = partOf(manifest, "corpus");
  if (typeof model !== "object" || model === null || typeof characters !== "string") {
    throw new RangeError(`Cannot read ${path}: it is not the manifest of a run`);
  }
  if (manifest["ownVariant"] === true) {
    throw new RangeError(
      `Cannot compute the model of ${path}: it was trained with a variant ${
        excerptOf(model["residual"])
      } of its own, an object ` +
        "that the manifest does not hold; give that object to decoder() in code, as the configuration's residual",
    );
  }
  const { residual = "pre-ln" } = model;
  if (typeof residual !== "string") {
    throw new RangeError(
      `Cannot read ${path}: its variant must be an id, and is ${excerptOf(residual)}`,
    );
  }
  const vocabulary = [...characters].length;
  return normkitConfig({ ...model, vocabulary } as unknown as DecoderConfig, characters);
}

/**
 * Reads the configuration of a model.
 *
 * @param path A folder with a `config.json`, or the path of a run without its ending.
 * @returns The configuration, where the tensors are, and what their SHA-256 must be where a manifest says so.
 * @throws {RangeError} If there is neither.
 * @throws {SyntaxError} If the configuration is not a JSON object.
 */
export async function readConfig(
  path: string,
): Promise<{ readonly config: Config; readonly checkpoint: string; readonly sha256?: string }> {
  const config = await readObject(`${path}/config.json`);
  if (config !== undefined) return { config, checkpoint: path };
  const manifest = await readObject(`${path}.json`);
  if (manifest !== undefined) {
    const { sha256 } = partOf(manifest, "weights");
    return {
      config: configOfRun(manifest, `${path}.json`),
      checkpoint: `${path}.safetensors`,
      ...(typeof sha256 === "string" ? { sha256 } : {}),
    };
  }
  throw new RangeError(
    `Cannot find a model at ${path}: there is no ${path}/config.json and no run ${path}.json`,
  );
}

/** A model whose head's matrix is the token table's copy where the file says so byte by byte. */
async function withCopies(model: Model, tensors: Checkpoint, config: Config): Promise<Model> {
  if (model.storedHead === undefined) return model;
  const { linear, stack } = languageHeadOf(model.spec)!;
  const { entry } = model.spec.stacks[stack]!;
  if (entry.kind !== "tokens") return model;
  const isCopy = await isSameTensor(tensors, entry.tokens.table, linear.weight);
  return isCopy ? describeModel(model.family, config, tensors, "copy") : model;
}

/**
 * Opens a model.
 *
 * @param path A folder with `config.json` and `model.safetensors` or shards with an index, or a run of `normkit train`.
 * @returns The model; the caller closes it.
 * @throws {RangeError} If there is no model, its family is unknown or refused, or a run's weights are not those of its manifest.
 * @throws {SyntaxError} If a file breaks its format.
 */
export async function openModel(path: string): Promise<OpenModel> {
  const { config, checkpoint, sha256 } = await readConfig(path);
  const family = findFamily(config);
  if (sha256 !== undefined) await requireSha256(checkpoint, sha256);
  const tensors = await openCheckpoint(checkpoint);
  try {
    const model = await withCopies(describeModel(family, config, tensors), tensors, config);
    const close = (): void => tensors.close();
    return { ...model, path, tensors, close, [Symbol.dispose]: close };
  } catch (error) {
    tensors.close();
    throw error;
  }
}

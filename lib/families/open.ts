// Models on disk: a Hugging Face folder, or what `normkit train` left.

import { type Checkpoint, openCheckpoint } from "../checkpoint/reader.ts";
import type { DecoderConfig } from "../models/config.ts";
import { parseConfig } from "./config_text.ts";
import type { Config } from "./family.ts";
import { describeModel, type Model } from "./model.ts";
import { normkitConfig } from "./normkit.ts";
import { findFamily } from "./registry.ts";

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
    return parseConfig(await Deno.readTextFile(path), path);
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (absent) return undefined;
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
  const { settings, corpus, ownVariant } = manifest as {
    settings?: { model?: Record<string, unknown> };
    corpus?: { characters?: string };
    ownVariant?: boolean;
  };
  if (settings?.model === undefined || corpus?.characters === undefined) {
    throw new RangeError(`Cannot read ${path}: it is not the manifest of a run`);
  }
  if (ownVariant === true) {
    throw new RangeError(
      `Cannot compute the model of ${path}: it was trained with a variant "${
        settings.model["residual"]
      }" of its own, an object ` +
        "that the manifest does not hold; give that object to decoder() in code, as the configuration's residual",
    );
  }
  const vocabulary = [...corpus.characters].length;
  return normkitConfig({ ...settings.model, vocabulary } as DecoderConfig, corpus.characters);
}

/**
 * Reads the configuration of a model.
 *
 * @param path A folder with a `config.json`, or the path of a run without its ending.
 * @returns The configuration, and where the tensors are.
 * @throws {RangeError} If there is neither.
 * @throws {SyntaxError} If the configuration is not a JSON object.
 */
export async function readConfig(
  path: string,
): Promise<{ readonly config: Config; readonly checkpoint: string }> {
  const config = await readObject(`${path}/config.json`);
  if (config !== undefined) return { config, checkpoint: path };
  const manifest = await readObject(`${path}.json`);
  if (manifest !== undefined) {
    return { config: configOfRun(manifest, `${path}.json`), checkpoint: `${path}.safetensors` };
  }
  throw new RangeError(
    `Cannot find a model at ${path}: there is no ${path}/config.json and no run ${path}.json`,
  );
}

/**
 * Opens a model.
 *
 * @param path A folder with `config.json` and `model.safetensors` or shards with an index, or a run of `normkit train`.
 * @returns The model; the caller closes it.
 * @throws {RangeError} If there is no model, or its family is unknown or refused.
 * @throws {SyntaxError} If a file breaks its format.
 */
export async function openModel(path: string): Promise<OpenModel> {
  const { config, checkpoint } = await readConfig(path);
  const family = findFamily(config);
  const tensors = await openCheckpoint(checkpoint);
  try {
    const model = describeModel(family, config, tensors);
    const close = (): void => tensors.close();
    return { ...model, path, tensors, close, [Symbol.dispose]: close };
  } catch (error) {
    tensors.close();
    throw error;
  }
}

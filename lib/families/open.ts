// Models on disk: a Hugging Face folder, or what `normkit train` left.

import { type Checkpoint, openCheckpoint } from "../checkpoint/reader.ts";
import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { requireSha256 } from "../platform/hash.ts";
import { saysAbsent } from "../platform/system_error.ts";
import { readConfigFile } from "./config_text.ts";
import { type AlibiRounding, withAlibi } from "./falcon.ts";
import type { Config } from "./family.ts";
import { describeCheckpoint } from "./described_checkpoint.ts";
import type { Model } from "./model.ts";
import { findModelFolder, whatIsThere } from "./model_folder.ts";
import { normkitConfig, type OwnConfig, tokenKeys } from "./normkit.ts";
import { findFamily } from "./registry.ts";
import { excerptOf, partOf } from "./settings.ts";

/** A model whose files are open. */
export interface OpenModel extends Model, Disposable {
  /** Where it is. */
  readonly path: string;
  /** Its files. */
  readonly tensors: Checkpoint;
  /** What is to be known of how it was read: what was mended, and what was left out. */
  readonly notes: readonly string[];
  /** Closes the files. */
  close(): void;
}

/** Whether a model's files are open, and so known. */
export function isOpen(model: Model): model is OpenModel {
  return "path" in model;
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

/** The model's configuration in the manifest of a run: of a task's, with what its data and the code of then left open. */
function modelOf(manifest: Config, model: Config): Config | undefined {
  if (typeof partOf(manifest, "settings")["task"] !== "string") {
    const { characters } = partOf(manifest, "corpus");
    return typeof characters === "string"
      ? { ...model, vocabulary: [...characters].length }
      : undefined;
  }
  const { kind, ...own } = { ...partOf(partOf(manifest, "defaults"), "model"), ...model };
  return kind === "decoder" ? own : { kind, ...own };
}

/** The names of a run's classes, as a `config.json` has them. */
function classNamesOf({ classes }: Config): Config {
  if (!Array.isArray(classes)) return {};
  return { id2label: Object.fromEntries(classes.map((name, at) => [String(at), name])) };
}

/**
 * The configuration of a run of `normkit train`: its model, and the vocabulary of its text where its tokens are characters.
 *
 * @param manifest The run's manifest.
 * @param path Its file, for messages.
 * @returns The configuration as JSON, with the text's characters.
 * @throws {RangeError} If it is no manifest, or the run's variant was an object of its own, which no manifest holds.
 */
export function configOfRun(manifest: Config, path: string): Config {
  const settings = partOf(manifest, "settings");
  const model = typeof settings["model"] === "object" ? partOf(settings, "model") : undefined;
  const whole = model && modelOf(manifest, model);
  if (whole === undefined) {
    throw new RangeError(`Cannot read ${path}: it is not the manifest of a run`);
  }
  const { residual = "pre-ln" } = whole;
  if (manifest["ownVariant"] === true) {
    throw new RangeError(
      `Cannot compute the model of ${path}: it was trained with a variant ${
        excerptOf(residual)
      } of its own, an object ` +
        "that the manifest does not hold; give that object to decoder() in code, as the configuration's residual",
    );
  }
  if (typeof residual !== "string") {
    throw new RangeError(
      `Cannot read ${path}: its variant must be an id, and is ${excerptOf(residual)}`,
    );
  }
  const tokens = partOf(manifest, "tokens");
  const { characters = tokens["characters"] } = partOf(manifest, "corpus");
  const ids = Object.entries(tokenKeys).filter(([name]) => tokens[name] !== undefined);
  return {
    ...normkitConfig(
      whole as unknown as OwnConfig,
      typeof characters === "string" ? characters : undefined,
    ),
    ...Object.fromEntries(ids.map(([name, key]) => [key, tokens[name]])),
    ...classNamesOf(manifest),
  };
}

/** A configuration, and where its model is. */
export interface FoundConfig {
  /** What was read, as JSON. */
  readonly config: Config;
  /** The folder, or the run without its ending. */
  readonly path: string;
  /** Where the tensors are. */
  readonly checkpoint: string;
  /** What the SHA-256 of their file must be, where a manifest says so. */
  readonly sha256?: string;
  /** What is to be known of how it was found. */
  readonly notes: readonly string[];
}

/**
 * Reads the configuration of a model.
 *
 * @param path A folder with a `config.json`, that of a model in a hub's cache, or the path of a run without its ending.
 * @returns The configuration, and where the tensors are.
 * @throws {RangeError} If there is neither.
 * @throws {SyntaxError} If the configuration is not a JSON object.
 */
export async function readConfig(path: string): Promise<FoundConfig> {
  const { path: folder, notes } = await findModelFolder(path);
  const config = await readObject(`${folder}/config.json`);
  if (config !== undefined) return { config, path: folder, checkpoint: folder, notes };
  const manifest = await readObject(`${path}.json`);
  if (manifest !== undefined) {
    const { sha256 } = partOf(manifest, "weights");
    return {
      config: configOfRun(manifest, `${path}.json`),
      path,
      checkpoint: `${path}.safetensors`,
      notes,
      ...(typeof sha256 === "string" ? { sha256 } : {}),
    };
  }
  const there = await whatIsThere(path);
  throw new RangeError(
    `Cannot find a model at ${path}: there is no ${path}/config.json and no run ${path}.json${
      there === undefined ? "" : `; ${there}`
    }`,
  );
}

/** How a model is opened. */
export interface OpenOptions {
  /**
   * How slopes of ALiBi are taken: `exact`, or `bfloat16` as transformers rounds Falcon's; what the configuration says (`alibi_dtype`)
   * by default, else exact.
   */
  readonly alibi?: AlibiRounding;
}

/**
 * Opens a model.
 *
 * @param path A folder with `config.json` and `model.safetensors` or shards with an index, or a run of `normkit train`.
 * @param options How.
 * @returns The model; the caller closes it.
 * @throws {RangeError} If there is no model, its family is unknown or refused, or a run's weights are not those of its manifest.
 * @throws {SyntaxError} If a file breaks its format.
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<OpenModel> {
  requireOptions("openModel()", options, { alibi: "string?" });
  const found = await readConfig(path);
  const { checkpoint, sha256, notes } = found;
  const { alibi } = options;
  const config = alibi === undefined
    ? found.config
    : withAlibi(found.config, requireOneOf("alibi", alibi, ["exact", "bfloat16"]));
  const family = findFamily(config);
  if (sha256 !== undefined) await requireSha256(checkpoint, sha256);
  const opened = await openCheckpoint(checkpoint);
  try {
    const model = await describeCheckpoint(family, config, opened);
    const close = (): void => opened.close();
    return {
      ...model,
      path: found.path,
      notes: [...notes, ...model.tensors.mended],
      close,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

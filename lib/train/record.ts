// The record of a run: rows as JSON Lines, and a manifest that says what made them.

import { exists, writeAtomically } from "../platform/files.ts";
import { requireSha256 } from "../platform/hash.ts";
import { jsonText, parseJson, reviveNumber } from "../core/json.ts";
import { readLines, readTextFile } from "../platform/text_file.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { OptimizerSettings } from "./optimizer.ts";
import type { ScheduleSettings } from "./schedule.ts";

/** One line of a record: what was seen at a step. */
export interface Row {
  /** What the row tells: `step`, `evaluation`, `warning`, or a probe's name. */
  readonly kind: string;
  /** The optimizer step, from 1; 0 is before the first. */
  readonly step: number;
  /** The values, by name. */
  readonly [name: string]: string | number;
}

/** Everything that determines a training run, as data. */
export interface TrainSettings {
  /** The model; its vocabulary is the corpus's. */
  readonly model: Omit<DecoderConfig, "vocabulary" | "residual"> & { readonly residual?: string };
  /** The optimizer; AdamW by default. */
  readonly optimizer?: OptimizerSettings;
  /** The learning rate over the steps. */
  readonly schedule: ScheduleSettings;
  /** The seed of weights, batches and dropout. */
  readonly seed: number;
  /** Optimizer steps. */
  readonly steps: number;
  /** Rows of a batch. */
  readonly rows: number;
  /** Tokens of a row; the model's context by default. */
  readonly length?: number;
  /** Batches whose gradients are averaged for one step; 1 by default. */
  readonly accumulate?: number;
  /** Limit of the global gradient norm; none by default. */
  readonly clip?: number;
  /** Limit of the gates' joint gradient norm, applied after `clip`; none by default. */
  readonly clipGates?: number;
  /** Steps between reads of the loss; 1 by default. A read waits for the GPU. */
  readonly reportEvery?: number;
  /** Steps between held-out evaluations and probes; only at the end by default. */
  readonly evaluateEvery?: number;
  /** Batches of a held-out evaluation; 8 by default. */
  readonly evaluationBatches?: number;
}

/** Why a run ended before its last step. */
export interface Stop {
  /** `non-finite`: the loss was NaN or infinite. `aborted`: the caller's signal. `out-of-memory`: there was no room. */
  readonly reason: "non-finite" | "aborted" | "out-of-memory";
  /** The step at which it was seen. */
  readonly step: number;
  /** In words; for `non-finite`, where the first non-finite number arose. */
  readonly message: string;
}

/** What made a run. */
export interface Manifest {
  /** The residual variant's id. */
  readonly variant: string;
  /** Whether the variant was an object of the caller's, of which the id tells nothing: its model is not computed from the record. */
  readonly ownVariant?: true;
  /** What tells the run from others of the same settings, such as the form in which it was computed. */
  readonly label?: string;
  /** The settings. */
  readonly settings: TrainSettings;
  /** The text: its name, sizes in tokens, UTF-8 bytes per token and vocabulary. */
  readonly corpus: {
    readonly name: string;
    readonly trainTokens: number;
    readonly heldOutTokens: number;
    readonly bytesPerToken: number;
    readonly characters: string;
  };
  /** The number of trained scalars. */
  readonly parameters: number;
  /** The tfjs backend. */
  readonly backend: string;
  /** Versions of normkit, tfjs and Deno. */
  readonly versions: Readonly<Record<string, string>>;
  /** Operating system, architecture and number of logical cores. */
  readonly hardware: string;
  /** The command that started it, where there was one. */
  readonly command?: string;
  /** The commit of the code, where it is known. */
  readonly commit?: string;
  /** When it started, in ISO 8601. */
  readonly started: string;
  /** How long it took. */
  readonly wallSeconds: number;
  /** Why it ended early, if it did. */
  readonly stopped?: Stop;
  /** The file of parameters beside it, where there is one. */
  readonly weights?: {
    /** Its SHA-256, in hexadecimal digits. */
    readonly sha256: string;
  };
}

/** A finished run. */
export interface RunRecord {
  /** What made it. */
  readonly manifest: Manifest;
  /** What was seen. */
  readonly rows: readonly Row[];
}

/** Parses JSON; `where` names its place for the error. */
function parse<T>(text: string, where: string): T {
  return parseJson(text, where, reviveNumber) as T;
}

/** The most bytes of the rows of a run that are read: some four million rows. */
const largestRows = 2 ** 28;

/**
 * Writes a record: `name.jsonl` (rows), then `name.json` (manifest), each whole or not at all. An older manifest of this name goes
 * first, so that a process that is killed in between leaves no run, rather than a manifest with another run's rows. Numbers that JSON
 * does not have are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @param folder The folder; made where it is missing.
 * @param record The run.
 * @param name The files' name; the variant's id by default.
 */
export async function writeRun(
  folder: string,
  record: RunRecord,
  name = record.manifest.variant,
): Promise<void> {
  const lines = record.rows.map((row) => jsonText(row)).join("\n");
  await removeManifest(folder, name);
  await writeAtomically(`${folder}/${name}.jsonl`, `${lines}\n`);
  await writeAtomically(`${folder}/${name}.json`, `${jsonText(record.manifest, 2)}\n`);
}

/**
 * Removes the manifest of a run, which makes its other files no run.
 *
 * @param folder The folder.
 * @param name The files' name.
 */
export async function removeManifest(folder: string, name: string): Promise<void> {
  try {
    await Deno.remove(`${folder}/${name}.json`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Reads a record that {@linkcode writeRun} wrote.
 *
 * @param folder The folder.
 * @param name The files' name.
 * @returns The record.
 * @throws {SyntaxError} If a line or the manifest is not JSON; the message names file and line.
 * @throws {RangeError} If there are weights beside it that its manifest does not name, or a file is too long or no regular file.
 * @throws {Deno.errors.NotFound} If a file is missing.
 */
export async function readRun(folder: string, name: string): Promise<RunRecord> {
  const path = `${folder}/${name}`;
  const rows: Row[] = [];
  for await (const line of readLines(`${path}.jsonl`, largestRows)) {
    if (line !== "") rows.push(parse<Row>(line, `${path}.jsonl, line ${rows.length + 1}`));
  }
  const manifest = parse<Manifest>(await readTextFile(`${path}.json`), `${path}.json`);
  const weights = `${path}.safetensors`;
  if (manifest.weights !== undefined && await exists(weights)) {
    await requireSha256(weights, manifest.weights.sha256);
  }
  return { manifest, rows };
}

/**
 * Reads every record of a folder. Rows without a manifest are what a killed process left, and no record.
 *
 * @param folder The folder.
 * @returns The records, by file name.
 * @throws {RangeError} If the folder holds no record.
 * @throws {Deno.errors.NotFound} If the folder is missing.
 */
export async function readRuns(folder: string): Promise<RunRecord[]> {
  const files = new Set<string>();
  for await (const { name } of Deno.readDir(folder)) files.add(name);
  const names = [...files].filter((name) => name.endsWith(".jsonl"))
    .map((name) => name.slice(0, -".jsonl".length))
    .filter((name) => files.has(`${name}.json`));
  if (names.length === 0) {
    throw new RangeError(
      `Cannot read runs from ${folder}: it holds no .jsonl file with a manifest (.json)`,
    );
  }
  return await Promise.all(names.sort().map((name) => readRun(folder, name)));
}

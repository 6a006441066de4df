// The record of a run: rows as JSON Lines, and a manifest that says what made them.

import { writeAtomically } from "../core/files.ts";
import type { DecoderConfig } from "../models/config.ts";
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
  /** `non-finite`: the loss was NaN or infinite. `aborted`: the caller's signal. */
  readonly reason: "non-finite" | "aborted";
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
}

/** A finished run. */
export interface RunRecord {
  /** What made it. */
  readonly manifest: Manifest;
  /** What was seen. */
  readonly rows: readonly Row[];
}

/** Numbers that JSON does not have, by the strings that stand for them. */
const unwritable: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

function lineOf(row: Row): string {
  return JSON.stringify(
    row,
    (_, value) => typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

/** Parses JSON; `where` names its place for the error. */
function parse<T>(text: string, where: string): T {
  try {
    return JSON.parse(text, (_, value) => unwritable.get(value) ?? value);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${where}: it is not JSON`, { cause });
  }
}

/**
 * Writes a record: `name.json` (manifest) and `name.jsonl` (rows), each whole or not at all. Numbers that
 * JSON does not have are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
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
  const lines = record.rows.map(lineOf).join("\n");
  await writeAtomically(`${folder}/${name}.jsonl`, `${lines}\n`);
  await writeAtomically(`${folder}/${name}.json`, `${JSON.stringify(record.manifest, null, 2)}\n`);
}

/**
 * Reads a record that {@linkcode writeRun} wrote.
 *
 * @param folder The folder.
 * @param name The files' name.
 * @returns The record.
 * @throws {SyntaxError} If a line or the manifest is not JSON; the message names file and line.
 * @throws {Deno.errors.NotFound} If a file is missing.
 */
export async function readRun(folder: string, name: string): Promise<RunRecord> {
  const path = `${folder}/${name}`;
  const lines = (await Deno.readTextFile(`${path}.jsonl`)).split("\n").filter((line) =>
    line !== ""
  );
  const rows = lines.map((line, index) => parse<Row>(line, `${path}.jsonl, line ${index + 1}`));
  return { manifest: parse(await Deno.readTextFile(`${path}.json`), `${path}.json`), rows };
}

/**
 * Reads every record of a folder.
 *
 * @param folder The folder.
 * @returns The records, by file name.
 * @throws {RangeError} If the folder holds no record.
 * @throws {Deno.errors.NotFound} If the folder is missing.
 */
export async function readRuns(folder: string): Promise<RunRecord[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".jsonl")) names.push(name.slice(0, -".jsonl".length));
  }
  if (names.length === 0) {
    throw new RangeError(`Cannot read runs from ${folder}: it holds no .jsonl file`);
  }
  return await Promise.all(names.sort().map((name) => readRun(folder, name)));
}

// The record of a run: rows as JSON Lines, and a manifest that says what made them. Here a run is written; packed_runs.ts keeps many in
// two files, and read_runs.ts reads both.

import { jsonText } from "../core/json.ts";
import { removeIfThere, writeAtomically } from "../platform/files.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { DivergenceSettings } from "./divergence.ts";
import type { OptimizerSettings } from "./optimizer.ts";
import type { ScheduleSettings } from "./schedule.ts";
import type { CharacterTokenizer, Tokenizer } from "./tokenizer.ts";

/** One line of a record: what was seen at a step. */
export interface Row {
  /** What the row tells: `step`, `evaluation`, `warning`, or a probe's name. */
  readonly kind: string;
  /** The optimizer step, from 1; 0 is before the first. */
  readonly step: number;
  /** The values, by name. */
  readonly [name: string]: string | number;
}

/** Everything but the model that determines a training run, as data. */
export interface RunSettings {
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
  /** Whether layers are computed again for the gradient, which takes less memory and more time; false by default. */
  readonly checkpointing?: boolean;
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
  /** What is done about a loss that jumps, or is not finite; a loss that is not finite ends the run by default. */
  readonly divergence?: DivergenceSettings;
}

/** Everything that determines the training of a decoder from the start, as data. */
export interface TrainSettings extends RunSettings {
  /** The model; its vocabulary is the corpus's. */
  readonly model: Omit<DecoderConfig, "vocabulary" | "residual"> & { readonly residual?: string };
}

/** Everything but the model that determines a fine-tuning, as data. */
export interface FineTuneSettings extends RunSettings {
  /** The share of values dropped at the end of each branch and after the embedding; 0 by default, whatever a `config.json` says. */
  readonly dropout?: number;
}

/** Why a run ended before its last step. */
export interface Stop {
  /**
   * `non-finite`: the loss was NaN or infinite. `spike`: it jumped. `aborted`: the caller's signal. `out-of-memory`: there was no room.
   */
  readonly reason: "non-finite" | "spike" | "aborted" | "out-of-memory";
  /** The step at which it was seen. */
  readonly step: number;
  /** In words; for `non-finite`, where the first non-finite number arose. */
  readonly message: string;
}

/** What a manifest says of any data. */
export interface DataFacts {
  /** Where they are from. */
  readonly name: string;
  /** The SHA-256 of their content. */
  readonly sha256: string;
}

/** What a manifest says of a text: sizes in tokens, UTF-8 bytes per token and, where they are its tokens, characters. */
export type TextFacts<T extends Tokenizer = CharacterTokenizer> =
  & DataFacts
  & {
    readonly trainTokens: number;
    readonly heldOutTokens: number;
    readonly bytesPerToken: number;
  }
  & Pick<T, keyof T & "characters">;

/** What the tokens are that a model was trained on for a task, as far as byte pairs of its own do not say it. */
export interface TokenFacts {
  /** The characters that tokens stand for, in their order. */
  readonly characters?: string;
  /** What stands for a token that is to be guessed. */
  readonly mask?: number;
  /** What stands behind a sentence that is shorter than others. */
  readonly padding?: number;
  /** What a decoder starts with. */
  readonly start?: number;
  /** What ends a sentence. */
  readonly end?: number;
}

/** What made a run: of a decoder that was trained from the start, or of another model. */
export interface Manifest<
  S extends RunSettings = TrainSettings,
  D extends DataFacts = TextFacts,
> {
  /** The residual variant's id. */
  readonly variant: string;
  /** Whether the variant was an object of the caller's, of which the id tells nothing: its model is not computed from the record. */
  readonly ownVariant?: true;
  /** Where the model was that was trained further, such as its folder. */
  readonly source?: string;
  /** What tells the run from others of the same settings, such as the form in which it was computed. */
  readonly label?: string;
  /** The settings as they were written. */
  readonly settings: S;
  /** What they left open, in the same places, as the code of then completed it. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What was looked at, where that has names. */
  readonly probes?: Readonly<Record<string, unknown>>;
  /** The text, or other data. */
  readonly corpus: D;
  /** The tokens of a task's texts. */
  readonly tokens?: TokenFacts;
  /** The classes that a task tells apart, in the order of the labels. */
  readonly classes?: readonly string[];
  /**
   * The SHA-256 of all that determines the run: the complete settings, the tokens, the backend, the form, the probes, the parameters
   * that it started from and, of a variant of one's own, the code.
   */
  readonly determines: string;
  /**
   * The commit by whose code `defaults`, `probes`, the hash of the tokens and `determines` were added to the manifest of a run that
   * had been made before manifests held them; absent where the run wrote them itself.
   */
  readonly completedBy?: string;
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
export interface RunRecord<
  S extends RunSettings = TrainSettings,
  D extends DataFacts = TextFacts,
> {
  /** What made it. */
  readonly manifest: Manifest<S, D>;
  /** What was seen. */
  readonly rows: readonly Row[];
  /** The content of its `tokenizer.json`, where its tokens are byte pairs of its own. */
  readonly tokenizer?: Readonly<Record<string, unknown>>;
}

/** A finished run of any model on any data. */
export type AnyRunRecord = RunRecord<RunSettings, DataFacts>;

/** The files of packed runs, which no run may be named like. */
export const packedFiles = { manifests: "manifests.jsonl", rows: "rows.jsonl" } as const;

/** What the files of a run are called that lie beside the model which it made. */
export const tuningRun = "training";

function requireName(name: string): void {
  const taken = Object.values(packedFiles).find((file) => file === `${name}.jsonl`);
  if (taken === undefined) return;
  throw new RangeError(`Cannot name a run "${name}": ${taken} is a file of packed runs`);
}

/**
 * Writes a record: `name.jsonl` (rows), then `name.json` (manifest), each whole or not at all. An older manifest of this name goes
 * first, so that a process that is killed in between leaves no run, rather than a manifest with another run's rows. Numbers that JSON
 * does not have are written as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
 *
 * @param folder The folder; made where it is missing.
 * @param record The run.
 * @param name The files' name; the variant's id by default.
 * @throws {RangeError} If packed runs have a file of that name.
 */
export async function writeRun(
  folder: string,
  record: AnyRunRecord,
  name = record.manifest.variant,
): Promise<void> {
  requireName(name);
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
  await removeIfThere(`${folder}/${name}.json`);
}

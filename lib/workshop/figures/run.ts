// One run of a figure: trained, shortened, written.

import { trainingForm } from "../../convert/mod.ts";
import { disposeTree } from "../../core/tree.ts";
import type { Corpus } from "../../train/corpus.ts";
import { type Row, type RunRecord, writeRun } from "../../train/record.ts";
import { type Probe, train } from "../../train/train.ts";
import { commitOf } from "../../platform/commit.ts";
import type { FigureRun, TrainingFigure } from "./figure.ts";
import { joinProbes } from "./probes.ts";

/** What a figure keeps of its runs. */
export type Kept = Pick<TrainingFigure, "probes" | "during" | "digits">;

/** Where a run goes and what accompanies it; what is looked at, and with how many digits, as the figure says. */
export interface RunPlace extends Kept {
  /** The folder. */
  readonly out: string;
  /** The text. */
  readonly corpus: Corpus;
  /** The command that makes this run alone, for the manifest. */
  readonly command: string;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal;
}

/** Significant digits that are kept by default. */
const usualDigits = 6;

/**
 * What is kept of a run, for its manifest.
 *
 * @param figure The run's figure.
 * @returns What is looked at in every evaluation and at the end, and how many digits are kept.
 */
export function keptOf(
  { probes, during = [], digits = usualDigits }: Kept,
): Readonly<Record<string, unknown>> {
  return { evaluations: during, end: probes, digits };
}

/** Fewer digits are fewer bytes. */
function shortened(row: Row, digits: number): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === "number" && Number.isFinite(value)
        ? Number(value.toPrecision(digits))
        : value,
    ]),
  ) as Row;
}

/**
 * Trains one run of a figure and writes its rows, shortened, and its manifest. A run that is interrupted is not written.
 *
 * @param run The run.
 * @param place Where it goes and what accompanies it.
 * @returns The record, or undefined where the signal came first.
 * @throws {Error} If the memory was full; nothing is written then.
 */
export async function makeRun(run: FigureRun, place: RunPlace): Promise<RunRecord | undefined> {
  const { settings, name, residual, form } = run;
  const { out, corpus, command, probes, during = [], digits = usualDigits, signal } = place;
  const [always, last] = [joinProbes(during), joinProbes(probes)];
  let step = 0;
  const look: Probe = async (...model) => [
    ...await always(...model),
    ...step === settings.steps ? await last(...model) : [],
  ];
  const commit = await commitOf();
  const { parameters, record } = await train(settings, corpus, {
    probe: look,
    probes: keptOf(place),
    ...(residual === undefined ? {} : { residual }),
    ...(form === undefined ? {} : { label: form, form: (p, c) => trainingForm(p, c, form) }),
    onRow: (row) => step = row.step, // the evaluation's row comes before its probe
    command,
    ...(commit === undefined ? {} : { commit }),
    ...(signal === undefined ? {} : { signal }),
  });
  disposeTree(parameters);
  const { stopped } = record.manifest;
  if (stopped?.reason === "aborted") return undefined;
  if (stopped?.reason === "out-of-memory") throw new Error(stopped.message);
  const short = {
    manifest: record.manifest,
    rows: record.rows.map((row) => shortened(row, digits)),
  };
  await writeRun(out, short, name);
  return short;
}

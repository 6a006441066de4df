// Variants trained one after the other, each written as it ends.

import { disposeTree } from "../core/tree.ts";
import { exists, prepareFolder } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { probeAll } from "../probes/all.ts";
import type { AnyRunRecord } from "../train/record.ts";
import { saveRun } from "../train/save_run.ts";
import type { Amount } from "../train/subject.ts";
import type { TrainOptions } from "../train/train.ts";
import { commitOf } from "../platform/commit.ts";
import type { TrainingPlan } from "./training_plan.ts";
import { trainingBar } from "./training_bar.ts";

/** What a training of a race is given besides what it trains. */
export type Listen = Pick<TrainOptions, "signal" | "onRow" | "state" | "commit">;

/** What looks at the models of all races, at each evaluation. */
export const everyProbe = { probe: probeAll, probes: { evaluations: ["all"] } } as const;

/** What it leaves. */
export interface Trained {
  /** The parameters: a tree, or tensors by name. */
  readonly parameters: unknown;
  /** What was seen. */
  readonly record: AnyRunRecord;
}

/** What {@linkcode trainVariants} needs. */
export interface Race {
  /** Ids of the variants, trained one after the other. */
  readonly variants: readonly string[];
  /** How long each trains, for the bars. */
  readonly steps: number;
  /** What a step takes of the data, for the bars. */
  readonly perStep: Amount;
  /** From the id of a variant to its run. */
  readonly train: (variant: string, listen: Listen) => Promise<Trained>;
  /** The folder of records and parameters. */
  readonly out: string;
  /** Whether runs in the folder are replaced. */
  readonly force: boolean;
  /** Whether bars are shown. */
  readonly bars: boolean;
  /** Ends the run under way after its step; it is written, and no other starts. */
  readonly signal: AbortSignal;
  /** Where the states of the runs are, and what of them is written; without it none are saved. */
  readonly plan?: TrainingPlan;
}

/** A run of a race. */
export interface Finisher {
  /** Where its files are: `folder/VARIANT.json` and so on. */
  readonly folder: string;
  /** What was seen. */
  readonly record: AnyRunRecord;
  /** Why it is not where it belongs. */
  readonly misplaced?: string;
}

/**
 * Requires that a folder has no run of some names.
 *
 * @param folder The folder.
 * @param names The runs.
 * @throws {RangeError} If it has a file of one.
 */
export async function requireNoRuns(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    for (const ending of ["json", "jsonl", "safetensors"]) {
      const path = `${folder}/${name}.${ending}`;
      if (!await exists(path)) continue;
      throw new RangeError(
        `Cannot write the run ${folder}/${name}: ${path} is there already; --force replaces it`,
      );
    }
  }
}

/** Trains one variant. */
async function trainOne(race: Race, variant: string, commit?: string): Promise<Trained> {
  using bar = trainingBar(variant, race, race.bars);
  return await race.train(variant, {
    signal: race.signal,
    ...(race.plan === undefined ? {} : { state: race.plan.statesOf(variant) }),
    ...(commit === undefined ? {} : { commit }),
    onRow: (row) => bar.onRows([row]),
  });
}

const textOf = (error: unknown): string => error instanceof Error ? error.message : String(error);

/** Writes a run; where it cannot be written, into a new folder of the system's temporary ones, so that it is not lost. */
async function keep(
  { out, force, plan }: Race,
  record: AnyRunRecord,
  parameters: unknown,
): Promise<Finisher> {
  const { variant } = record.manifest;
  try {
    if (!force && plan?.hasWritten(variant) !== true) await requireNoRuns(out, [variant]); // another process may have made it meanwhile
    await plan?.writing(variant);
    await saveRun(out, record, parameters);
    return { folder: out, record };
  } catch (error) {
    const folder = await platform.makeTemporaryFolder("normkit-run-");
    const misplaced = `Cannot write the run ${variant} into ${out}: ${textOf(error)}`;
    try {
      await saveRun(folder, record, parameters);
    } catch (second) {
      await platform.removeAll(folder).catch(() => {});
      throw new Error(`${misplaced}; nor into ${folder}: ${textOf(second)}`, { cause: error });
    }
    return { folder, record, misplaced };
  }
}

/**
 * Trains variants one after the other and writes what they leave. The signal ends the run under way after its step, which is
 * written, and no other starts; so does a run that cannot be written where it belongs. Runs that are written already are left out.
 *
 * @param race The variants and what they share.
 * @returns The runs.
 * @throws {RangeError} If the folder cannot be written into, or has such runs that are not to be replaced.
 */
export async function trainVariants(race: Race): Promise<Finisher[]> {
  const { out, force, signal, plan } = race;
  const variants = race.variants.filter((variant) => plan?.isDone(variant) !== true);
  if (!force) await requireNoRuns(out, variants.filter((one) => plan?.hasWritten(one) !== true));
  await using _out = await prepareFolder(out);
  const commit = await commitOf();
  const made: Finisher[] = [];
  for (const variant of variants) {
    if (signal.aborted) break;
    const { parameters, record } = await trainOne(race, variant, commit);
    try {
      made.push(await keep(race, record, parameters));
    } finally {
      disposeTree(parameters);
    }
    const { misplaced, folder } = made.at(-1)!;
    const { stopped } = record.manifest;
    if (stopped !== undefined) console.error(`  ${variant}: ${stopped.message}`);
    if (misplaced === undefined) {
      await plan?.written(variant, stopped?.reason !== "aborted");
      continue;
    }
    console.error(`  ${misplaced}; it is in ${folder} instead`);
    break;
  }
  return made;
}

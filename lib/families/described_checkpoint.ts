// From the tensors of a checkpoint to a model: names are mended until the family finds its tensors, and copies of the token table are
// told from heads and other readers.

import type { Checkpoint } from "../checkpoint/reader.ts";
import { RenamedCheckpoint } from "../checkpoint/renamed.ts";
import { isSameTensor } from "../checkpoint/same_tensor.ts";
import { entriesOf, languageHeadOf, type ModelSpec } from "../model/spec.ts";
import { unknownReaders } from "./account.ts";
import type { Config, Family } from "./family.ts";
import { describeModel, type Model } from "./model.ts";
import { mendNames, withoutPrefix, withTable } from "./tensor_names.ts";

/** A model with its open checkpoint. */
export interface Described extends Model {
  readonly tensors: Checkpoint;
}

/** What is described, if it can be. */
function described(describe: () => Described): Described | undefined {
  try {
    return describe();
  } catch {
    return undefined; // what is missing is missing under these names too
  }
}

/** Describes a checkpoint; where no model is found under its names, without the prefix that they have in common, or with a table. */
function describeNamed(family: Family, config: Config, checkpoint: Checkpoint): Described {
  const describe = (tensors: Checkpoint): Described => ({
    ...describeModel(family, config, tensors),
    tensors,
  });
  try {
    return describe(checkpoint);
  } catch (error) {
    for (const shorter of withoutPrefix(checkpoint)) {
      const found = described(() => describe(shorter));
      if (found !== undefined) return found;
    }
    for (const whole of withTable(checkpoint)) {
      const found = described(() => describe(whole));
      if (found?.storedHead !== undefined) return found; // so that the configuration says that the head is the table
    }
    throw error;
  }
}

/** A model whose head's matrix is the token table's copy where the file says so byte by byte. */
async function withCopies(model: Described, config: Config): Promise<Described> {
  if (model.storedHead === undefined) return model;
  const { family, tensors, spec } = model;
  const { linear, stack } = languageHeadOf(spec)!;
  const { entry } = spec.stacks[stack]!;
  if (entry.kind !== "tokens") return model;
  const isCopy = await isSameTensor(tensors, entry.tokens.table, linear.weight);
  return isCopy ? { ...describeModel(family, config, tensors, "copy"), tensors } : model;
}

const tablesIn = ({ stacks }: ModelSpec): readonly string[] =>
  Object.values(stacks).flatMap(entriesOf)
    .flatMap((entry) => entry.kind === "tokens" ? [entry.tokens.table] : []);

/** A model without copies of its token table, which nothing reads and which a conversion would leave as they are. */
async function withoutTableCopies(model: Described): Promise<Described> {
  const { family, config, tensors, storedHead } = model;
  const copies = new Map<string, string>();
  for (const name of unknownReaders(model)) {
    for (const table of tablesIn(model.spec)) {
      if (await isSameTensor(tensors, name, table)) copies.set(name, table);
    }
  }
  if (copies.size === 0) return model;
  const names = tensors.names.filter((name) => !copies.has(name));
  const rest = new RenamedCheckpoint(
    tensors,
    new Map(names.map((name) => [name, name])),
    [...copies].map(([name, table]) => `${name} is a copy of ${table}, and is left out`),
  );
  return { ...describeModel(family, config, rest, storedHead), tensors: rest };
}

/**
 * Describes a checkpoint.
 *
 * @param family Its family.
 * @param config Its configuration.
 * @param opened The open checkpoint.
 * @returns The model, its tensors under the family's names; closing the checkpoint closes them.
 * @throws {RangeError} If it cannot be described under any of the names that it may mean.
 */
export async function describeCheckpoint(
  family: Family,
  config: Config,
  opened: Checkpoint,
): Promise<Described> {
  const named = describeNamed(family, config, mendNames(opened));
  return await withoutTableCopies(await withCopies(named, config));
}

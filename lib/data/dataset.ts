// What every loader returns, and how examples are held out.

import { groupBy } from "../core/collections.ts";
import { requireInteger, requireNumber } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { Random } from "../core/random.ts";

/** Examples of one kind. */
export interface Dataset<T> {
  /** Where they are from, for the run record. */
  readonly name: string;
  /** One after the other. */
  readonly examples: readonly T[];
}

/** Examples, each of one of some classes. */
export interface ClassDataset<T extends { readonly label: number }> extends Dataset<T> {
  /** The names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
}

/** A dataset in two parts. */
export interface Split<D> {
  /** The examples to train on. */
  readonly train: D;
  /** The examples held out. */
  readonly heldOut: D;
}

/** How examples are held out. */
export interface SplitOptions {
  /** The share of examples that is held out; 0.1 by default. */
  readonly heldOutShare?: number;
  /** What draws them; 0 by default. */
  readonly seed?: number;
}

/** Options of {@linkcode holdOut}. */
export interface HoldOutOptions extends SplitOptions {
  /** The group of each example, such as its speaker: a group stays together. By default each example is one by itself. */
  readonly groups?: readonly number[] | Int32Array;
}

/** What a function takes that holds out examples. */
export const splitKinds: OptionKinds<SplitOptions> = { heldOutShare: "number?", seed: "number?" };

/**
 * Puts a list in random order, in place (Fisher and Yates).
 *
 * @param list The list.
 * @param random What draws the order.
 * @returns The same list.
 */
export function shuffle<T>(list: T[], random: Random): T[] {
  for (let end = list.length; end > 1; end--) {
    const at = random.integer(end);
    [list[at], list[end - 1]] = [list[end - 1]!, list[at]!];
  }
  return list;
}

/** The places of the examples of each group. */
function placesByGroup(count: number, groups: HoldOutOptions["groups"]): number[][] {
  const places = Array.from({ length: count }, (_, at) => at);
  if (groups === undefined) return places.map((at) => [at]);
  if (groups.length !== count) {
    throw new RangeError(
      `Cannot hold out groups: there are ${groups.length} of them for ${count} examples; each example needs one`,
    );
  }
  return [...groupBy(places, (at) => groups[at]!).values()];
}

/**
 * Holds out some of the examples, drawn by a seed. Both parts keep the order of the examples.
 *
 * @param dataset The examples.
 * @param options The share, the seed, and groups of examples that stay together.
 * @returns Both parts: the share is held out, rounded, or less where no group fits in what is left of it.
 * @throws {RangeError} If a part would be empty, there is not one group for each example, or an option is out of its range.
 */
export function holdOut<T, D extends Dataset<T>>(
  dataset: D & Dataset<T>,
  options: HoldOutOptions = {},
): Split<D> {
  requireOptions("holdOut()", options, { ...splitKinds, groups: "list?" });
  const share = requireNumber("heldOutShare", options.heldOutShare ?? 0.1, { above: 0, below: 1 });
  const seed = requireInteger("seed", options.seed ?? 0, { min: 0 });
  const { examples, name } = dataset;
  const most = Math.max(1, Math.round(share * examples.length));
  const heldOut = new Set<number>();
  const random = new Random(seed, "hold-out");
  const groups = shuffle(placesByGroup(examples.length, options.groups), random);
  for (const group of groups) {
    if (heldOut.size + group.length <= most) group.forEach((at) => heldOut.add(at));
  }
  if (heldOut.size === 0 || heldOut.size === examples.length) {
    const together = options.groups === undefined
      ? ""
      : ` in ${groups.length} groups that stay together (a speaker, near-duplicates)`;
    throw new RangeError(
      `Cannot hold out ${share} of ${name}, which has ${examples.length} examples${together}: each part needs at least 1`,
    );
  }
  const part = (isHeldOut: boolean): D => ({
    ...dataset,
    examples: examples.filter((_, at) => heldOut.has(at) === isHeldOut),
  });
  return { train: part(false), heldOut: part(true) };
}

// A sweep as its file has it: what all cells share, what is swept, and what is asked of them. Every field is checked here, by name; the
// settings of the cells are checked by what trains them.

import { requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions, shown } from "../core/options.ts";
import { isJsonObject, valueAt } from "../core/settings.ts";
import type { ReadCorpusOptions } from "../train/corpus.ts";
import { type CellProbe, probeNames } from "./probes.ts";

/** Values by the place of the setting, such as `schedule.peak`; every one is combined with every one of the others. */
export type Grid = Readonly<Record<string, readonly unknown[]>>;

/** How the values of a setting are drawn. */
export interface Draw {
  /** The least value. */
  readonly min?: number;
  /** The largest value. */
  readonly max?: number;
  /** Whether its logarithm is drawn evenly, instead of the value. */
  readonly log?: boolean;
  /** Whether it is a whole number. */
  readonly whole?: boolean;
  /** The values that it may have, in place of a range. */
  readonly of?: readonly unknown[];
}

/** Settings that are drawn: the same values for each point of the grid. */
export interface RandomDraws {
  /** How many values each setting has. */
  readonly count: number;
  /** The seed of the draws; 0 by default. A larger count keeps those of a smaller one. */
  readonly seed?: number;
  /** How each setting is drawn, by its place. */
  readonly draw: Readonly<Record<string, Draw>>;
}

/** Successive halving: at some steps only the best of each variant go on. */
export interface Halving {
  /** The steps, each with an evaluation. */
  readonly steps: readonly number[];
  /** One of so many goes on; 2 by default. */
  readonly factor?: number;
}

/** A text on which decoders are trained. */
export interface SweepText extends ReadCorpusOptions {
  /** The file, or a folder of *.txt. */
  readonly file: string;
}

/** A sweep, as its file has it. */
export interface SweepFile {
  /** Where editors find the schema of the file. */
  readonly $schema?: string;
  /** What it asks, in a line. */
  readonly title?: string;
  /** What all cells share: the settings of a task's training where they have a `task`, otherwise those of a decoder's. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The text of decoders; Moby-Dick by default. */
  readonly text?: SweepText;
  /** The tfjs backend; `wasm` by default. Results are the same bit for bit on `wasm` and `cpu`. */
  readonly backend?: string;
  /** What is swept: one grid, or several beside each other. */
  readonly grid?: Grid | readonly Grid[];
  /** What is drawn besides. */
  readonly random?: RandomDraws;
  /** The seeds of each, or their number; the settings' own, or 0, by default. */
  readonly seeds?: number | readonly number[];
  /** What is swept for each of the others alone, by place: the best value counts, as of a learning rate. */
  readonly nuisance?: readonly string[];
  /** Which number of the last evaluation is compared; `nats` by default. */
  readonly measure?: string;
  /** Which of its values is the best: `lowest` by default, or `highest`. */
  readonly best?: string;
  /** Ends what is not promising before its last step. */
  readonly halving?: Halving;
  /** What is looked at in trained decoders, by name. */
  readonly probes?: readonly CellProbe[];
  /** What is looked at in every evaluation. */
  readonly during?: readonly CellProbe[];
  /** Significant digits that are kept of each number; 6 by default. */
  readonly digits?: number;
}

/** What the file holds, which schema.json says to editors; a grid may be a list as well, which is looked at by itself. */
export const fileKinds: OptionKinds<Omit<SweepFile, "grid">> & { readonly grid: "any?" } = {
  $schema: "string?",
  title: "string?",
  settings: "object",
  text: "object?",
  backend: "string?",
  grid: "any?",
  random: "object?",
  seeds: "any?",
  nuisance: "list?",
  measure: "string?",
  best: "string?",
  halving: "object?",
  probes: "list?",
  during: "list?",
  digits: "number?",
};

const drawKinds: OptionKinds<Draw> = {
  min: "number?",
  max: "number?",
  log: "boolean?",
  whole: "boolean?",
  of: "list?",
};

const backends = ["wasm", "cpu", "webgpu"];

/** What is compared by default: the held-out loss. */
export const usualMeasure = "nats";

/** The most cells of a sweep: all are checked, and named, before the first one is trained. */
const mostCells = 100_000;

/** @returns The grids of a file, one where nothing is swept. */
export const gridsOf = ({ grid = {} }: SweepFile): readonly Grid[] =>
  Array.isArray(grid) ? grid as readonly Grid[] : [grid as Grid];

/** @returns The places of all settings that are swept, the seed not among them. */
export function sweptPlaces(file: SweepFile): string[] {
  const places = gridsOf(file).flatMap((grid) => Object.keys(grid));
  return [...new Set([...places, ...Object.keys(file.random?.draw ?? {})])];
}

function requireValues(what: string, values: unknown): void {
  if (!Array.isArray(values) || values.length === 0) {
    const found = Array.isArray(values) ? "[]" : shown(values);
    throw new RangeError(
      `Cannot use ${what} = ${found}: it must be a list of one or more values`,
    );
  }
  const texts = values.map((value) => JSON.stringify(value));
  const twice = texts.find((text, at) => texts.indexOf(text) !== at);
  if (twice !== undefined) {
    throw new RangeError(`Cannot use ${twice} twice in ${what}: name each value once`);
  }
}

function requirePlace(what: string, place: string): void {
  if (!/^\w+(\.\w+)*$/.test(place)) {
    throw new RangeError(
      `Cannot use ${
        shown(place)
      } in ${what}: it must be the place of a setting, such as schedule.peak`,
    );
  }
  if (place === "seed") {
    throw new RangeError(`Cannot use "seed" in ${what}: name the seeds under "seeds"`);
  }
}

function requireGrids(of: string, file: SweepFile): void {
  if (file.grid !== undefined && !isJsonObject(file.grid) && !Array.isArray(file.grid)) {
    throw new RangeError(
      `Cannot use grid = ${shown(file.grid)} of ${of}: it must be an object, or a list of such`,
    );
  }
  if (Array.isArray(file.grid) && file.grid.length === 0) requireValues("grid", file.grid);
  for (const grid of gridsOf(file)) {
    if (!isJsonObject(grid)) {
      throw new RangeError(`Cannot use ${shown(grid)} as a grid of ${of}: it must be an object`);
    }
    for (const [place, values] of Object.entries(grid)) {
      requirePlace("grid", place);
      requireValues(`grid["${place}"]`, values);
    }
    requireApart([...Object.keys(grid), ...Object.keys(file.random?.draw ?? {})]);
  }
}

/** Requires places none of which is within one that comes later: the later one would replace its values. */
function requireApart(places: readonly string[]): void {
  places.forEach((place, at) => {
    const around = places.slice(at + 1).find((later) => place.startsWith(`${later}.`));
    if (around === undefined) return;
    throw new RangeError(
      `Cannot sweep ${place} before ${around}, which replaces it: name ${around} first, or its parts alone`,
    );
  });
}

function requireDraw(what: string, draw: Draw): void {
  requireOptions(what, draw, drawKinds);
  const { of, min, max, log = false } = draw;
  if (of !== undefined) {
    const other = Object.keys(draw).find((key) => key !== "of");
    if (other === undefined) return requireValues(`${what}.of`, of);
    throw new RangeError(`Cannot use ${other} beside of in ${what}: give a range, or values`);
  }
  if (min === undefined || max === undefined) {
    throw new RangeError(`Cannot draw ${what} without min and max, or of: give a range, or values`);
  }
  const requireBound = draw.whole === true ? requireInteger : requireNumber;
  requireBound(`${what}.min`, min, log ? { above: 0 } : {});
  requireBound(`${what}.max`, max, { above: min });
}

function requireDraws(of: string, file: SweepFile): void {
  const { random } = file;
  if (random === undefined) return;
  requireOptions(`random of ${of}`, random, { count: "number", seed: "number?", draw: "object" });
  requireInteger("random.count", random.count, { min: 1 });
  requireInteger("random.seed", random.seed ?? 0, { min: 0 });
  for (const [place, draw] of Object.entries(random.draw)) {
    requirePlace("random.draw", place);
    requireDraw(`random.draw["${place}"]`, draw);
    if (gridsOf(file).some((grid) => Object.hasOwn(grid, place))) {
      throw new RangeError(`Cannot draw ${place}: it stands in the grid already`);
    }
  }
}

/** @returns The seeds of a file. */
export function seedsOf({ seeds, settings }: SweepFile): readonly number[] {
  if (seeds === undefined) return [valueAt(settings, "seed") as number | undefined ?? 0];
  if (typeof seeds !== "number") return seeds;
  return Array.from({ length: seeds }, (_, seed) => seed);
}

function requireSeeds(file: SweepFile): void {
  const { seeds } = file;
  if (seeds === undefined) return;
  if (Object.hasOwn(file.settings, "seed")) {
    throw new RangeError(`Cannot use seed in settings beside seeds: leave one of them out`);
  }
  if (typeof seeds === "number") {
    requireInteger("seeds", seeds, { min: 1 });
    return;
  }
  if (!Array.isArray(seeds)) {
    throw new RangeError(
      `Cannot use seeds = ${shown(seeds)}: it must be a whole number ≥ 1, or a list of seeds`,
    );
  }
  requireValues("seeds", seeds);
  for (const seed of seeds) requireInteger("a seed of seeds", seed, { min: 0 });
}

/** Requires the text of decoders to name its file; the other fields are checked by what reads it. */
function requireText(of: string, { text }: SweepFile): void {
  if (text === undefined || (typeof text.file === "string" && text.file !== "")) return;
  throw new RangeError(
    `Cannot use text.file = ${
      shown(text.file)
    } of ${of}: it must be the path of a file or a folder`,
  );
}

/** Requires a number of cells that can be named and checked in seconds. */
function requireCount(of: string, file: SweepFile): void {
  const { seeds = 1, random } = file;
  const points = gridsOf(file).reduce(
    (sum, grid) => sum + Object.values(grid).reduce((product, { length }) => product * length, 1),
    0,
  );
  const count = points * (random?.count ?? 1) * (typeof seeds === "number" ? seeds : seeds.length);
  if (count <= mostCells) return;
  throw new RangeError(
    `Cannot make the ${count} cells of ${of}: there must be at most ${mostCells}; sweep fewer values, or in several files`,
  );
}

/** @returns Requires words of a list to be known, each once. */
function requireNames(
  what: string,
  names: readonly string[] | undefined,
  known: readonly string[],
) {
  if (names === undefined || names.length === 0) return;
  for (const name of names) requireOneOf(what, name, known);
  requireValues(what, names);
}

function requireHalving(of: string, file: SweepFile): void {
  const { halving, nuisance = [] } = file;
  if (halving === undefined) return;
  requireOptions(`halving of ${of}`, halving, { steps: "list", factor: "number?" });
  requireValues("halving.steps", halving.steps);
  let last = 0;
  for (const step of halving.steps) {
    last = requireInteger("a step of halving.steps", step, { min: last + 1 });
  }
  requireNumber("halving.factor", halving.factor ?? 2, { above: 1 });
  if (nuisance.length === 0) {
    throw new RangeError(
      `Cannot halve without nuisance parameters in ${of}: name what only the best go on with, such as ["schedule.peak"]`,
    );
  }
}

/**
 * Requires a sweep's file that can be followed.
 *
 * @param of Its path, for messages.
 * @param found What it holds.
 * @returns The same.
 * @throws {RangeError} If a field is unknown, missing, or out of range; the message names it, and the nearest one where a key is unknown.
 */
export function requireSweep(of: string, found: unknown): SweepFile {
  const file = found as SweepFile;
  requireOptions<Omit<SweepFile, "grid">>(of, file, fileKinds);
  requireOneOf("backend", file.backend ?? "wasm", backends);
  requireOneOf("best", file.best ?? "lowest", ["lowest", "highest"]);
  requireInteger("digits", file.digits ?? 6, { min: 1, max: 17 });
  requireGrids(of, file);
  requireDraws(of, file);
  requireSeeds(file);
  requireCount(of, file);
  requireText(of, file);
  requireNames("a parameter of nuisance", file.nuisance, sweptPlaces(file));
  requireNames("a probe of probes", file.probes, probeNames);
  requireNames("a probe of during", file.during, probeNames);
  requireHalving(of, file);
  const isTask = Object.hasOwn(file.settings, "task");
  const foreign = isTask ? (["text", "probes", "during"] as const) : [];
  const stranger = foreign.find((key) => file[key] !== undefined);
  if (stranger === undefined) return file;
  throw new RangeError(
    `Cannot use ${stranger} in ${of}: it is of decoders without a task, whose data stand in settings.data`,
  );
}

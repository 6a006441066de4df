// Rows of runs as a table: a line for each row, a column for each key, and one for each setting in which the runs differ.

import type { AnyRunRecord, Row } from "../train/record.ts";

/** A run as far as it has come. */
export interface LoggedRun {
  /** What tells it from others. */
  readonly name: string;
  /** What was seen of it until now. */
  readonly rows: readonly Row[];
  /** What made it; undefined until it is done. */
  readonly manifest?: AnyRunRecord["manifest"];
}

/** What stands in a table; undefined where a row has nothing of the kind. */
export type Cell = number | string | undefined;

/** A column, which has a value for each line. */
export interface Column {
  /** What it is called: a key of rows, or `settings.` and the place of a setting. */
  readonly name: string;
  /** One for each line, undefined where a row has nothing of the kind. */
  readonly values: readonly Cell[];
}

const isNested = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const cellOf = (value: unknown): Cell =>
  typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value);

/** Settings by their places, such as `schedule.peak`. */
function* settingsIn(settings: object, place = ""): Generator<readonly [string, Cell]> {
  for (const [key, value] of Object.entries(settings)) {
    if (isNested(value)) yield* settingsIn(value, `${place}${key}.`);
    else yield [`${place}${key}`, cellOf(value)];
  }
}

/**
 * Settings by their places.
 *
 * @param settings The settings of a run; none where it is not done.
 * @returns Numbers and texts by places such as `schedule.peak`.
 */
export function settingsOf(settings: object = {}): ReadonlyMap<string, Cell> {
  return new Map(settingsIn(settings));
}

/**
 * Makes a table.
 *
 * @param runs The runs.
 * @returns Its columns: `run`, `kind` and `step`, the settings in which the runs differ, and what rows have besides.
 */
export function tableOf(runs: readonly LoggedRun[]): Column[] {
  const settings = runs.map(({ manifest }) => settingsOf(manifest?.settings));
  const places = new Set(settings.flatMap((one) => [...one.keys()]));
  const differing = [...places].filter((place) =>
    settings.some((one) => one.get(place) !== settings[0]!.get(place))
  );
  const lines = runs.flatMap(({ name, rows }, at) => {
    const own = differing.map((place) => [`settings.${place}`, settings[at]!.get(place)]);
    const shared = Object.fromEntries(own);
    return rows.map(({ kind, step, ...rest }): Record<string, Cell> => ({
      ...{ run: name, kind, step },
      ...shared,
      ...rest,
    }));
  });
  const names = new Set(["run", "kind", "step", ...lines.flatMap((line) => Object.keys(line))]);
  return [...names].map((name) => ({ name, values: lines.map((line) => line[name]) }));
}

// What a sweep will cost, from a short calibration: a few steps of each of its shapes, on one thread.

import { groupBy } from "../core/collections.ts";
import { canonicalJson } from "../core/json.ts";
import { disposeTree } from "../core/tree.ts";
import type { RunNumbers } from "../train/complete_settings.ts";
import type { Row } from "../train/record.ts";
import type { Cell, Trainer } from "./trainer.ts";

/** What cells cost. */
export interface Plan {
  /** How many cells there are. */
  readonly cells: number;
  /** Tokens, patches or frames that they train on. */
  readonly tokens: number;
  /** Hours that one core takes. */
  readonly coreHours: number;
  /** How many shapes of cells there are, and how many of them were timed. */
  readonly shapes: { readonly all: number; readonly timed: number };
}

/** Seconds of a part of a cell. */
interface Timing {
  readonly step: number;
  /** Of an evaluation with its probes. */
  readonly look: number;
}

/** Steps of a calibration; the first one is not timed, as it warms caches up. */
const tried = 4;

/** Most shapes that are timed; of others the mean time for a token is taken. */
const mostTimed = 12;

/** Cells of one shape take one time: they differ in what no step's time depends on. */
function shapeOf({ settings }: Cell): string {
  const { seed: _seed, schedule: _schedule, steps: _steps, evaluateEvery: _every, ...shape } =
    settings;
  return canonicalJson(shape);
}

async function timed(cell: Cell, trainer: Trainer): Promise<Timing> {
  const rows: { readonly row: Row; readonly time: number }[] = [];
  const { settings } = cell;
  const short = {
    ...cell,
    settings: {
      ...settings,
      ...{ steps: tried, reportEvery: 1, evaluateEvery: tried },
      schedule: { kind: "constant", peak: 1e-6 } as const, // nothing diverges meanwhile
    },
  };
  const { parameters } = await trainer.train(short, {
    onRow: (row) => void rows.push({ row, time: performance.now() }),
  });
  disposeTree(parameters);
  const timeOf = (kind: string, step: number): number =>
    rows.find(({ row }) => row.kind === kind && row.step === step)!.time;
  const last = timeOf("step", tried);
  return {
    step: (last - timeOf("step", 1)) / (tried - 1) / 1000,
    look: (timeOf("evaluation", tried) - last) / 1000,
  };
}

const tokensOf = ({ steps, rows, accumulate, length }: RunNumbers): number =>
  steps * rows * accumulate * length;

function secondsOf({ steps, evaluateEvery }: RunNumbers, { step, look }: Timing): number {
  return steps * step + (1 + Math.ceil(steps / evaluateEvery)) * look;
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

/**
 * Predicts what cells cost. The backend is in use, with one thread.
 *
 * @param cells The cells.
 * @param trainer What trains them.
 * @returns Tokens and hours of one core.
 */
export async function planOf(cells: readonly Cell[], trainer: Trainer): Promise<Plan> {
  const shapes = [...groupBy(cells, shapeOf).values()].map((own) => {
    const numbers = own.map((cell) => trainer.numbersOf(cell));
    return { first: own[0]!, numbers, tokens: sum(numbers.map(tokensOf)) };
  }).sort((a, b) => b.tokens - a.tokens);
  const [known, unknown] = [shapes.slice(0, mostTimed), shapes.slice(mostTimed)];
  let seconds = 0;
  for (const { first, numbers } of known) {
    const timing = await timed(first, trainer);
    seconds += sum(numbers.map((one) => secondsOf(one, timing)));
  }
  const tokens = sum(shapes.map((shape) => shape.tokens));
  const timedTokens = tokens - sum(unknown.map((shape) => shape.tokens));
  const all = timedTokens === 0 ? seconds : seconds * tokens / timedTokens;
  const shapesOf = { all: shapes.length, timed: known.length };
  return { cells: cells.length, tokens, coreHours: all / 3600, shapes: shapesOf };
}

// What a sweep's file sweeps, as a list: every point of its grids, with every value that is drawn, for every seed.

import { Random } from "../core/random.ts";
import {
  type Draw,
  type Grid,
  gridsOf,
  type RandomDraws,
  seedsOf,
  type SweepFile,
} from "./file.ts";

/** The values of what is swept, by place; the seed under `seed`. */
export type Point = Readonly<Record<string, unknown>>;

/** Digits of a drawn number, so that tables and files can be read. */
const drawnDigits = 4;

/** The value of a setting that one number from 0 to 1 stands for. */
function drawn({ min = 0, max = 0, log = false, whole = false, of }: Draw, uniform: number) {
  if (of !== undefined) return of[Math.floor(uniform * of.length)];
  if (whole) return Math.floor(valueIn(min, max + 1, log, uniform));
  return Number(valueIn(min, max, log, uniform).toPrecision(drawnDigits));
}

function valueIn(min: number, max: number, log: boolean, uniform: number): number {
  return log ? min * (max / min) ** uniform : min + (max - min) * uniform;
}

/** The draws of a file: each setting has a stream of its own, so that one more of them, or a larger count, changes no other. */
function drawsOf(random: RandomDraws | undefined): readonly Point[] {
  if (random === undefined) return [{}];
  const streams = Object.entries(random.draw).map(([place, draw]) =>
    [place, draw, new Random(random.seed ?? 0).fork("sweep").fork(place)] as const
  );
  return Array.from(
    { length: random.count },
    () =>
      Object.fromEntries(
        streams.map(([place, draw, stream]) => [place, drawn(draw, stream.uniform())]),
      ),
  );
}

/** Every point of a grid, the last of its settings changing first. */
function pointsOfGrid(grid: Grid): readonly Point[] {
  return Object.entries(grid).reduce<readonly Point[]>(
    (points, [place, values]) =>
      points.flatMap((point) => values.map((value) => ({ ...point, [place]: value }))),
    [{}],
  );
}

/**
 * The points of a sweep: grid by grid, and the first seed of all before the second of any.
 *
 * @param file The sweep.
 * @returns Its points; of equal ones the first.
 */
export function pointsOf(file: SweepFile): readonly Point[] {
  const draws = drawsOf(file.random);
  const points = gridsOf(file).flatMap(pointsOfGrid)
    .flatMap((point) => draws.map((draw) => ({ ...point, ...draw })));
  const all = seedsOf(file).flatMap((seed) => points.map((point) => ({ ...point, seed })));
  return [...new Map(all.map((point) => [JSON.stringify(point), point])).values()];
}

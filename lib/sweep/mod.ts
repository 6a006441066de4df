/**
 * Sweeps: many trainings from one JSON file, which `normkit sweep run` trains on every core. Here a program or a notebook reads such a
 * file and what its cells measured, as a table or as rows for the charts of `@normkit/normkit/plots`, or trains the cells itself.
 *
 * A cell is a training, named by the hash of all that determines it: what is there is never trained again, and what is under way goes
 * on from its last state.
 *
 * ```ts
 * import { useBackend } from "@normkit/normkit";
 * import { phaseMap, saveFigure } from "@normkit/normkit/plots";
 * import {
 *   chartRows,
 *   makeSweep,
 *   resultsOf,
 *   tableOf,
 *   tableText,
 *   trainSweep,
 * } from "@normkit/normkit/sweep";
 *
 * const sweep = await makeSweep({
 *   title: "Warm-up and rate",
 *   settings: {
 *     model: { context: 16, width: 8, depth: 1, heads: 1 },
 *     schedule: { kind: "constant", peak: 0.01 },
 *     steps: 4,
 *     rows: 2,
 *     evaluationBatches: 1,
 *   },
 *   grid: {
 *     "model.residual": ["post-ln", "pre-ln"],
 *     "schedule.peak": [0.003, 0.03],
 *     "schedule.warmup": [1, 4],
 *   },
 *   seeds: 2,
 *   nuisance: ["schedule.peak"],
 * }); // or readSweep("warmup.json")
 * await useBackend("wasm");
 * const out = ".normkit/sweeps/warmup";
 * await trainSweep(sweep, out); // or normkit sweep run warmup.json, on every core
 * const results = await resultsOf(sweep, out);
 * console.log(tableText(tableOf(results, sweep.file), sweep.file));
 * const axes = { x: "schedule.warmup", y: "schedule.peak" };
 * const map = phaseMap(chartRows(results, axes), { ...axes, title: "Warm-up", quantity: "nats" });
 * await saveFigure(map, ".normkit/sweeps/warmup.svg");
 * ```
 *
 * @module
 */

export {
  type ChartAxes,
  type ChartRow,
  chartRows,
  type MapRow,
  sweptNumbers,
} from "./chart_rows.ts";
export type { Draw, Grid, Halving, RandomDraws, SweepFile, SweepText } from "./file.ts";
export type { Point } from "./points.ts";
export type { CellProbe } from "./probes.ts";
export { type CellResult, type CellState, cellStates, resultsOf } from "./results.ts";
export type { SweepEnd } from "./run_sweep.ts";
export { makeSweep, readSweep, type Sweep, type SweepCell } from "./sweep.ts";
export { tableOf, type TableRow, tableText } from "./table.ts";
export { trainSweep, type TrainSweepOptions } from "./train_sweep.ts";
export type { Accompany, Cell, Trainer, VariantSettings } from "./trainer.ts";
export type { RunNumbers } from "../train/complete_settings.ts";

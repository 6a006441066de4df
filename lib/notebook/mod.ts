/**
 * What notebooks use besides the library: set-up, checks that print both numbers, formulas, tables, recorded runs.
 *
 * @module
 */

export {
  type MeasuredTarget,
  type MeasuredTime,
  recordedTargets,
  recordedTimes,
} from "./benchmarks.ts";
export { check, type Expectation } from "./check.ts";
export { type Claim, claim, type ShownClaims, type Verdict, verdicts } from "./claims.ts";
export { live, type LiveChart } from "./live.ts";
export { liveRuns, type LiveRunsOptions } from "./live_runs.ts";
export { keepOutputsInOrder } from "./output_order.ts";
export { collectedClaims, recordedRuns } from "./runs.ts";
export { setup } from "./setup.ts";
export { jupyterDisplay } from "../plots/figure.ts";
export { code, type Shown, source, table, tex } from "./show.ts";
export { taskResults, taskRows, type VariantResult } from "./task_results.ts";
export { theorem } from "./theorem.ts";

/**
 * What notebooks use besides the library: set-up, checks that print both numbers, formulas, tables, recorded runs.
 *
 * @module
 */

export { check, type Expectation } from "./check.ts";
export { keepOutputsInOrder } from "./order.ts";
export { recordedRuns } from "./runs.ts";
export { setup } from "./setup.ts";
export { jupyterDisplay } from "../plots/figure.ts";
export { type Shown, source, table, tex } from "./show.ts";

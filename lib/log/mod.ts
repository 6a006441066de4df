/**
 * Runs for other programs: CSV and Parquet for tables, event files for TensorBoard.
 *
 * @module
 */

export { type LogFormat, type LoggedFacts, type LogOptions, writeLog } from "./log.ts";

/**
 * Transformer normalization and residual design on TensorFlow.js: the norms, every published way to join a sub-layer to the
 * residual stream, GPAS on any of them, small Transformers, training and probes.
 *
 * ```ts
 * import { disposeTree, makeCorpus, train, useBackend } from "@normkit/normkit";
 *
 * await useBackend();
 * const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(40));
 * const { parameters, record } = await train({
 *   model: { context: 16, width: 16, depth: 2, heads: 2, residual: "peri-ln" },
 *   schedule: { kind: "constant", peak: 0.003 },
 *   seed: 0,
 *   steps: 5,
 *   rows: 4,
 * }, corpus);
 * console.log(record.rows.at(-1));
 * disposeTree(parameters);
 * ```
 *
 * @module
 */

export * from "./lib/core/mod.ts";
export * from "./lib/backend/mod.ts";
export {
  type BackendInUse,
  type BackendOptions,
  type KernelReport,
  KernelUnavailableError,
  useBackend,
} from "./lib/kernels/mod.ts";
export * from "./lib/ops/mod.ts";
export * from "./lib/residual/mod.ts";
export type { KeyValueStore } from "./lib/interpret/eager_attention.ts";
export { tensorAlgebra } from "./lib/interpret/tensor_algebra.ts";
export * from "./lib/decoder/mod.ts";
export * from "./lib/checkpoint/mod.ts";
export * from "./lib/train/mod.ts";
export * from "./lib/probes/mod.ts";

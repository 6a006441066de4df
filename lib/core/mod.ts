/**
 * The ground of the library: checks, seeded numbers and trees of parameters.
 *
 * @module
 */

export { type NumberLimits, requireInteger, requireNumber, requireOneOf } from "./check.ts";
export { Random, type RandomState } from "./random.ts";
export type { Scalar, Tensor } from "./tensor.ts";
export {
  countParameters,
  disposeTree,
  fillTree,
  type Leaf,
  leaves,
  mapTree,
  tensorsOf,
  type Tree,
} from "./tree.ts";

/**
 * How a sub-layer joins the residual stream: the variants as data, and GPAS on any of them.
 *
 * @module
 */

export { withGpas } from "./gpas.ts";
export { findResidual, isRegistered, residuals } from "./registry.ts";
export type { Algebra, State } from "./algebra.ts";
export { joinBranch } from "./join.ts";
export { tensorAlgebra } from "./tensor_algebra.ts";
export type {
  End,
  Gating,
  Init,
  InitBase,
  Norm,
  NormPlace,
  Parts,
  Residual,
  Role,
  ScaledMatrix,
  Site,
  StackName,
  StateWiring,
  StreamWiring,
  Sublayer,
  Wiring,
  WiringFacts,
} from "./types.ts";
export {
  deepNorm,
  deepNormScale,
  lns,
  lnsGain,
  mixLn,
  periLn,
  postLn,
  preLn,
  resiDual,
  resPostNorm,
  sandwichLn,
  type StackDepths,
  subLn,
  subLnGain,
} from "./variants.ts";

/**
 * How a sub-layer joins the residual stream: the variants as data, and GPAS on any of them.
 *
 * @module
 */

export { withGpas } from "./gpas.ts";
export { findResidual, isRegistered, residuals } from "./registry.ts";
export type {
  End,
  Gating,
  Init,
  InitBase,
  Matrix,
  Norm,
  NormSite,
  Parts,
  Residual,
  Role,
  Site,
  Sublayer,
  Wiring,
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
  sandwichLn,
  subLn,
} from "./variants.ts";

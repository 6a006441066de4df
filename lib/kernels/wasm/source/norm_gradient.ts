// The gradients of the norms. With g = dy ⊙ gain and n the row before gain and bias,
//   dx = scale · (g − mean − (n + total) · along),   dGain = Σ dy ⊙ n,   dBias = Σ dy  (sums over rows),
// where `along` is Σ g n / D, `mean` is Σ g / D for LayerNorm and else 0, `total` is Σ n for CRMSNorm and else 0.

import { CRMS, LAYER, measure } from "./norm_statistics";
import { lane0, lane1, lane2, loadPart, multiplyAdd, storePart, sumsOf } from "./simd";

/** Rows whose gradients to gain and bias are added up before they join the total: it keeps the rounding small. */
const BLOCK: i32 = 128;

/** [Σ g n, Σ g, Σ n, 0] of a row. */
// @ts-ignore: decorator
@inline
function sumsAs(gained: bool, dy: usize, x: usize, row: v128, gain: usize, lanes: i32): v128 {
  const zero = f32x4.splat(0);
  const scale = lane0(row);
  const offset = lane1(row);
  const shift = lane2(row);
  let products0 = zero;
  let products1 = zero;
  let gradients0 = zero;
  let gradients1 = zero;
  let values0 = zero;
  let values1 = zero;
  let i = 0;
  for (; i + 8 <= lanes; i += 8, dy += 32, x += 32) {
    const n0 = multiplyAdd(f32x4.sub(v128.load(x), shift), scale, offset);
    const n1 = multiplyAdd(f32x4.sub(v128.load(x, 16), shift), scale, offset);
    let g0 = v128.load(dy);
    let g1 = v128.load(dy, 16);
    if (gained) {
      g0 = f32x4.mul(g0, v128.load(gain));
      g1 = f32x4.mul(g1, v128.load(gain, 16));
      gain += 32;
    }
    products0 = multiplyAdd(g0, n0, products0);
    products1 = multiplyAdd(g1, n1, products1);
    gradients0 = f32x4.add(gradients0, g0);
    gradients1 = f32x4.add(gradients1, g1);
    values0 = f32x4.add(values0, n0);
    values1 = f32x4.add(values1, n1);
  }
  for (; i < lanes; i += 4, dy += 16, x += 16) {
    const left = min(4, lanes - i);
    const value = left == 4 ? v128.load(x) : loadPart(x, left);
    let n = multiplyAdd(f32x4.sub(value, shift), scale, offset);
    let g = left == 4 ? v128.load(dy) : loadPart(dy, left);
    if (gained) {
      g = f32x4.mul(g, left == 4 ? v128.load(gain) : loadPart(gain, left));
      gain += 16;
    }
    products0 = multiplyAdd(g, n, products0);
    gradients0 = f32x4.add(gradients0, g);
    values0 = f32x4.add(values0, n);
  }
  return sumsOf(
    f32x4.add(products0, products1),
    f32x4.add(gradients0, gradients1),
    f32x4.add(values0, values1),
    zero,
  );
}

// The gradients of the norms. With g = dy ⊙ gain and n the row before gain and bias,
//   dx = scale · (g − mean − (n + total) · along),   dGain = Σ dy ⊙ n,   dBias = Σ dy  (sums over rows),
// where `along` is Σ g n / D, `mean` is Σ g / D for LayerNorm and else 0, `total` is Σ n for CRMSNorm and else 0.

import { gradientOfRow } from "./norm_gradient_row";
import { gradientOfTwo } from "./norm_gradient_two";

/** Rows, an even number, whose gradients to gain and bias are added up before they join the total: it keeps the rounding small. */
const BLOCK: i32 = 128;

/** sums += block, block = 0; both are whole vectors. */
function moveInto(sums: usize, block: usize, floats: i32): void {
  for (let i = 0; i < floats; i += 4, sums += 16, block += 16) {
    v128.store(sums, f32x4.add(v128.load(sums), v128.load(block)));
    v128.store(block, f32x4.splat(0));
  }
}

/** Two rows or one. */
function gradientOfRows(
  kind: i32,
  dy: usize,
  x: usize,
  stride: usize,
  gain: usize,
  other: usize,
  dx: usize,
  dGain: usize,
  dBias: usize,
  lanes: i32,
  share: f32,
  eps: f32,
  rows: i32,
): void {
  const done = rows == 2 &&
    gradientOfTwo(kind, dy, x, stride, gain, other, dx, dGain, dBias, lanes, share, eps);
  if (done) return;
  for (let i = 0; i < rows; i++, dy += stride, x += stride, dx += stride) {
    gradientOfRow(kind, dy, x, gain, other, dx, dGain, dBias, lanes, share, eps);
    if (other != 0) other += stride;
  }
}

/** The lane that does not count: nothing but what is added. */
function finishLanes(dx: usize, other: usize, stride: usize, rows: i32, at: usize): void {
  for (let i = 0; i < rows; i++, at += stride) {
    store<f32>(dx + at, other != 0 ? load<f32>(other + at) : 0);
  }
}

/**
 * The rows `first` to `first + count − 1` of dx, plus those of `other` unless that is 0, and into `sums` these rows' part of dGain
 * and dBias: two vectors of `width` floats rounded up to whole vectors, then as much working memory.
 */
export function normGradient(
  kind: i32,
  dy: usize,
  x: usize,
  gain: usize, // 0: none
  biased: bool,
  other: usize,
  dx: usize,
  sums: usize,
  width: i32,
  lanes: i32,
  share: f32,
  eps: f32,
  first: i32,
  count: i32,
): void {
  const stride = usize(width) * 4;
  const floats = (width + 3) & ~3;
  const block = sums + usize(floats) * 8;
  const dBias = biased ? block + usize(floats) * 4 : 0;
  memory.fill(sums, 0, usize(floats) * 16);
  for (let i = 0; i < count; i += 2) {
    const at = usize(first + i) * stride;
    const also = other != 0 ? other + at : 0;
    const rows = min(2, count - i);
    gradientOfRows(kind, dy + at, x + at, stride, gain, also, dx + at, block, dBias, lanes, share, eps, rows);
    if (lanes < width) finishLanes(dx + at, also, stride, rows, usize(lanes) * 4);
    if (i % BLOCK == BLOCK - 2) moveInto(sums, block, 2 * floats);
  }
  moveInto(sums, block, 2 * floats);
}

/** to = Σ over `parts` vectors of `width` floats, `step` bytes apart. */
export function addParts(from: usize, step: usize, parts: i32, to: usize, width: i32): void {
  for (let i = 0; i < width; i++, from += 4, to += 4) {
    let sum: f32 = 0;
    for (let part = 0; part < parts; part++) sum += load<f32>(from + usize(part) * step);
    store<f32>(to, sum);
  }
}

// Rotary positions of all heads of a matrix, composed of the operations that every arithmetic has.

import type { Arithmetic } from "./arithmetic.ts";
import { gridAngles, speedsOf } from "../model/rotary.ts";
import type { Rotary } from "../model/spec.ts";

/** scale · f(t · speed) for each row and pair p, where `heads` rows after each other share their position t. */
function table<T>(
  arithmetic: Arithmetic<T>,
  rotary: Rotary,
  [rows, heads]: readonly [number, number],
  f: (angle: number) => number,
): T {
  const pairs = rotary.width / 2;
  const { scale = 1 } = rotary;
  const { grid } = rotary;
  const values = new Float64Array(rows * pairs);
  if (grid !== undefined) {
    const angles = gridAngles(rotary, grid);
    values.forEach((_, at) => {
      values[at] = f(angles[Math.floor(at / pairs / heads) * pairs + at % pairs]!);
    });
    return arithmetic.matrix(values, rows, pairs);
  }
  const speeds = speedsOf(rotary, rows / heads);
  for (let row = 0; row < rows; row++) {
    for (let p = 0; p < pairs; p++) {
      values[row * pairs + p] = scale * f(Math.floor(row / heads) * speeds[p]!);
    }
  }
  return arithmetic.matrix(values, rows, pairs);
}

/**
 * Turns the pairs of coordinates of each head by their positions.
 *
 * ```
 * (a, b) → scale (a cos θ − b sin θ, b cos θ + a sin θ),   θ = t · base^(−2p/width), or t · speeds[p]
 * ```
 *
 * Shapes: x [T, heads · headWidth] · returns the same
 * Source: Su et al. 2021, Eq. 34 (arXiv 2104.09864).
 *
 * @param arithmetic What computes.
 * @param x Queries or keys; the row is the position t, from 0.
 * @param rotary Which coordinates are pairs, and how fast they turn.
 * @param headWidth The width of a head.
 * @returns The turned queries or keys.
 * @throws {RangeError} If the width that turns is odd or above that of a head.
 */
export function rotate<T>(
  arithmetic: Arithmetic<T>,
  x: T,
  rotary: Rotary,
  headWidth: number,
): T {
  const { width, order } = rotary;
  if (width % 2 !== 0 || width > headWidth) {
    throw new RangeError(
      `Cannot rotate ${width} coordinates of a head of ${headWidth}: they must be pairs inside it`,
    );
  }
  const { reshape, columns, multiply, add, joinColumns, scale } = arithmetic;
  const [positions, total] = arithmetic.size(x);
  const heads = total / headWidth;
  const rows = positions * heads;
  const pairs = width / 2;
  const perHead = reshape(x, rows, headWidth);
  const turning = columns(perHead, 0, width);
  // coordinates 2p and 2p + 1 are the columns of a matrix with a row for each pair
  const member = (which: 0 | 1): T =>
    order === "half"
      ? columns(turning, which * pairs, pairs)
      : reshape(columns(reshape(turning, rows * pairs, 2), which, 1), rows, pairs);
  const [a, b] = [member(0), member(1)];
  const cos = table(arithmetic, rotary, [rows, heads], Math.cos);
  const sin = table(arithmetic, rotary, [rows, heads], Math.sin);
  const turned = [
    add(multiply(a, cos), scale(multiply(b, sin), -1)),
    add(multiply(b, cos), multiply(a, sin)),
  ];
  const joined = order === "half" ? joinColumns(turned) : reshape(
    joinColumns(turned.map((part) => reshape(part, rows * pairs, 1))),
    rows,
    width,
  );
  const rest = width === headWidth ? [] : [columns(perHead, width, headWidth - width)];
  return reshape(joinColumns([joined, ...rest]), positions, total);
}

/**
 * Central differences in float64: the judge of every gradient that was derived by hand.
 *
 * @module
 */

/**
 * The gradient of a scalar function by central differences, `(f(x + h) − f(x − h)) / 2h` per element.
 * The error is about 1e-10 of the scale of `f` at the default step.
 */
export function differences(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  step = 1e-6,
): Float64Array {
  return Float64Array.from(x, (value, index) => {
    const at = (moved: number): number => {
      const point = Float64Array.from(x);
      point[index] = moved;
      return f(point);
    };
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

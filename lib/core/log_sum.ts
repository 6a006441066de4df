// The logarithm of a sum of exponentials, which turns logits into log-probabilities.

/**
 * log Σ exp xᵢ, without overflow.
 *
 * @param row The numbers, at least one.
 * @returns The logarithm; NaN where one of them is NaN or infinite.
 */
export function logSum(row: Float32Array | Float64Array): number {
  let [largest, total] = [-Infinity, 0];
  for (let i = 0; i < row.length; i++) if (row[i]! > largest) largest = row[i]!;
  for (let i = 0; i < row.length; i++) total += Math.exp(row[i]! - largest);
  return largest + Math.log(total);
}

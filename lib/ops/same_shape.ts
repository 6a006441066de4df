// The check of residual additions that stream and branch have one shape.

import type { Tensor } from "../core/tensor.ts";

/**
 * Refuses a branch that cannot be added element by element.
 *
 * @throws {RangeError} If the shapes differ.
 */
export function requireSameShape(x: Tensor, branch: Tensor): void {
  if (x.shape.join() !== branch.shape.join()) {
    throw new RangeError(
      `Cannot add a branch of shape [${branch.shape.join(", ")}] to x of shape [${
        x.shape.join(", ")
      }]: they must be equal`,
    );
  }
}

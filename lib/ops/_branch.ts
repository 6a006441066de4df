// What the residual additions require of a branch.

import type { Tensor } from "../core/tensor.ts";

/** Refuses a branch that cannot be added element by element. */
export function requireSameShape(x: Tensor, branch: Tensor): void {
  if (x.shape.join() !== branch.shape.join()) {
    throw new RangeError(
      `Cannot add a branch of shape [${branch.shape.join(", ")}] to x of shape [${
        x.shape.join(", ")
      }]: they must be equal`,
    );
  }
}

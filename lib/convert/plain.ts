// What a conversion acts on is Pre-LN without trained tricks; those are folded away first (fold_variant.ts).

import type { Branch } from "../families/description.ts";
import type { Model } from "../families/model.ts";

/**
 * Requires x ← x + F(norm(x)) in every block.
 *
 * @param model The model.
 * @throws {RangeError} If a norm stands behind the addition, or the stream is scaled by gates or constants.
 */
export function requirePlain({ description, family }: Model): void {
  for (const { blocks } of Object.values(description.stacks)) {
    for (const { post, shortcut, branches } of blocks) {
      const tricks = branches.some(({ gate, normScale }: Branch) =>
        gate !== undefined || normScale !== undefined
      );
      if (post === true) {
        throw new RangeError(
          `Cannot convert this ${family.label} model: its norms stand behind the additions (Post-LN), so that the stream ` +
            "itself is normalized and what writes to it cannot be centered once and for all",
        );
      }
      if (tricks || shortcut !== undefined) {
        throw new RangeError(
          `Cannot convert this ${family.label} model as it is: its stream is scaled (GPAS, LNS); fold it first`,
        );
      }
    }
  }
}

/**
 * Requires that a norm is all that reads the streams: what else reads them sees their mean.
 *
 * @param model The model.
 * @throws {RangeError} If a stack has no norm after its last layer.
 */
export function requireFinalNorms({ description, family }: Model): void {
  for (const [name, { final }] of Object.entries(description.stacks)) {
    if (final === undefined) {
      throw new RangeError(
        `Cannot center this ${family.label} model: its ${name} has no norm after the last layer, so that the head sees the ` +
          "mean of the stream",
      );
    }
  }
}

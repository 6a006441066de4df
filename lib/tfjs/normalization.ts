// What the norms have in common as layers: their options checked, and the axes.

import { requireInteger } from "../core/check.ts";
import { FusedNormalization } from "./fused_normalization.ts";
import {
  givenOptions,
  type NormalizationOptions,
  requireNormalizationOptions,
  type Shape,
  shapeText,
} from "./options.ts";

/** Requires axes that the shape has, each named once, of known length. */
function requireAxes(of: string, axis: number | readonly number[], shape: Shape): void {
  const rank = shape.length;
  const axes = [axis].flat().map((one) =>
    (requireInteger("axis", one, { min: -rank, max: rank - 1 }) + rank) % rank
  );
  if (new Set(axes).size < axes.length) {
    throw new RangeError(
      `Cannot use axis = [${[axis].flat().join(", ")}] of ${of}: two of them are the same`,
    );
  }
  const open = axes.find((one) => shape[one] === null);
  if (open !== undefined) {
    throw new RangeError(
      `Cannot build ${of} for inputs of shape ${
        shapeText(shape)
      }: axis ${open} must have a known length`,
    );
  }
}

/** A norm as a layer of tfjs. */
export class Normalization extends FusedNormalization {
  /**
   * A layer, whose weights are made for its first input.
   *
   * @param options The options.
   * @throws {RangeError} If an option is unknown or cannot be used.
   */
  constructor(options: NormalizationOptions = {}) {
    const given = givenOptions(new.target.className, options);
    requireNormalizationOptions(new.target.className, given);
    const { axis = -1 } = given;
    super({ ...given, axis: typeof axis === "number" ? axis : [...axis] }); // tfjs writes into the list
  }

  /**
   * Makes γ and β.
   *
   * @param inputShape The shape of the input with its batch.
   * @throws {RangeError} If an axis is not there, named twice, or of open length.
   */
  override build(inputShape: Shape | Shape[]): void {
    requireAxes(this.getClassName(), this.axis, inputShape as Shape);
    super.build(inputShape);
  }
}

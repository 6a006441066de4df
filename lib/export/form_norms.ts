// The norms that GPT-2 and Llama have, of models that can be converted to them.

import { recordedBiases } from "../convert/added_biases.ts";
import { convert, isCentered, streamNorm, type Target } from "../convert/convert.ts";
import type { Model } from "../families/model.ts";

/** What leads to the norms of a form; undefined where the model has them. */
function targetOf(form: "gpt2" | "llama", model: Model): Target | undefined {
  const kind = streamNorm(model);
  if (form === "llama") {
    if (kind === "rms") return undefined;
    return kind === "rms-offset" ? "weightless" : "pre-rmsnorm";
  }
  const isConverted = kind === "crms" || (kind !== "layer" && isCentered(model));
  return isConverted || recordedBiases(model).length > 0 ? "pre-ln" : undefined;
}

/**
 * A model with norms that a form has, where an exact conversion leads there.
 *
 * @param form The family under whose names it is to be written.
 * @param model The model.
 * @returns The same function; the model as it is where no exact conversion does, and the form then says what it lacks.
 */
export function withNormsOf(form: "gpt2" | "llama", model: Model): Model {
  const to = targetOf(form, model);
  if (to === undefined) return model;
  try {
    return convert(model, { to });
  } catch (error) {
    if (error instanceof RangeError) return model;
    throw error;
  }
}

// The norms that GPT-2 and Llama have, of models that can be converted to them.

import { convert, isCentered, streamNorm } from "../convert/convert.ts";
import { whyNotPlain } from "../convert/preconditions.ts";
import type { Model } from "../families/model.ts";

/**
 * A model with norms that a form has, where an exact conversion leads there.
 *
 * @param form The family under whose names it is to be written.
 * @param model The model.
 * @returns The same function; the model as it is where no exact conversion does, and the form then says what it lacks.
 */
export function withNormsOf(form: "gpt2" | "llama", model: Model): Model {
  const kind = streamNorm(model);
  const { stacks } = model.spec;
  const isPlain = whyNotPlain(model.spec) === undefined &&
    Object.values(stacks).every(({ final }) => final !== undefined);
  if (!isPlain || kind === "crms-padded") return model;
  if (form === "gpt2") {
    const differs = kind === "crms" || (kind !== "layer" && isCentered(model));
    return differs ? convert(model, { to: "pre-ln" }) : model;
  }
  if (kind === "rms") return model;
  return convert(model, { to: kind === "rms-offset" ? "weightless" : "pre-rmsnorm" });
}

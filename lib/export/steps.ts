// The conversions of the command line as steps that a folder records, done, and done again to prove that a folder is what it says.

import { type DType, dtypes } from "../checkpoint/dtype.ts";
import { convert, targets } from "../convert/convert.ts";
import { foldVariant } from "../convert/fold_variant.ts";
import { storedModel } from "../convert/stored_model.ts";
import type { Conversion } from "../convert/verify.ts";
import { requireOneOf } from "../core/check.ts";
import { version } from "../core/version.ts";
import { historyOf, type Step, stepsBetween, stepText, withHistory } from "../families/history.ts";
import type { Model } from "../families/model.ts";
import { isOpen } from "../families/open.ts";
import { compareBeside } from "./beside.ts";
import { withNormsOf } from "./form_norms.ts";
import { hasOneEps, toGpt2 } from "./gpt2.ts";
import { toLlama } from "./llama.ts";

const forms = { gpt2: toGpt2, llama: toLlama } as const;
const formNames = Object.keys(forms) as (keyof typeof forms)[];

/** The form of a step, where it is not the family's own. */
function formOf({ as }: Step): keyof typeof forms | undefined {
  return as === undefined ? undefined : requireOneOf("as", as, formNames);
}

const commands: Readonly<Record<Step["command"], (model: Model, step: Step) => Promise<Model>>> = {
  convert: (model, { to = "", tied = "untie" }) =>
    Promise.resolve(convert(model, {
      to: requireOneOf("to", to, targets),
      tied: requireOneOf("tied", tied, ["untie", "keep"]),
    })),
  fold: foldVariant,
  export: (model, step) => {
    const form = formOf(step);
    return Promise.resolve(form === undefined ? model : withNormsOf(form, model));
  },
};

/** What a step makes. */
export interface Made {
  /** The model, before its tensors are rounded; its configuration records the step. */
  readonly model: Model;
  /** Whether it computes the same function; GPT-2, which has one ε, may only come near. */
  readonly exact: boolean;
  /** The dtype in which its floating-point tensors are stored; what each has when absent. */
  readonly dtype?: DType;
}

/**
 * Does a step.
 *
 * @param source The model that it starts from.
 * @param step What is done.
 * @returns What it makes; nothing is computed before its tensors are read.
 * @throws {RangeError} If the model cannot be converted so, or the step has a word that is not known.
 */
export async function take(source: Model, step: Step): Promise<Made> {
  const { dtype } = step;
  const form = formOf(step);
  const made = await commands[step.command](source, step);
  const model = form === undefined ? made : forms[form](made);
  const config = withHistory(model.config, [...historyOf(source.config), step]);
  return {
    model: { ...model, config },
    exact: form !== "gpt2" || hasOneEps(made),
    ...(dtype === undefined ? {} : { dtype: requireOneOf("dtype", dtype, dtypes) }),
  };
}

/**
 * Does the steps again that a folder records.
 *
 * @param source The model that they start from.
 * @param steps The steps; tensors are rounded between them, as they were in the folders.
 * @returns What the last one makes; the source as it is where there are none.
 * @throws {RangeError} If a step cannot be done.
 */
export async function remake(source: Model, steps: readonly Step[]): Promise<Conversion> {
  let made: Made = { model: source, exact: true };
  for (const [at, step] of steps.entries()) {
    const from = at === 0 ? source : storedModel(made.model, made.dtype);
    const next = await take(from, step);
    made = { ...next, exact: made.exact && next.exact };
  }
  const foreign = steps.find(({ normkit }) => normkit !== version);
  const text = steps.map(stepText).join(", then ") || "a copy";
  const ofAnother = async (other: Model): Promise<Model> => (await remake(other, steps)).model;
  return { ...made, steps: steps.length, madeBy: foreign?.normkit ?? version, text, ofAnother };
}

/**
 * What a folder should be, by its own record.
 *
 * @param source The model that it may be made of.
 * @param folder The folder's model.
 * @returns The conversion, done again; the reason why the record does not fit; undefined where it does not speak of this source.
 */
export async function recordedConversion(
  source: Model,
  folder: Model,
): Promise<Conversion | { readonly problem: string } | undefined> {
  try {
    const steps = stepsBetween(source.config, folder.config);
    if (steps === undefined) return undefined;
    const made = await remake(source, steps);
    const isCompared = made.madeBy === version && isOpen(source) && isOpen(folder);
    return isCompared
      ? { ...made, beside: await compareBeside(source, folder, steps.length) }
      : made;
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

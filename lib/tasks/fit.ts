// Whether a described model can learn a task: that it reads what the task gives, in its sizes, and has an output for each answer.

import { tokenLimits } from "../convert/inputs.ts";
import type { Model } from "../families/model.ts";
import { outputsOf } from "../families/shapes.ts";
import {
  entriesOf,
  givesOneRow,
  type Head,
  type InputName,
  inputsOf,
  isCausal,
  type ModelSpec,
  outputName,
  type SingleEntry,
} from "../model/spec.ts";
import type { TaskKind } from "./models.ts";
import { rowsOfFrames } from "./sounds.ts";
import type { Task } from "./task.ts";

/** What a task asks of a model. */
export type Asked = Pick<Task, "id" | "kind" | "sizes" | "length" | "classes">;

const inputs: Readonly<Record<TaskKind, readonly InputName[]>> = {
  "decoder": ["tokens"],
  "encoder": ["tokens"],
  "encoder-decoder": ["source", "tokens"],
  "vision": ["pixels"],
  "speech": ["features"],
  "image-text": ["pixels", "tokens"],
  "speech-to-text": ["features", "tokens"],
};

/** How many rows of sounds a model has positions for. */
function rowsHeard({ spec, tensors }: Model): number {
  const entries = Object.values(spec.stacks).flatMap(entriesOf);
  const table = entries.find(({ kind }) => kind === "audio")?.positions?.table;
  return table === undefined ? Infinity : tensors.info(table).shape.at(-2)!;
}

/** A rule: the reason why it does not hold, or undefined. */
type Rule = (model: Model, task: Asked) => string | undefined | false;

/** Holds of entries of one kind alone. */
const ofKind = <K extends SingleEntry["kind"]>(
  kind: K,
  rule: (
    entry: Extract<SingleEntry, { readonly kind: K }>,
    task: Asked,
  ) => string | undefined | false,
): Rule =>
({ spec }, task) => {
  for (const entry of Object.values(spec.stacks).flatMap(entriesOf)) {
    if (entry.kind !== kind) continue;
    const why = rule(entry as Extract<SingleEntry, { readonly kind: K }>, task);
    if (why !== undefined && why !== false) return why;
  }
  return undefined;
};

const rules: readonly Rule[] = [
  ({ spec }, { kind }) => {
    const [found, wanted] = [new Set(inputsOf(spec)), inputs[kind]];
    return (found.size !== wanted.length || wanted.some((name) => !found.has(name))) &&
      `it reads ${[...found].join(" and ")}, and the task gives ${wanted.join(" and ")}`;
  },
  ({ spec: { stacks } }, { kind }) => {
    const [stack] = Object.values(stacks);
    if (kind === "decoder" && !isCausal(stack!)) return "its tokens see those that follow";
    return kind === "encoder" && isCausal(stack!) && "its tokens do not see those that follow";
  },
  (model, { sizes: { vocabulary } }) => {
    const known = tokenLimits(model)?.vocabulary ?? Infinity;
    return Number(vocabulary) > known &&
      `the data have ${vocabulary} tokens, and it knows ${known}`;
  },
  (model, { length }) => {
    const most = tokenLimits(model)?.context ?? Infinity;
    return length > most && `the data have rows of ${length} tokens, and it reads ${most} at most`;
  },
  ofKind("patches", ({ imageSize, channels }, { sizes }) => {
    const own = `${imageSize.join(" × ")} × ${channels}`;
    const given = `${sizes["imageSize"]} × ${sizes["imageSize"]} × ${sizes["channels"]}`;
    return own !== given && `the images are ${given}, and it reads ${own}`;
  }),
  ofKind("patches", ({ patchSize }, { sizes }) =>
    patchSize !== (sizes["patchSize"] ?? patchSize) &&
    `the task's patches are ${sizes["patchSize"]} pixels wide, and its own ${patchSize}: set ` +
      `objective.patchSize=${patchSize}`),
  (model, { sizes: { frames } }) =>
    rowsOfFrames(Number(frames)) > rowsHeard(model) &&
    `the sounds have up to ${frames} frames, and it hears ${2 * rowsHeard(model)}: set ` +
      `data.seconds to ${rowsHeard(model) / 50} at most`,
  ofKind("audio", ({ channels }, { sizes }) =>
    channels !== sizes["channels"] &&
    `the sounds have ${
      sizes["channels"]
    } bands, and it reads ${channels}: set data.mels=${channels}`),
];

/**
 * Requires that a described model reads what a task gives.
 *
 * @param model The model.
 * @param task The task.
 * @throws {RangeError} If it reads something else, or of other sizes.
 */
export function requireFit(model: Model, task: Asked): void {
  for (const rule of rules) {
    const why = rule(model, task);
    if (!why) continue;
    throw new RangeError(`Cannot train this ${model.family.label} model for ${task.id}: ${why}`);
  }
}

/** The heads of which `logits` is made. */
function logitsHeads({ heads, mean }: ModelSpec): readonly Head[] {
  const names: readonly string[] = mean?.output === "logits" ? mean.of : ["logits"];
  return heads.filter((head) => names.includes(outputName(head)));
}

/**
 * A described model as a task runs it: with the heads alone that make its logits.
 *
 * @param model The model, which fits the task.
 * @param task The task.
 * @returns The spec.
 * @throws {RangeError} If it has no output for each answer.
 */
export function taskSpec(model: Model, { id, kind, sizes, classes }: Asked): ModelSpec {
  const { spec, family, tensors } = model;
  const heads = logitsHeads(spec);
  const answers = Number(sizes["classes"] ?? sizes["codes"] ?? sizes["vocabulary"]);
  const fits = (head: Head): boolean =>
    tensors.has(head.linear.weight) &&
    givesOneRow(head) === (classes !== undefined) &&
    (classes === undefined && kind !== "speech"
      ? outputsOf(model, head.linear) >= answers
      : outputsOf(model, head.linear) === answers);
  if (heads.length > 0 && heads.every(fits)) {
    const { bare: _, ...rest } = spec;
    return { ...rest, heads };
  }
  throw new RangeError(
    `Cannot train this ${family.label} model for ${id}: it has no head that gives one of ${answers} answers for each ${
      classes === undefined ? "row" : "input"
    }`,
  );
}

// What a conversion requires of a model: Pre-LN without trained scales, which fold_variant.ts folds away first, and norms that are all
// that reads the stream.

import { nameText } from "../core/excerpt.ts";
import { unknownReaders } from "../families/account.ts";
import type { Model } from "../families/model.ts";
import type { ModelSpec } from "../model/spec.ts";
import { type Equation, equationsOf, hasFactors } from "./equation.ts";
import { isGated, normsWithReaders } from "./readers_and_writers.ts";

/** What keeps a branch from being x ← x + F(norm(x)), and why that cannot be converted. */
const objections = {
  streams: [
    "it carries more than one stream, or weighs branches by learned numbers",
    "",
  ],
  post: [
    "its norms stand behind the additions (Post-LN)",
    ", so that the stream itself is normalized and what writes to it cannot be centered once and for all",
  ],
  none: [
    "its branches read the stream without a norm (Res-Post-Norm)",
    ", and so see its mean and its size",
  ],
  output: [
    "it has norms behind its branches (Sandwich-LN)",
    ", whose gains keep their output from having mean 0",
  ],
  scaled: ["its stream is scaled (GPAS, LNS, DeepNorm): fold it first", ""],
} as const;

type Objection = keyof typeof objections;

function objectionTo(equation: Equation | undefined): Objection | undefined {
  if (equation === undefined) return "streams";
  if (equation.placement !== "pre") return equation.placement;
  if (equation.outputNorm) return "output";
  return hasFactors(equation) ? "scaled" : undefined;
}

function firstObjection(
  spec: ModelSpec,
  allowed: readonly Objection[] = [],
): Objection | undefined {
  return Object.keys(spec.stacks)
    .flatMap((name) => equationsOf(spec, name).flat())
    .map(objectionTo)
    .find((why) => why !== undefined && !allowed.includes(why));
}

/**
 * What keeps a model from being x ← x + F(norm(x)) in every block.
 *
 * @param spec The model.
 * @returns A clause; undefined where nothing does.
 */
export function whyNotPlain(spec: ModelSpec): string | undefined {
  const why = firstObjection(spec);
  return why === undefined ? undefined : objections[why][0];
}

/**
 * Requires x ← x + F(norm(x)) in every block.
 *
 * @param model The model.
 * @throws {RangeError} If a norm stands behind the addition or the branch, or streams are scaled by gates or constants.
 */
export function requirePlain({ spec, family }: Model): void {
  const why = firstObjection(spec);
  if (why === undefined) return;
  throw new RangeError(`Cannot convert this ${family.label} model: ${objections[why].join("")}`);
}

/**
 * Requires that the gains of a model are not those of its stream: they go into what reads it, however it is scaled, and whatever stands
 * behind branches.
 *
 * @param model The model.
 * @throws {RangeError} If norms stand behind the additions, or there are several streams.
 */
export function requireUnmixedGains({ spec, family }: Model): void {
  const why = firstObjection(spec, ["scaled", "none", "output"]);
  if (why === undefined) return;
  const [what] = objections[why];
  const because = why === "post"
    ? ", so that gains and biases are those of the stream itself, which shortcuts carry on"
    : "";
  throw new RangeError(`Cannot fold norms of this ${family.label} model: ${what}${because}`);
}

/**
 * Requires that a norm is all that reads the streams: what else reads them sees their mean.
 *
 * @param model The model.
 * @throws {RangeError} If a branch has no norm, or a stack none after its last layer.
 */
export function requireFinalNorms({ spec, family }: Model): void {
  for (const [name, { blocks, final }] of Object.entries(spec.stacks)) {
    if (blocks.some(({ branches }) => branches.some(({ unnormed }) => unnormed === true))) {
      throw new RangeError(
        `Cannot center this ${family.label} model: a branch of its ${name} reads the stream without a norm, and so sees its mean`,
      );
    }
    if (final === undefined) {
      throw new RangeError(
        `Cannot center this ${family.label} model: its ${name} has no norm after the last layer, so that the head sees the ` +
          "mean of the stream",
      );
    }
  }
}

/**
 * Requires that every tensor which may read a stream is described: an unknown reader of a norm would read another function of the
 * stream after the norm's gain has gone into the known ones.
 *
 * @param model The model.
 * @throws {RangeError} If a tensor is not described and has an axis as long as a stream is wide; the message names it.
 */
export function requireKnownReaders(model: Model): void {
  const [name, ...others] = unknownReaders(model);
  if (name === undefined) return;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  throw new RangeError(
    `Cannot convert this ${model.family.label} model: its checkpoint has ${
      nameText(name)
    }${more}, which is not described and may read ` +
      "or write the stream; remove it if nothing uses it",
  );
}

/**
 * Requires that the family's LayerNorms multiply by their gain: a gain of 1 would be 2 where its engines load it.
 *
 * @param model The model, converted or not.
 * @throws {RangeError} If they multiply by 1 + gain.
 */
export function requirePlainGains({ config, family, tensors }: Model): void {
  const own = family.describe(config, (name) => tensors.has(name));
  const kinds = normsWithReaders(own).map(({ norm }) => norm.kind);
  if (!kinds.includes("layer-offset")) return;
  throw new RangeError(
    `Cannot give LayerNorms of gain 1 to a ${family.label} model: its norms multiply by 1 + gain, so that its engines would ` +
      "multiply by 2",
  );
}

/** What needs all d values of a normed row, and says so. */
const needsAllValues: readonly (readonly [isIn: (spec: ModelSpec) => boolean, why: string])[] = [
  [
    ({ heads }) => heads.some(({ pool }) => pool !== undefined),
    "a stream that a pooling head reads: one matrix multiplies its query too, which has d values",
  ],
  [
    ({ heads }) => heads.some(({ norm }) => norm !== undefined),
    "a stream whose final norm another norm reads: that would see d − 1 values",
  ],
  [
    ({ stacks }) =>
      Object.values(stacks).some(({ blocks }) =>
        blocks.some(({ branches }) => branches.some(isGated))
      ),
    "a stream whose norms a gate of relative positions reads head by head: heads would have other widths",
  ],
  [
    (spec) => normsWithReaders(spec).some(({ readers, output }) => readers.length === 0 || output),
    "a model without a head: its output would have d − 1 values",
  ],
];

/**
 * Requires that all that reads the norms can do so from d − 1 values.
 *
 * @param spec The model.
 * @throws {RangeError} If something needs all d.
 */
export function requireCompressible(spec: ModelSpec): void {
  const found = needsAllValues.find(([isIn]) => isIn(spec));
  if (found !== undefined) throw new RangeError(`Cannot compress ${found[1]}`);
}

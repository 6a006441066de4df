// Parameters of norms that no conversion folds, and why: between them and the stream stands no matrix that could take them over.

import { normsIn } from "../model/parameters.ts";
import type { Attention, ModelSpec, NormSpec } from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { normsWithReaders } from "./readers_and_writers.ts";

/** Gains and biases that stay in every conversion for one reason. */
export interface KeptParameters {
  /** Where they stand, and why they stay there. */
  readonly why: string;
  /** The tensors that hold them. */
  readonly names: readonly string[];
}

const reasons = {
  output:
    "behind branches: they multiply what was normalized, nothing linear follows before the stream, and the norm undoes what is done before it",
  heads:
    "of queries and keys: they multiply what was normalized, and scores are products of both, with no matrix between",
  start: "at the start of the stream: shortcuts carry on what they give",
  unread:
    "that no linear map alone reads: what the norm gives is an output, or another norm, a query or a gate reads it too",
  others: "inside of branches, entries and heads: they do not read the stream",
} as const;

type Reason = keyof typeof reasons;

const attentionsOf = ({ stacks }: ModelSpec): readonly Attention[] =>
  Object.values(stacks).flatMap(({ blocks }) =>
    blocks.flatMap(({ branches }) =>
      branches.flatMap(({ sublayer }) => sublayer.kind === "attention" ? [sublayer] : [])
    )
  );

/** Norms that stay where they are, by why they do; what is left belongs to `others`. */
function normsByReason(spec: ModelSpec): Readonly<Partial<Record<Reason, readonly NormSpec[]>>> {
  const stacks = Object.values(spec.stacks);
  const branches = stacks.flatMap(({ blocks }) => blocks.flatMap((block) => block.branches));
  return {
    output: branches.flatMap(({ norms: { output } }) => output ?? []),
    heads: attentionsOf(spec).flatMap(({ headNorms, projectionNorms }) =>
      [headNorms, projectionNorms].flatMap((pair) => pair === undefined ? [] : [pair.q, pair.k])
    ),
    start: stacks.flatMap(({ entryNorm }) => entryNorm ?? []),
    unread: normsWithReaders(spec)
      .filter(({ readers, output }) => readers.length === 0 || output)
      .map(({ norm }) => norm),
  };
}

/**
 * The parameters of norms that stay in every conversion of a model.
 *
 * @param model The model, converted or not.
 * @returns Their names, by why they stay.
 */
export function keptParameters({ spec, tensors }: Model): KeptParameters[] {
  const folding = normsWithReaders(spec).map(({ norm }) => norm);
  const known = normsByReason(spec);
  const listed = new Set([...folding, ...Object.values(known).flat()].map(({ gain }) => gain));
  const others = normsIn(spec).filter(({ gain }) => !listed.has(gain));
  const gains = attentionsOf(spec).flatMap(({ headGains }) =>
    headGains === undefined ? [] : [...headGains.q, ...headGains.k]
  );
  return Object.entries({ ...known, others }).flatMap(([reason, norms]) => {
    const all = norms.flatMap(({ gain, bias }) => [gain, bias]);
    const names = new Set([...all, ...(reason === "heads" ? gains : [])]);
    const there = [...names].filter((name) => tensors.has(name));
    return there.length === 0 ? [] : [{ why: reasons[reason as Reason], names: there }];
  });
}

/**
 * What stays, for people.
 *
 * @param kept What stays, and why.
 * @returns A sentence for each reason, with how many there are and the first of them.
 */
export function keptText(kept: readonly KeptParameters[]): string[] {
  return kept.map(({ why, names }) => {
    const first = names.length === 1
      ? names[0]
      : `${names.length} parameters, such as ${names[0]},`;
    return `${first} stay${names.length === 1 ? "s" : ""} ${why}`;
  });
}

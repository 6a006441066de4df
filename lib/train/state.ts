// All that a training goes on from, as plain data: tensors, and what JSON has. Nothing else is carried from step to step.

import type { RandomState } from "../core/random.ts";
import { disposeTree, tensorsOf } from "../core/tree.ts";

/** What of a state JSON has. */
export interface StateNumbers {
  /** Steps made. */
  step: number;
  /** Rows reported until then. */
  rows: number;
  /** Where the stream is that batches are drawn from. */
  batches: RandomState;
  /** The last step at which the model was evaluated. */
  looked?: number;
  /** The held-out loss then, in nats. */
  heldOut?: number;
  /** The last step whose loss was read and good. */
  measured?: number;
  /** The last losses, where a spike is looked for. */
  losses: readonly number[];
  /** Gates that were warned of. */
  warned: readonly string[];
  /** How often the training went back to an earlier state. */
  returns: number;
}

/** The tensors of a state: trees of the parameters' shape. */
export interface StateTensors<P> {
  /** What is trained. */
  parameters: P;
  /** The last ones whose loss was finite; the same tensors where these are the parameters. */
  good: P;
  /** What the optimizer keeps. */
  moments: readonly P[];
}

/** A training between two steps. It is changed in place, and can be gone on from whatever fails. */
export interface TrainingState<P> extends StateNumbers, StateTensors<P> {}

/**
 * Frees those tensors of a state that another one does not share.
 *
 * @param state The state, or a part of it.
 * @param kept What stays.
 */
export function disposeBut(state: unknown, kept: unknown): void {
  const stay = new Set(tensorsOf(kept).map(({ value }) => value));
  disposeTree(tensorsOf(state).map(({ value }) => value).filter((value) => !stay.has(value)));
}

/**
 * Parts a state in what files keep apart.
 *
 * @param state The state.
 * @returns Its tensors, and the rest.
 */
export function partedState<P>(
  { parameters, good, moments, ...numbers }: TrainingState<P>,
): { readonly tensors: StateTensors<P>; readonly numbers: StateNumbers } {
  return { tensors: { parameters, good, moments }, numbers };
}

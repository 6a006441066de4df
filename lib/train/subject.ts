// What the training loop works on, whatever the task is: parameters, batches, a loss, and what is measured.

import type { Random } from "../core/random.ts";
import type { Scalar } from "../core/tensor.ts";
import type { ParameterKind } from "../model/parameters.ts";
import type { Row } from "./record.ts";

/** The data of a task: what is trained on, or what is only measured with. */
export type Part = "train" | "heldOut";

/** What of a step is random, or depends on its number. */
export interface StepOptions {
  /** Draws the dropout masks. */
  readonly dropout: Random;
  /** The step, from 1. */
  readonly step: number;
  /** Whether layers are computed again for the gradient instead of being kept. */
  readonly checkpointing?: boolean;
}

/** What is measured on data that training does not see; `nats` is the loss. */
export type Measured = { readonly nats: number } & Readonly<Record<string, number>>;

/** How much of the data something takes, in what is counted there. */
export interface Amount {
  /** How many. */
  readonly count: number;
  /** Of what, such as `tokens`, `images` or `frames`. */
  readonly unit: string;
}

/**
 * What a step takes.
 *
 * @param example What an example takes.
 * @param batch How many examples a batch has, and how many batches a step.
 * @returns So many times as much.
 */
export function amountOfStep(
  { count, unit }: Amount,
  { rows, accumulate = 1 }: { readonly rows: number; readonly accumulate?: number },
): Amount {
  return { count: count * rows * accumulate, unit };
}

/** A model with its task. `P` are the parameters, `B` is a batch. */
export interface Subject<P, B> {
  /** What each parameter is, by its path. */
  readonly kinds: ReadonlyMap<string, ParameterKind>;
  /** What an example takes, on average. */
  readonly example: Amount;
  /** What a model must beat, the first row of all. */
  readonly baseline?: Row;
  /** Makes the parameters of the start. */
  start(): P;
  /** A random batch. */
  draw(part: Part, random: Random): B;
  /** The mean loss of a batch, in nats. */
  loss(parameters: P, batch: B, options: StepOptions): Scalar;
  /** Measures the parameters, on the same data in every call. */
  evaluate(parameters: P): Promise<Measured>;
  /** Says in a clause where the first number of a batch arises that is not finite. */
  locate(parameters: P, batch: B): Promise<string>;
  /** Sentences, each beginning with its parameter, on what has gone too far. */
  warnings(parameters: P): Promise<readonly string[]>;
  /** Runs at every evaluation, on a fixed batch that is held out. */
  readonly probe?:
    | ((parameters: P, batch: B) => Promise<readonly Omit<Row, "step">[]>)
    | undefined;
}

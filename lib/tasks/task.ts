// What a task is: data, the kind of model that it wants, and how that is trained and measured. Each of the other files has one.

import type { Random } from "../core/random.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import type { NamedTensors } from "../decoder/described.ts";
import type { DataFacts } from "../train/record.ts";
import type { Amount, Measured, Part } from "../train/subject.ts";
import type { Transformer } from "../transformer/models.ts";
import type { BatchInputs } from "../transformer/run.ts";
import type { TaskKind } from "./models.ts";
import type { TaskText } from "./task_text.ts";

export type { BatchInputs };

/** What a manifest says of examples. */
export interface ExampleFacts extends DataFacts {
  /** How many are trained on. */
  readonly trainExamples: number;
  /** How many are held out. */
  readonly heldOutExamples: number;
}

/** A model in training, as evaluations see it. */
export interface Learner<B> {
  /** What it computes. */
  readonly model: Pick<Transformer, "spec" | "dropout">;
  /** The tensors that it computes with, by name. */
  readonly parameters: NamedTensors;
  /** The logits of a batch; run it in a `tf.tidy`. */
  logits(batch: B): Tensor;
}

/** What is reached without looking at the input: the least that a model must beat. */
export interface Baseline {
  /** What it does, such as `the most frequent class`. */
  readonly name: string;
  /** The same measures as of a model, as far as it has them. */
  readonly measured: Readonly<Record<string, number>>;
}

/** How much of the data an evaluation sees. */
export interface EvaluationSize {
  /** Examples of a batch. */
  readonly rows: number;
  /** The most batches. */
  readonly batches: number;
}

/** A task on its data. `B` is a batch. */
export interface Task<B = unknown> {
  /** Its name, as settings have it. */
  readonly id: string;
  /** The kind of its models. */
  readonly kind: TaskKind;
  /** What the data determine of a model, such as its vocabulary. */
  readonly sizes: Readonly<Record<string, number | string | boolean>>;
  /** The longest sequence that a model reads, in tokens, patches or frames. */
  readonly length: number;
  /** What an example takes, on average: an image, or so many tokens or frames, those that fill rows up not among them. */
  readonly example: Amount;
  /** How texts become tokens, where there are texts and the model starts anew. */
  readonly text?: TaskText;
  /** The classes that it tells apart, where it names one for each input. */
  readonly classes?: readonly string[];
  /** What is known of the data. */
  readonly data: ExampleFacts;
  /** What a model must beat. */
  readonly baseline: Baseline;
  /** A random batch. */
  draw(part: Part, rows: number, random: Random): B;
  /** What a model reads of it. */
  inputs(batch: B): BatchInputs;
  /** The mean loss, in nats. */
  loss(logits: Tensor, batch: B): Scalar;
  /** Measures a model on held-out examples, the same in every call. */
  evaluate(learner: Learner<B>, size: EvaluationSize): Promise<Measured>;
}

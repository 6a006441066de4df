// Classification, whatever is classified: a class for each example, and how often it is the right one.

import * as tf from "@tensorflow/tfjs";
import { takeAll } from "../backend/read.ts";
import type { ClassDataset, Split } from "../data/dataset.ts";
import { shareOfRight } from "../metrics/accuracy.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { drawExamples, heldOutBatches } from "./batches.ts";
import type { Baseline, BatchInputs, ExampleFacts, Task } from "./task.ts";

/** An example and its class. */
export interface Labelled {
  /** The place of its class. */
  readonly label: number;
}

/** What tells one classification from another. */
export interface Classification<T>
  extends Pick<Task, "id" | "kind" | "sizes" | "length" | "example" | "text"> {
  /** The examples. */
  readonly split: Split<ClassDataset<T & Labelled>>;
  /** The SHA-256 of their content. */
  readonly sha256: string;
  /** What a model reads of some of them. */
  inputs(examples: readonly T[]): BatchInputs;
}

/** How often each class occurs. */
function countClasses({ classes, examples }: ClassDataset<Labelled>): number[] {
  const counts = classes.map(() => 0);
  for (const { label } of examples) counts[label]! += 1;
  return counts;
}

/** What is known of a class without looking at an example. */
export interface Frequencies {
  /** The class that is most frequent. */
  readonly most: number;
  /** −ln of each class's share. */
  readonly nats: readonly number[];
}

/**
 * How frequent classes are.
 *
 * @param train The examples to count.
 * @returns The most frequent class, and what each costs.
 */
export function frequenciesOf(train: ClassDataset<Labelled>): Frequencies {
  const counts = countClasses(train);
  const most = counts.reduce((best, count, label) => count > counts[best]! ? label : best, 0);
  // one more of each class: a class that was never seen is no impossible one
  const total = train.examples.length + counts.length;
  return { most, nats: counts.map((count) => -Math.log((count + 1) / total)) };
}

/** The class that is most frequent in training, and the cross entropy of the classes' shares there. */
function majority({ train, heldOut }: Split<ClassDataset<Labelled>>): Baseline {
  const { most, nats } = frequenciesOf(train);
  const asked = countClasses(heldOut);
  const total = heldOut.examples.length;
  return {
    name: "the most frequent class",
    measured: {
      nats: asked.reduce((sum, count, label) => sum + count * nats[label]!, 0) / total,
      accuracy: asked[most]! / total,
    },
  };
}

/**
 * What a manifest says of the examples in two parts.
 *
 * @param split The examples.
 * @param sha256 The hash of their content.
 * @returns Name, sizes and hash.
 */
export function factsOf(
  { train, heldOut }: Split<{ readonly name: string; readonly examples: readonly unknown[] }>,
  sha256: string,
): ExampleFacts {
  return {
    name: train.name,
    sha256,
    trainExamples: train.examples.length,
    heldOutExamples: heldOut.examples.length,
  };
}

/** Requires classes that can be told apart. */
function requireClasses({ name, classes }: ClassDataset<Labelled>): void {
  if (classes.length > 1) return;
  throw new RangeError(
    `Cannot tell classes of ${name} apart: it has one, ${classes[0]}, and must have at least 2`,
  );
}

const labelsOf = (batch: readonly Labelled[]): Int32Array =>
  Int32Array.from(batch, ({ label }) => label);

/**
 * The task of naming the class of an example.
 *
 * Measures: `nats` (cross entropy), `accuracy` with its 95 % interval `low` to `high`.
 *
 * @param classification The examples and how a model reads them.
 * @returns The task.
 * @throws {RangeError} If there is one class alone.
 */
export function classificationTask<T>(
  classification: Classification<T>,
): Task<readonly (T & Labelled)[]> {
  const { split, sha256, inputs, ...rest } = classification;
  requireClasses(split.train);
  const { classes } = split.train;
  return {
    ...rest,
    sizes: { ...rest.sizes, classes: classes.length },
    classes,
    data: factsOf(split, sha256),
    baseline: majority(split),
    draw: (part, rows, random) => drawExamples(split, part, rows, random),
    inputs,
    loss: (logits, batch) => crossEntropy(logits, labelsOf(batch)),
    evaluate: async ({ logits }, size) => {
      let [count, right, nats] = [0, 0, 0];
      for (const batch of heldOutBatches(split, size)) {
        const labels = labelsOf(batch);
        const outputs = tf.tidy(() => {
          const given = logits(batch);
          return [crossEntropy(given, labels), tf.argMax(given, -1)];
        });
        const [losses, predictions] = await takeAll(outputs);
        count += batch.length;
        nats += losses![0]! * batch.length;
        right += labels.reduce((sum, label, at) => sum + Number(predictions![at] === label), 0);
      }
      const { value, low, high } = shareOfRight(right, count);
      return { nats: nats / count, accuracy: value, low, high };
    },
  };
}

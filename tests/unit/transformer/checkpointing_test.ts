// Layers that are computed again for the gradient: the same values and gradients as layers that are kept, in less memory.

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { readAll, valueAndGradient } from "../../../lib/backend/mod.ts";
import { disposeTree, Random, type Scalar, tensorsOf } from "../../../lib/core/mod.ts";
import { completeConfig } from "../../../lib/decoder/config.ts";
import { decoderBlueprint } from "../../../lib/decoder/spec.ts";
import type { NamedTensors } from "../../../lib/decoder/described.ts";
import { recompute } from "../../../lib/ops/recompute.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import type { Transformer } from "../../../lib/transformer/models.ts";
import { runBatch, type RunOptions } from "../../../lib/transformer/run.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { tokens, transformerCases } from "../../support/transformer_cases.ts";

type Model = Pick<Transformer, "spec" | "starts" | "dropout">;

/** A scalar in which every output has its own weight. */
const lossOf = (outputs: Readonly<Record<string, tf.Tensor>>): Scalar =>
  Object.values(outputs)
    .map((y) => tf.sum(tf.mul(y, tf.reshape(tf.cos(tf.range(0, y.size)), y.shape))))
    .reduce((sum, one) => tf.add(sum, one)) as Scalar;

/** Loss and gradients by name, as numbers. */
async function numbersOf(
  model: Model,
  parameters: NamedTensors,
  inputs: () => Parameters<typeof runBatch>[2],
  options: RunOptions,
): Promise<Map<string, ArrayLike<number>>> {
  const { value, gradient } = valueAndGradient(parameters, (given) => {
    const outputs = runBatch(given, model, inputs(), options);
    // tfjs wants each parameter used, also those of a branch that this batch does not take
    return tensorsOf(given).reduce<tf.Tensor>(
      (sum, leaf) => tf.add(sum, tf.sum(leaf.value)),
      lossOf(outputs),
    );
  });
  const leaves = tensorsOf(gradient);
  const read = await readAll([value, ...leaves.map((leaf) => leaf.value)]);
  disposeTree([value, gradient]);
  return new Map(["loss", ...leaves.map(({ path }) => path)].map((name, at) => [name, read[at]!]));
}

for (const [name, { make, inputs, options }] of Object.entries(transformerCases)) {
  onEachBackend(`checkpointing changes neither loss nor gradients: ${name}`, async (backend) => {
    for (const residual of ["pre-ln", "sub-ln", "resi-dual", "deep-norm+gpas"]) {
      const model = { ...make(residual), dropout: 0.3 };
      const parameters = drawStarts(model.starts, 7);
      const run = (checkpointing: boolean) =>
        numbersOf(model, parameters, inputs, {
          ...options,
          checkpointing,
          dropout: new Random(2, "dropout"),
        });
      const [kept, again] = [await run(false), await run(true)];
      for (const [path, values] of kept) {
        assertClose(again.get(path)!, values, tolerance(backend, "equal formulas"), path);
      }
      disposeTree(parameters);
    }
  });
}

const deep = {
  ...decoderBlueprint(
    completeConfig({ vocabulary: 16, context: 16, width: 32, heads: 2, depth: 8 }),
  ),
  dropout: 0,
};
const batch = () => ({ tokens: tokens(...Array.from({ length: 8 }, () => [...Array(16).keys()])) });

onEachBackend("checkpointing takes less than half of the memory of a gradient", async () => {
  const parameters = drawStarts(deep.starts, 1);
  const before = tf.memory().numBytes;
  const peak = async (checkpointing: boolean): Promise<number> => {
    const { peakBytes } = await tf.profile(() => {
      const { value, gradient } = valueAndGradient(
        parameters,
        (given) => lossOf(runBatch(given, deep, batch(), { checkpointing })),
      );
      disposeTree([value, gradient]);
      return [];
    });
    return peakBytes - before;
  };
  assertLess(await peak(true), 0.5 * await peak(false));
  assertEquals(tf.memory().numBytes, before);
  disposeTree(parameters);
});

onEachBackend("with a tap nothing is computed twice", () => {
  const parameters = drawStarts(deep.starts, 1);
  const names: string[] = [];
  const { value, gradient } = valueAndGradient(
    parameters,
    (given) =>
      lossOf(runBatch(given, deep, batch(), {
        checkpointing: true,
        tap: (name) => void names.push(name),
      })),
  );
  assertEquals(names.filter((name) => name === "blocks.1.resid_pre").length, 1);
  disposeTree([value, gradient, parameters]);
});

onEachBackend(
  "recompute() that fails the second time leaves nothing, and a gradient works after it",
  async () => {
    const x = tf.tensor1d([1, 2, 3]);
    const before = tf.memory().numTensors;
    let calls = 0;
    const fails = ([given]: readonly tf.Tensor[]): tf.Tensor => {
      if (++calls === 2) throw new Error("the second time");
      return tf.square(tf.square(given!));
    };
    const slope = (f: typeof fails) => tf.grad((given) => tf.sum(recompute(f, [tf.exp(given)])))(x);
    assertThrows(() => slope(fails), Error, "the second time");
    assertEquals(tf.memory().numTensors, before);
    calls = 2;
    const gradient = slope(fails);
    const expected = [1, 2, 3].map((value) => 4 * Math.exp(4 * value));
    assertClose(await gradient.data(), expected, 1e-5, "gradient");
    assert(calls === 4, "it was not computed again");
    tf.dispose([gradient, x]);
  },
);

onEachBackend("recompute() has the second derivative of what it computes", async () => {
  const x = tf.tensor1d([1, 2]);
  const slope = tf.grad((given) =>
    tf.sum(recompute(([one]) => tf.mul(one!, tf.square(one!)), [given]))
  );
  const second = tf.grad((given) => tf.sum(slope(given)))(x);
  assertClose(await second.data(), [6, 12], 1e-5, "second derivative");
  tf.dispose([second, x]);
});

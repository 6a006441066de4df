// Encoders, encoder–decoders, vision and speech Transformers against PyTorch: outputs, a loss and its gradients. make_transformers.py.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import { disposeTree } from "../../lib/core/mod.ts";
import { readAll } from "../../lib/backend/mod.ts";
import { runBatch } from "../../lib/transformer/run.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { ramp, type TransformerCase, transformerCases } from "../support/transformer_cases.ts";
import golden from "./transformers.json" with { type: "json" };

/** What PyTorch gives: outputs, a loss, and of each parameter's gradient g the sum Σ gᵢ cos i. */
interface Expected {
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, number>>;
}

/** The parameter of a name, as the script makes it. */
function parameterOf(name: string, shape: readonly number[]): Tensor {
  const sum = [...name].reduce((total, letter, i) => total + (i + 1) * letter.codePointAt(0)!, 0);
  const size = shape.reduce((a, b) => a * b, 1);
  const mean = name.endsWith(".gain") ? 1 : 0;
  const values = Array.from({ length: size }, (_, i) => mean + 0.3 * Math.sin(0.7 * i + sum % 997));
  return tf.tensor(values, [...shape]);
}

/** Outputs, the loss Σ logitsᵢ cos 0.9i, and the weighed gradients. */
async function measured(
  { make, inputs, options = {} }: TransformerCase,
  residual: string,
): Promise<Expected> {
  const model = make(residual);
  const names = [...model.starts.keys()];
  const results = tf.tidy(() => {
    const batch = inputs();
    let outputs: Tensor | undefined;
    const loss = (...values: Tensor[]): tf.Scalar => {
      const named = Object.fromEntries(names.map((name, at) => [name, values[at]!]));
      const logits = runBatch(named, model, batch, options)["logits"]!;
      outputs = tf.keep(logits.clone());
      return tf.sum(tf.mul(logits, ramp(...logits.shape)));
    };
    const given = names.map((name) => parameterOf(name, model.starts.get(name)!.shape));
    const { value, grads } = tf.valueAndGrads(loss)(given);
    const weighed = grads.map((gradient) => {
      const weights = Array.from({ length: gradient.size }, (_, i) => Math.cos(i));
      return tf.sum(tf.mul(tf.reshape(gradient, [-1]), weights));
    });
    return [outputs!, value, tf.stack(weighed)];
  });
  const [logits, loss, weighed] = await readAll(results);
  disposeTree(results);
  return {
    logits: [...logits!],
    loss: loss![0]!,
    gradients: Object.fromEntries(names.map((name, at) => [name, weighed![at]!])),
  };
}

for (const [kind, variants] of Object.entries(golden)) {
  onEachBackend(`${kind}: outputs, loss and gradients of every variant are PyTorch's`, async () => {
    for (const [id, expected] of Object.entries(variants) as [string, Expected][]) {
      const found = await measured(transformerCases[kind]!, id);
      const names = Object.keys(expected.gradients).sort();
      assertEquals(Object.keys(found.gradients).sort(), names, `${kind} ${id}`);
      const outputs = ({ logits, loss }: Expected): number[] => [...logits, loss];
      assertClose(outputs(found), outputs(expected), 2e-5, `${kind} ${id}`);
      // sums of terms of both signs, in single precision
      const weighed = (of: Expected): number[] => names.map((name) => of.gradients[name]!);
      assertClose(weighed(found), weighed(expected), 5e-5, `gradients, ${kind} ${id}`);
    }
  });
}

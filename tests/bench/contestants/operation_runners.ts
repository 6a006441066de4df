// An operation as a runner in each library, forward or with the gradients of all inputs. Where an operation has two outputs,
// gradients are those of their sum.

import * as tf from "@tensorflow/tfjs";
import { type Array as JaxArray, jit, numpy as np, tree, vjp } from "@jax-js/jax";
import { type BackendName, Random, type Tensor } from "@normkit/normkit";
import * as ort from "onnxruntime-web";
import { inProcess, type Runner } from "../timing/contestant.ts";
import { type JaxMode, jaxRunner, useJaxDevice } from "./jax.ts";
import { onnxModel } from "./onnx_model.ts";
import type { Operation } from "./operations.ts";
import { tensorRunner } from "./tfjs.ts";

/** What is computed. */
export type Pass = "forward" | "forward + backward";

/** The numbers of inputs and of an output's gradient, by shape. */
function numbers(shapes: readonly number[][]): Float32Array<ArrayBuffer>[] {
  const random = new Random(0);
  return shapes.map((shape) =>
    Float32Array.from(random.normals(shape.reduce((product, axis) => product * axis, 1), 1))
  );
}

function tensors(shapes: readonly number[][]): Tensor[] {
  return numbers(shapes).map((values, i) => tf.tensor(values, shapes[i]!));
}

/** A function of tensors and its gradients, or the function alone. */
function passRunner(pass: Pass, inputs: Tensor[], f: () => Tensor[], held: Tensor[]): Runner {
  if (pass === "forward") return tensorRunner(held, f);
  const dy = tf.randomNormal(inputs[0]!.shape);
  const sum = (): Tensor => f().reduce((total, output) => tf.add(total, output));
  return tensorRunner([...held, dy], () => {
    const { value, grads } = tf.engine().gradients(sum, inputs, dy);
    return [value, ...grads];
  });
}

/** An operation in normkit, with whatever kernels are registered. */
export function normkitRunner(operation: Operation, pass: Pass, shape: [number, number]): Runner {
  const inputs = tensors(operation.shapes(...shape));
  return passRunner(pass, inputs, () => operation.tfjs(inputs), inputs);
}

/** `tf.layers.layerNormalization`. */
export function tfLayersRunner(pass: Pass, shape: [number, number]): Runner {
  const layer = tf.layers.layerNormalization({ axis: -1, epsilon: 1e-5 });
  const x = tf.randomNormal(shape);
  layer.build(shape);
  const weights = layer.weights.map((weight) => weight.read());
  return passRunner(pass, [x, ...weights], () => [layer.apply(x) as Tensor], [x, ...weights]);
}

/** An operation in jax-js, jitted. */
export async function jaxOperationRunner(
  operation: Operation,
  pass: Pass,
  shape: [number, number],
  { backend, mode }: { backend: BackendName; mode: JaxMode },
): Promise<Runner> {
  await useJaxDevice(backend);
  const shapes = [...operation.shapes(...shape), shape];
  const arrays = numbers(shapes).map((values, i) => np.array(values).reshape(shapes[i]!));
  const passes = {
    "forward": (inputs: JaxArray[], dy: JaxArray): JaxArray[] => {
      dy.dispose();
      return operation.jax(inputs);
    },
    "forward + backward": (inputs: JaxArray[], dy: JaxArray): JaxArray[] => {
      const sum = (...inputs: JaxArray[]): JaxArray =>
        operation.jax(inputs).reduce((total, output) => total.add(output));
      const [y, pull] = vjp(sum, inputs);
      return [y, ...pull(dy) as JaxArray[]];
    },
  };
  const compute = jit((previous: JaxArray, ...inputs: JaxArray[]) => {
    previous.dispose();
    const dy = inputs.pop()!;
    return passes[pass](inputs, dy);
  });
  return jaxRunner({
    mode,
    first: np.zeros(shape),
    step: (previous) => compute(previous, ...tree.ref(arrays)),
    dispose: () => {
      tree.dispose(arrays);
      compute.dispose();
    },
  });
}

/** An operation in onnxruntime-web; on WASM it copies inputs and outputs between heaps, which it cannot do without. */
export async function onnxRunner(
  operation: Operation,
  shape: [number, number],
  backend: BackendName,
): Promise<Runner> {
  const { onnx } = operation;
  if (onnx === undefined) throw new Error(`onnxruntime has no operator for ${operation.name}`);
  const shapes = operation.shapes(...shape);
  const named = (at: number): string => `input${at}`;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const model = onnxModel({
    ...onnx,
    inputs: Object.fromEntries(shapes.map((shape, at) => [named(at), shape])),
    floats: { epsilon: 1e-5 },
  });
  const session = await ort.InferenceSession.create(model, { executionProviders: [backend] });
  const feeds = Object.fromEntries(
    numbers(shapes).map((values, at) => [
      named(at),
      new ort.Tensor("float32", values, shapes[at]!),
    ]),
  );
  return inProcess({
    run: () => session.run(feeds),
    read: async (outputs) => await outputs["y"]!.getData(),
    free: (outputs) => Object.values(outputs).forEach((output) => output.dispose()),
    dispose: () => session.release(),
  });
}

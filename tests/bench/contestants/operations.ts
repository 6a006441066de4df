// The operations of the norms suite, each in the words of every library: what goes in, what comes out.

import { type Array as JaxArray, lax, nn, numpy as np } from "@jax-js/jax";
import { crmsNorm, gpas, layerNorm, rmsNorm, type Tensor } from "@normkit/normkit";
import { addNorm } from "@normkit/normkit/ops";
import type { Operator } from "./onnx_model.ts";
import type { TorchSpec } from "./torch.ts";

/** An operation on a matrix of rows. */
export interface Operation {
  /** Its name: a norm, `add & LayerNorm`, `GPAS`. */
  readonly name: string;
  /** What it has besides its data. */
  readonly parameters: "none" | "gain" | "gain and bias" | "gate";
  /** The shapes of its inputs; the first is the data's. */
  shapes(rows: number, width: number): number[][];
  /** In normkit. */
  tfjs(inputs: Tensor[]): Tensor[];
  /** In jax-js; it takes ownership of its inputs. */
  jax(inputs: JaxArray[]): JaxArray[];
  /** In onnxruntime, where it has the operator. */
  readonly onnx?: Omit<Operator, "inputs" | "floats">;
  /** In PyTorch. */
  readonly torch: TorchSpec;
}

const eps = 1e-5;

const inNormkit = { LayerNorm: layerNorm, RMSNorm: rmsNorm, CRMSNorm: crmsNorm } as const;
type NormName = keyof typeof inNormkit;

/** x / √(mean square + ε), with the mean square that is given. */
function divided(x: JaxArray, meanSquare: JaxArray): JaxArray {
  return x.div(np.sqrt(meanSquare.add(eps)));
}

const inJax: Readonly<Record<NormName, (x: JaxArray) => JaxArray>> = {
  LayerNorm: (x) => nn.standardize(x, -1, { epsilon: eps }),
  RMSNorm: (x) => divided(x.ref, np.mean(np.square(x), -1, { keepdims: true })),
  CRMSNorm: (x) => {
    const d = x.shape.at(-1)! + 1;
    const squares = np.sum(np.square(x.ref), -1, { keepdims: true });
    const squareOfSum = np.square(np.sum(x.ref, -1, { keepdims: true }));
    return divided(x, squares.add(squareOfSum).div(d));
  },
};

/** onnxruntime's operators take just these parameters. */
const inOnnx: Readonly<Record<string, NonNullable<Operation["onnx"]>>> = {
  "LayerNorm, gain and bias": { type: "LayerNormalization", domain: "", opset: 17, outputs: ["y"] },
  "RMSNorm, gain": { type: "RMSNormalization", domain: "", opset: 23, outputs: ["y"] },
};

const vectors = { "none": 0, "gain": 1, "gain and bias": 2 } as const;

function norm(name: NormName, parameters: keyof typeof vectors): Operation {
  const onnx = inOnnx[`${name}, ${parameters}`];
  return {
    name,
    parameters,
    shapes: (rows, width) => [[rows, width], ...Array(vectors[parameters]).fill([width])],
    tfjs: ([x, gain, bias]) => {
      const given = { ...(gain && { gain }), ...(bias && { bias }) };
      return [inNormkit[name](x!, { ...given, eps })];
    },
    jax: ([x, gain, bias]) => {
      const normed = inJax[name](x!);
      const scaled = gain === undefined ? normed : normed.mul(gain);
      return [bias === undefined ? scaled : scaled.add(bias)];
    },
    ...(onnx && { onnx }),
    torch: { what: "norm", norm: name, parameters },
  };
}

/** A stream's addition and the norm that follows: two outputs. */
const addAndNorm: Operation = {
  name: "add & LayerNorm",
  parameters: "gain and bias",
  shapes: (rows, width) => [[rows, width], [rows, width], [width], [width]],
  tfjs: ([x, branch, gain, bias]) => {
    const { sum, normed } = addNorm(x!, branch!, { kind: "layer", gain: gain!, bias: bias!, eps });
    return [sum, normed];
  },
  jax: ([x, branch, gain, bias]) => {
    const sum = x!.add(branch!);
    return [sum.ref, inJax.LayerNorm(sum).mul(gain!).add(bias!)];
  },
  onnx: {
    type: "SkipLayerNormalization",
    domain: "com.microsoft",
    opset: 1,
    outputs: ["y", "", "", "sum"],
  },
  torch: { what: "add & norm" },
};

const scaling: Operation = {
  name: "GPAS",
  parameters: "gate",
  shapes: (rows, width) => [[rows, width], []],
  tfjs: ([x, gate]) => [gpas(x!, gate!)],
  jax: ([x, gate]) => [x!.ref.sub(nn.silu(gate!).mul(lax.stopGradient(x!)))],
  torch: { what: "GPAS" },
};

const names = Object.keys(inNormkit) as NormName[];

/** Every operation of the suite. */
export const operations: readonly Operation[] = [
  ...names.map((name) => norm(name, "gain and bias")),
  norm("RMSNorm", "gain"),
  ...names.map((name) => norm(name, "none")),
  addAndNorm,
  scaling,
];

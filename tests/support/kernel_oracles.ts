// What each kernel gives in float64: the oracles of tests/reference under the kernels' names.

import type { AttentionAttributes, Contract, KernelName, NormKind } from "../../lib/kernels/mod.ts";
import {
  attendHead,
  attendHeadGrad,
  type Head,
  type HeadOptions,
  maskedSoftmax,
  maskedSoftmaxGrad,
} from "../reference/attention.ts";
import { gelu, geluSlope } from "../reference/gelu.ts";
import { gpas, gpasGrad } from "../reference/gpas.ts";
import { crossEntropy, crossEntropyGrad } from "../reference/losses.ts";
import { norm, normGrad } from "../reference/norms.ts";
import { adamWStep, clipGlobalNorm } from "../reference/optimizers.ts";
import { addRows, matmul, type Row, type Rows, sum, transpose, zip } from "../reference/rows.ts";
import { type Given, matrixOf, scalarOf, vectorOf } from "./evaluate.ts";

/** A kernel's input; float32 unless it says otherwise. */
export interface Operand extends Given {
  readonly dtype?: "float32" | "int32";
}

type Oracles = {
  readonly [K in KernelName]: (
    inputs: readonly Operand[],
    attributes: Contract[K],
  ) => readonly Given[];
};

function rowsOf({ shape, values }: Given): number[][] {
  const width = shape.at(-1) ?? 1;
  const flat = Array.from(values);
  return Array.from(
    { length: flat.length / width },
    (_, row) => flat.slice(row * width, (row + 1) * width),
  );
}

/** The oracle's kind, and what it reads of a row: a padded row is compressed, with a 0 behind it. */
function layoutOf(kind: NormKind): {
  readonly kind: Exclude<NormKind, "crms-padded">;
  held(row: Row): number[];
  padded(row: readonly number[]): number[];
} {
  return kind === "crms-padded"
    ? {
      kind: "crms",
      held: (row) => Array.from(row).slice(0, -1),
      padded: (row) => [...row, 0],
    }
    : { kind, held: (row) => Array.from(row), padded: (row) => [...row] };
}

const normOf: Oracles["NormkitNorm"] = ([x, ...parameters], attributes) => {
  const { kind, held, padded } = layoutOf(attributes.kind);
  const options = {
    eps: attributes.eps,
    ...(attributes.gain ? { gain: held(parameters[0]!.values) } : {}),
    ...(attributes.bias ? { bias: held(parameters.at(-1)!.values) } : {}),
  };
  const y = rowsOf(x!).flatMap((row) => padded(norm(kind, held(row), options)));
  return [{ shape: x!.shape, values: y }];
};

const normGradientOf: Oracles["NormkitNormGradient"] = ([dy, x, gain], attributes) => {
  const { kind, held, padded } = layoutOf(attributes.kind);
  const { dx, dGain, dBias } = normGrad(kind, rowsOf(x!).map(held), rowsOf(dy!).map(held), {
    eps: attributes.eps,
    ...(gain === undefined ? {} : { gain: held(gain.values) }),
  });
  return [
    { shape: x!.shape, values: dx.flatMap(padded) },
    ...(attributes.gain ? [vectorOf(padded(dGain))] : []),
    ...(attributes.bias ? [vectorOf(padded(dBias))] : []),
  ];
};

/** a · u + v */
const weighted = (a: number, u: Row, v: Row): number[] => zip(u, v, (p, q) => a * p + q);

/** Of n queries and s keys, how many the query in that row sees. */
const visibleTo = ([, queries, keys]: readonly number[], row: number): number =>
  row % queries! + keys! - queries! + 1;

/** A function of rows of attention scores. */
function eachRow(scores: Given, f: (row: number[], at: number) => number[]): Given {
  return { shape: scores.shape, values: rowsOf(scores).flatMap(f) };
}

/** The rows of a head of a sequence: of x [B, T, H, K] those with the index b and h. */
function rowsOfHead(x: Given, b: number, h: number): number[][] {
  const [, length, heads] = x.shape as [number, number, number];
  const rows = rowsOf(x);
  return Array.from({ length }, (_, t) => rows[(b * length + t) * heads + h]!);
}

/** Calls `visit` with each head of each sequence, and how it mixes. */
function eachHead(
  [q, k, v, counts]: readonly Operand[],
  { scale, causal, window }: AttentionAttributes,
  visit: (head: Head, options: HeadOptions, place: { b: number; h: number; group: number }) => void,
): void {
  const [batch, queries, heads] = q!.shape as [number, number, number];
  const [, keys, groups] = k!.shape as [number, number, number];
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const group = Math.floor(h * groups / heads);
      const [ofK, ofV] = [rowsOfHead(k!, b, group), rowsOfHead(v!, b, group)];
      const sees = (i: number, j: number): boolean => {
        const own = causal ? i + keys - queries : i;
        const isNear = causal ? j <= own && own - j < window : Math.abs(own - j) < window;
        return isNear && j < (counts?.values[b] ?? keys);
      };
      visit({ q: rowsOfHead(q!, b, h), k: ofK, v: ofV }, { scale, sees }, { b, h, group });
    }
  }
}

/** Adds the rows of a head to x [B, T, H, K]. */
function addHead(x: number[], shape: readonly number[], rows: Rows, b: number, h: number): void {
  const [, length, heads, width] = shape as [number, number, number, number];
  rows.forEach((row, t) =>
    row.forEach((value, at) => x[((b * length + t) * heads + h) * width + at]! += value)
  );
}

const zerosLike = ({ values }: Given): number[] => Array.from(values, () => 0);

/** For each row of logits, log Σ exp. */
const logSums = (logits: Rows): number[] =>
  logits.map((row) => {
    const highest = Math.max(...row);
    return highest + Math.log(sum(row.map((value) => Math.exp(value - highest))));
  });

/** The float64 results of every kernel. */
export const oracles: Oracles = {
  NormkitNorm: normOf,
  NormkitNormGradient: normGradientOf,
  NormkitAddNorm: ([x, branch, ...parameters], { alpha, ...attributes }) => {
    const sum = { shape: x!.shape, values: weighted(alpha, x!.values, branch!.values) };
    return [sum, ...normOf([sum, ...parameters], attributes)];
  },
  NormkitAddNormGradient: ([dSum, dy, ...inputs], attributes) => {
    const [dx, ...vectors] = normGradientOf([dy!, ...inputs], attributes);
    return [{ shape: dx!.shape, values: weighted(1, dSum!.values, dx!.values) }, ...vectors];
  },
  NormkitGpas: ([x, gate], { activation }) => [
    { shape: x!.shape, values: gpas(x!.values, gate!.values[0]!, activation) },
  ],
  NormkitGpasGradient: ([dy, x, gate], { activation }) => [
    scalarOf(gpasGrad(x!.values, dy!.values, gate!.values[0]!, activation).dGate),
  ],
  NormkitAddGpas: ([x, branch, gate], { activation, on, alpha }) => {
    const scaled = (row: Row): number[] => gpas(row, gate!.values[0]!, activation);
    const values = on === "sum"
      ? scaled(weighted(alpha, x!.values, branch!.values))
      : weighted(alpha, scaled(x!.values), branch!.values);
    return [{ shape: x!.shape, values }];
  },
  NormkitAddGpasGradient: ([dy, x, branch, gate], { activation, on, alpha }) => {
    const none = Array.from(branch!.values, () => 0);
    const scaled = weighted(alpha, x!.values, on === "sum" ? branch!.values : none);
    return [scalarOf(gpasGrad(scaled, dy!.values, gate!.values[0]!, activation).dGate)];
  },
  NormkitGelu: ([x], { approximation }) => [
    { shape: x!.shape, values: Array.from(x!.values, (value) => gelu(value, approximation)) },
  ],
  NormkitGeluGradient: ([dy, x], { approximation }) => [{
    shape: x!.shape,
    values: zip(dy!.values, x!.values, (d, value) => d * geluSlope(value, approximation)),
  }],
  NormkitCausalSoftmax: ([scores], { scale }) => [
    eachRow(scores!, (row, at) => maskedSoftmax(row, visibleTo(scores!.shape, at), scale)),
  ],
  NormkitCausalSoftmaxGradient: ([dy, pattern], { scale }) => {
    const slopes = rowsOf(dy!);
    return [eachRow(pattern!, (row, at) => maskedSoftmaxGrad(row, slopes[at]!, scale))];
  },
  NormkitAttention: (inputs, attributes) => {
    const { shape } = inputs[0]!;
    const y = zerosLike(inputs[0]!);
    const sums = Array.from({ length: y.length / shape.at(-1)! }, () => 0);
    eachHead(inputs, attributes, (head, options, { b, h }) => {
      const result = attendHead(head, options);
      addHead(y, shape, result.y, b, h);
      addHead(sums, [...shape.slice(0, -1), 1], result.logSumExp.map((value) => [value]), b, h);
    });
    return [{ shape, values: y }, { shape: shape.slice(0, -1), values: sums }];
  },
  NormkitAttentionGradient: ([dy, q, k, v, _y, _logSumExp, ...counts], attributes) => {
    const [dq, dk, dv] = [zerosLike(q!), zerosLike(k!), zerosLike(v!)];
    eachHead([q!, k!, v!, ...counts], attributes, (head, options, { b, h, group }) => {
      const gradients = attendHeadGrad(head, rowsOfHead(dy!, b, h), options);
      addHead(dq, q!.shape, gradients.q, b, h);
      addHead(dk, k!.shape, gradients.k, b, group);
      addHead(dv, v!.shape, gradients.v, b, group);
    });
    return [
      { shape: q!.shape, values: dq },
      { shape: k!.shape, values: dk },
      { shape: v!.shape, values: dv },
    ];
  },
  NormkitCrossEntropy: ([logits, labels]) => {
    const rows = rowsOf(logits!);
    return [scalarOf(crossEntropy(rows, Array.from(labels!.values))), vectorOf(logSums(rows))];
  },
  NormkitCrossEntropyGradient: ([dLoss, logits, labels]) => {
    const gradient = crossEntropyGrad(rowsOf(logits!), Array.from(labels!.values));
    return [matrixOf(gradient.map((row) => row.map((value) => dLoss!.values[0]! * value)))];
  },
  NormkitLinear: ([x, ...others], { bias }) => {
    const matrices = others.slice(0, bias ? others.length / 2 : others.length);
    return matrices.map((w, at) => {
      const product = matmul(rowsOf(x!), rowsOf(w));
      if (!bias) return matrixOf(product);
      const added = Array.from(others[matrices.length + at]!.values);
      return matrixOf(addRows(product, product.map(() => added)));
    });
  },
  NormkitLinearGradient: (inputs, { bias }) => {
    const count = (inputs.length - 1) / 2;
    const [x, ...matrices] = inputs.slice(count).map(rowsOf);
    const dys = inputs.slice(0, count).map(rowsOf);
    return [
      matrixOf(dys.map((dy, at) => matmul(dy, transpose(matrices[at]!))).reduce(addRows)),
      ...dys.map((dy) => matrixOf(matmul(transpose(x!), dy))),
      ...(bias ? dys.map((dy) => vectorOf(transpose(dy).map(sum))) : []),
    ];
  },
  NormkitScatterRows: ([dy, order, starts]) => {
    const rows = rowsOf(dy!);
    const width = dy!.shape[1]!;
    const places = Array.from(order!.values);
    const sums = Array.from({ length: starts!.values.length - 1 }, (_, v) => {
      const own = places.slice(starts!.values[v]!, starts!.values[v + 1]!).map((at) => rows[at]!);
      return Array.from({ length: width }, (_, d) => sum(own.map((row) => row[d]!)));
    });
    return [matrixOf(sums)];
  },
  NormkitGlobalNorm: (tensors) => [
    scalarOf(clipGlobalNorm(tensors.map(({ values }) => values), 1).norm),
  ],
  NormkitAdamW: (inputs, { rate, betas: [beta1, beta2], eps, step, decay }) => {
    const scale = inputs.at(-1)!.values[0]!;
    const input = (kind: number, index: number): Operand => inputs[kind * decay.length + index]!;
    const states = decay.map((weightDecay, index) =>
      adamWStep(
        {
          parameters: Array.from(input(0, index).values),
          first: Array.from(input(2, index).values),
          second: Array.from(input(3, index).values),
          step: step - 1,
        },
        Array.from(input(1, index).values, (value) => scale * value),
        { learningRate: rate, beta1, beta2, eps, weightDecay },
      )
    );
    return (["parameters", "first", "second"] as const).flatMap((key) =>
      states.map((state, index) => ({ shape: input(0, index).shape, values: state[key] }))
    );
  },
};

// Random calls of the public operations, with what they give in float64: operation, shapes (axes of 0 and 1, odd widths), scales up to
// where squares overflow, and dtypes, casts among them.

import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { Random } from "../../lib/core/mod.ts";
import type { Scalar, Tensor } from "../../lib/core/tensor.ts";
import type { GateActivation, NormKind } from "../../lib/kernels/mod.ts";
import * as ops from "../../lib/ops/mod.ts";
import { globalNorm, makeOptimizer } from "../../lib/train/mod.ts";
import { maskedSoftmax, maskedSoftmaxGrad } from "../reference/attention.ts";
import { gelu, geluSlope } from "../reference/gelu.ts";
import { gateActivations } from "../reference/gpas.ts";
import { ctc } from "../reference/ctc.ts";
import { crossEntropy, crossEntropyGrad } from "../reference/losses.ts";
import { norm, normGrad } from "../reference/norms.ts";
import { adamWStep } from "../reference/optimizers.ts";
import { addRows, dot, matmul, type Rows, sum, transpose, zip } from "../reference/rows.ts";
import type { Given } from "../support/evaluate.ts";
import { floats } from "../support/kernels.ts";

type Values = readonly number[];

/** How an argument is made: as floats, as a cast of integers, or as integers, which are refused. */
export type Made = "float32" | "cast of int32" | "cast of bool" | "int32" | "bool";

/** An operation on example numbers. */
interface Call {
  /** The operation with its attributes. */
  readonly name: string;
  /** The arguments that are tensors, by name. */
  readonly inputs: Readonly<Record<string, Given>>;
  /** Calls it; the tensors come in the order of the inputs. */
  call(...tensors: Tensor[]): Tensor;
  /** The value in float64; undefined where single precision may overflow or not. */
  value(...inputs: Values[]): Values | undefined;
  /** The gradients in float64; none where the operation is not for that. */
  gradients?(dy: Values, ...inputs: Values[]): readonly Values[];
  /** The size of terms whose difference the value may be. */
  valueTerms?(...inputs: Values[]): number;
  /** The same of a gradient, per unit of dy. */
  terms?(...inputs: Values[]): number;
}

/** A call with the way in which each of its arguments is made. */
export interface OperationCase extends Call {
  /** By name. */
  readonly made: Readonly<Record<string, Made>>;
}

const length = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 31, 33, 64, 127, 257);
const count = fc.constantFrom(0, 1, 2, 3, 5, 8, 17);
const seed = fc.integer({ min: 1, max: 2 ** 30 });
const scale = fc.constantFrom(1, 1, 1, 1e-3, 30, 1e3);
const wideScale = fc.oneof(scale, fc.constantFrom(1e-12, 1e6, 1e15, 1e22));
const alpha = fc.constantFrom(1, 1.5, 0.25);
const activation = fc.constantFrom(...Object.keys(gateActivations) as GateActivation[]);
const approximation = fc.constantFrom("none" as const, "tanh" as const);
const shape = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(count, length).map((pair) => [...pair]) },
  length.map((width) => [width]),
  fc.tuple(fc.constantFrom(1, 2), count, length).map((triple) => [...triple]),
);

const rowsOf = (values: Values, width: number): number[][] =>
  Array.from(
    { length: values.length / width },
    (_, row) => values.slice(row * width, (row + 1) * width),
  );

const most = (values: Values): number => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** How a norm treats a row: its kind in the oracle, the numbers that it reads, and whether their squares overflow. */
interface Row {
  readonly kind: "layer" | "rms" | "crms";
  readonly held: Values;
  readonly overflows: boolean | undefined;
}

function rowOf(kind: NormKind, row: Values): Row {
  const held = kind === "crms-padded" ? row.slice(0, -1) : row;
  const center = kind === "layer" ? sum(held) / held.length : 0;
  const centered = held.map((value) => value - center);
  const total = kind === "crms" || kind === "crms-padded" ? sum(held) : 0;
  const squares = dot(centered, centered) + total ** 2;
  return {
    kind: kind === "crms-padded" ? "crms" : kind,
    held,
    overflows: squares > 1e40 ? true : squares < 1e37 ? false : undefined,
  };
}

/** A row with the lane that pads it. */
const padded = (kind: NormKind, row: Values): Values => kind === "crms-padded" ? [...row, 0] : row;

function normValue(
  kind: NormKind,
  x: Values,
  gain: Values,
  bias: Values,
  eps: number,
): Values | undefined {
  const rows = rowsOf(x, gain.length).map((row) => rowOf(kind, row));
  if (rows.some(({ overflows }) => overflows === undefined)) return undefined;
  return rows.flatMap(({ kind: oracle, held, overflows }) => {
    const [gains, biases] = [gain, bias].map((vector) => vector.slice(0, held.length));
    const y = overflows ? biases! : norm(oracle, held, { gain: gains!, bias: biases!, eps });
    return padded(kind, y);
  });
}

function normGradients(
  kind: NormKind,
  dy: Values,
  x: Values,
  gain: Values,
  eps: number,
): [dx: Values, dGain: Values, dBias: Values] {
  const lanes = kind === "crms-padded" ? gain.length - 1 : gain.length;
  const gains = gain.slice(0, lanes);
  const slopes = rowsOf(dy, gain.length).map((row) => row.slice(0, lanes));
  const each = rowsOf(x, gain.length).map((row, at) => {
    const { kind: oracle, held, overflows } = rowOf(kind, row);
    const none = held.map(() => 0);
    if (overflows || lanes === 0) return { dx: none, dGain: none };
    const found = normGrad(oracle, [[...held]], [slopes[at]!], { gain: gains, eps });
    return { dx: found.dx[0]!, dGain: found.dGain };
  });
  const added = (rows: readonly Values[]): Values =>
    padded(kind, Array.from({ length: lanes }, (_, at) => sum(rows.map((row) => row[at]!))));
  return [
    each.flatMap(({ dx }) => padded(kind, dx)),
    added(each.map(({ dGain }) => dGain)),
    added(slopes),
  ];
}

/** How large the terms are whose differences are in a row, after its division by the root: as much as |x| is rounded. */
interface RowTerms {
  readonly value: number;
  readonly gradient: number;
}

function rowTerms(kind: NormKind, row: Values, gain: number, eps: number): RowTerms {
  const { held, overflows } = rowOf(kind, row);
  if (overflows || held.length === 0) return { value: 0, gradient: 0 };
  const center = kind === "layer" ? sum(held) / held.length : 0;
  const centered = held.map((value) => value - center);
  const perUnit = gain / Math.sqrt(dot(centered, centered) / held.length + eps);
  const value = center === 0 ? 0 : most(held) * perUnit / 10;
  return { value, gradient: perUnit * Math.sqrt(held.length) * (1 + value) };
}

/** The largest of a norm's rows. */
function normTerms(kind: NormKind, x: Values, gain: Values, eps: number): RowTerms {
  const rows = rowsOf(x, gain.length).map((row) => rowTerms(kind, row, most(gain), eps));
  return {
    value: most(rows.map(({ value }) => value)),
    gradient: most(rows.map(({ gradient }) => gradient)),
  };
}

/** The oracles of x ↦ norm(x) with gain and bias. */
const normCalls = (kind: NormKind, eps: number) => ({
  value: (x: Values, gain: Values, bias: Values) => normValue(kind, x, gain, bias, eps),
  gradients: (dy: Values, x: Values, gain: Values) => normGradients(kind, dy, x, gain, eps),
  // gain · x̂ and the bias may cancel
  valueTerms: (x: Values, gain: Values, bias: Values) =>
    normTerms(kind, x, gain, eps).value + most(bias) / 10,
  terms: (x: Values, gain: Values) => normTerms(kind, x, gain, eps).gradient,
});

/** 0 at the lane that pads. */
function withPadding(kind: NormKind, { shape, values }: Given): Given {
  const width = shape.at(-1)!;
  if (kind !== "crms-padded") return { shape, values };
  return { shape, values: Array.from(values, (v, at) => at % width === width - 1 ? 0 : v) };
}

const normKind = fc.constantFrom<NormKind>("layer", "rms", "crms", "crms-padded");
const eps = fc.constantFrom(1e-5, 1e-5, 1e-12, 1, 2 ** -126);
const norms = fc.record({ kind: normKind, shape, seed, scale: wideScale, eps, alpha }).map(
  (given) => ({
    ...given,
    x: withPadding(
      given.kind,
      floats(given.shape, given.seed, {
        spread: given.scale,
        center: given.scale * (given.seed % 2),
      }),
    ),
    gain: floats([given.shape.at(-1)!], given.seed + 1, { center: 1.5 }),
    bias: floats([given.shape.at(-1)!], given.seed + 2),
  }),
);

function normOf(kind: NormKind, x: Tensor, options: ops.NormOptions): Tensor {
  if (kind === "layer") return ops.layerNorm(x, options);
  if (kind === "rms") return ops.rmsNorm(x, options);
  return ops.crmsNorm(x, { ...options, layout: kind === "crms" ? "compressed" : "padded" });
}

/** A function of each number with its slope. */
function elementwise(
  name: string,
  x: Given,
  call: (x: Tensor) => Tensor,
  { value, slope }: { value(x: number): number; slope(x: number): number },
): Call {
  return {
    name,
    inputs: { x },
    call,
    value: (x) => x.map(value),
    gradients: (dy, x) => [zip(dy, x, (d, v) => d * slope(v))],
    // GELU by tanh is the difference of terms of the size of x, a slope of terms of 1
    // and the hyperbolic tangent of some devices is good to 3e-8, not to that share of itself
    valueTerms: (x) => Math.max(Math.min(most(x), 40), 0.02),
    terms: () => 1,
  };
}

const one = fc.record({ shape, seed, scale: wideScale }).map(({ shape, seed, scale }) =>
  floats(shape, seed, { spread: scale })
);

/** The pairs that rotary() turns, by their angles; `sign` −1 turns back. */
function turned(x: Values, [length, width]: readonly [number, number], sign: number): Values {
  const half = width / 2;
  return x.map((value, at) => {
    const [t, i] = [Math.floor(at / width) % length, at % width];
    const angle = sign * t * 10000 ** (-2 * (i % half) / width);
    const other = i < half ? -x[at + half]! : x[at - half]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

/** By operation. */
const calls: Readonly<Record<string, fc.Arbitrary<Call>>> = {
  norm: norms.map(({ kind, x, gain, bias, eps }) => ({
    name: `norm of ${kind}, ε = ${eps}`,
    inputs: { x, gain, bias },
    call: (x, gain, bias) => normOf(kind, x!, { gain: gain!, bias: bias!, eps }),
    ...normCalls(kind, eps),
  })),
  addNorm: norms.map(({ kind, x, gain, bias, eps, alpha, seed, shape }) => {
    const { value, gradients, valueTerms, terms } = normCalls(kind, eps);
    const added = (x: Values, branch: Values): Values =>
      zip(x, branch, (a, b) => Math.fround(alpha * a + b));
    return {
      name: `addNorm of ${kind}, alpha = ${alpha}, ε = ${eps}`,
      inputs: { x, branch: withPadding(kind, floats(shape, seed + 3)), gain, bias },
      call: (x, branch, gain, bias) => {
        const both = ops.addNorm(x!, branch!, { kind, alpha, eps, gain: gain!, bias: bias! });
        return tf.add(both.sum, both.normed);
      },
      value: (x, branch, gain, bias) => {
        const total = added(x, branch);
        const y = value(total, gain, bias);
        return y === undefined ? undefined : zip(total, y, (a, b) => a + b);
      },
      gradients: (dy, x, branch, gain) => {
        const [dx, dGain, dBias] = gradients(dy, added(x, branch), gain);
        const dTotal = zip(dy, dx!, (a, b) => a + b);
        return [dTotal.map((d) => alpha * d), dTotal, dGain!, dBias!];
      },
      valueTerms: (x, branch, gain, bias) => valueTerms(added(x, branch), gain, bias),
      terms: (x, branch, gain) => 2 + 2 * terms(added(x, branch), gain),
    };
  }),
  gpas: fc.record({ shape, seed, scale, activation }).map(({ shape, seed, scale, activation }) => {
    const { value, slope } = gateActivations[activation];
    return {
      name: `gpas by ${activation}`,
      inputs: { x: floats(shape, seed, { spread: scale }), gate: floats([], seed, { spread: 3 }) },
      call: (x, gate) => ops.gpas(x!, gate!, { activation }),
      value: (x, [gate]) => x.map((v) => (1 - value(gate!)) * v),
      gradients: (dy, x, [gate]) => [dy, [-slope(gate!) * dot(dy, x)]],
      valueTerms: (x, [gate]) => (1 + Math.abs(value(gate!))) * most(x),
    };
  }),
  addGpas: fc.record({
    shape,
    seed,
    scale,
    activation,
    alpha,
    on: fc.constantFrom("sum" as const, "shortcut" as const),
  }).map(({ shape, seed, scale, activation, alpha, on }) => {
    const { value, slope } = gateActivations[activation];
    const kept = on === "sum" ? 1 : 0;
    return {
      name: `addGpas of the ${on} by ${activation}, alpha = ${alpha}`,
      inputs: {
        x: floats(shape, seed, { spread: scale }),
        branch: floats(shape, seed + 1, { spread: scale }),
        gate: floats([], seed + 2, { spread: 3 }),
      },
      call: (x, branch, gate) => ops.addGpas(x!, branch!, gate!, { activation, alpha, on }),
      value: (x, branch, [gate]) => {
        const share = value(gate!);
        return zip(x, branch, (a, b) => (1 - share) * alpha * a + (1 - kept * share) * b);
      },
      gradients: (dy, x, branch, [gate]) => [
        dy.map((d) => alpha * d),
        dy,
        [-slope(gate!) * dot(dy, zip(x, branch, (a, b) => alpha * a + kept * b))],
      ],
      valueTerms: (x, branch, [gate]) =>
        (1 + Math.abs(value(gate!))) * (alpha * most(x) + most(branch)),
    };
  }),
  gelu: fc.tuple(one, approximation).map(([x, approximation]) =>
    elementwise(`gelu, ${approximation}`, x, (x) => ops.gelu(x, { approximation }), {
      value: (v) => Math.abs(v) > 40 ? Math.max(v, 0) : gelu(v, approximation),
      slope: (v) => Math.abs(v) > 40 ? Number(v > 0) : geluSlope(v, approximation),
    })
  ),
  activation: fc.tuple(one, activation).map(([x, name]) =>
    elementwise(
      `gateActivations["${name}"]`,
      x,
      (x) => tf.clone(ops.gateActivations[name](x)),
      gateActivations[name],
    )
  ),
  stopGradient: fc.record({ shape, seed, scale }).map(({ shape, seed, scale }) =>
    elementwise(
      "stopGradient of x, times x",
      floats(shape, seed, { spread: scale }),
      (x) => tf.mul(x, ops.stopGradient(x)),
      { value: (v) => v * v, slope: (v) => v },
    )
  ),
  dropout: fc.tuple(one, seed, fc.constantFrom(0.1, 0.5)).map(([x, seed, rate]) => {
    const mask = (values: Values): Values => {
      const random = new Random(seed);
      return values.map((v) => random.uniform() < rate ? 0 : v / (1 - rate));
    };
    return {
      name: `dropout of ${rate}`,
      inputs: { x },
      call: (x) => ops.dropout(x!, rate, new Random(seed)),
      value: mask,
      gradients: (dy) => [mask(dy)],
    };
  }),
  rotary: fc.record({
    batch: count,
    length: count,
    half: fc.constantFrom(1, 2, 3, 4, 16, 17),
    seed,
    scale,
  }).map(({ batch, length, half, seed, scale }) => {
    const matrix = [length, 2 * half] as const;
    return {
      name: "rotary",
      inputs: { x: floats([batch, ...matrix], seed, { spread: scale }) },
      call: (x) => ops.rotary(x!),
      value: (x) => turned(x, matrix, 1),
      gradients: (dy) => [turned(dy, matrix, -1)],
    };
  }),
  causalSoftmax: fc.record({
    batch: count,
    queries: count,
    past: fc.constantFrom(0, 0, 1, 5, 16),
    factor: fc.constantFrom(1, 0.125),
    seed,
    scale,
  }).map(({ batch, queries, past, factor, seed, scale }) => {
    const keys = queries + past;
    const patterns = (scores: Values): number[][] =>
      rowsOf(scores, keys).map((row, at) => maskedSoftmax(row, at % queries + past + 1, factor));
    return {
      name: `causalSoftmax, scale = ${factor}`,
      inputs: { scores: floats([batch, queries, keys], seed, { spread: scale }) },
      call: (scores) => ops.causalSoftmax(scores!, factor),
      value: (scores) => patterns(scores).flat(),
      gradients: (dy, scores) => {
        const slopes = rowsOf(dy, keys);
        return [
          patterns(scores).flatMap((row, at) => maskedSoftmaxGrad(row, slopes[at]!, factor)),
        ];
      },
      terms: () => factor,
    };
  }),
  crossEntropy: fc.record({
    rows: fc.constantFrom(1, 2, 5, 17),
    classes: length,
    seed,
    scale,
    ignored: fc.constantFrom(0, 0, 1, 16),
    smoothing: fc.constantFrom(0, 0, 0.1, 1),
  }).map(({ rows, classes, seed, scale, ignored, smoothing }) => {
    const labels = Array.from(
      { length: rows },
      (_, row) => row < Math.min(ignored, rows - 1) ? -1 : (row * 31 + seed) % classes,
    );
    const options = { ignore: -1, smoothing };
    const kept = labels.filter((label) => label >= 0).length;
    return {
      name: `crossEntropy of ${kept} rows, smoothing = ${smoothing}`,
      inputs: { logits: floats([rows, classes], seed, { spread: scale }) },
      call: (logits) => ops.crossEntropy(logits!, Int32Array.from(labels), options),
      value: (logits) => [crossEntropy(rowsOf(logits, classes), labels, options)],
      gradients: ([dy], logits) => [
        crossEntropyGrad(rowsOf(logits, classes), labels, options).flat().map((v) => dy! * v),
      ],
      // log Σ exp is kept in single precision: the loss and the probabilities are as good as that
      valueTerms: (logits) => most(logits) / 10,
      terms: (logits) => (1 + most(logits)) / kept,
    };
  }),
  ctcLoss: fc.record({
    labels: fc.array(
      fc.array(fc.constantFrom(0, 1, 3), { maxLength: 4 }),
      { minLength: 1, maxLength: 3 },
    ),
    spare: fc.constantFrom(0, 1, 7),
    seed,
    scale: fc.constantFrom(1, 1e-3, 10),
  }).map(({ labels, spare, seed, scale }) => {
    const lengths = labels.map((label, row) =>
      Math.max(1, label.length + label.filter((one, at) => one === label[at - 1]).length) +
      (row + seed) % (spare + 1)
    );
    const frames = most(lengths) + seed % 2;
    const options = { lengths, blank: 2 };
    const expected = (logits: Values): ReturnType<typeof ctc> =>
      ctc(rowsOf(logits, 4 * frames).map((row) => rowsOf(row, 4)), labels, options);
    return {
      name: `ctcLoss of ${JSON.stringify(labels)}`,
      inputs: { logits: floats([labels.length, frames, 4], seed, { spread: scale }) },
      call: (logits) => ops.ctcLoss(logits!, labels, options),
      value: (logits) => [expected(logits).loss],
      gradients: ([dy], logits) => [expected(logits).gradient.flat(2).map((v) => dy! * v)],
      valueTerms: (logits) => most(logits) / 10,
      // scores of a frame lie apart by as much as its logits and those before
      terms: (logits) => 1 + most(logits),
    };
  }),
  lookup: fc.record({ rows: fc.constantFrom(1, 2, 9), ids: count, width: length, seed, scale }).map(
    ({ rows, ids, width, seed, scale }) => {
      const chosen = Array.from({ length: ids }, (_, at) => (at * at + seed) % rows);
      return {
        name: "lookup",
        inputs: { table: floats([rows, width], seed, { spread: scale }) },
        call: (table) => ops.lookup(table!, Int32Array.from(chosen)),
        value: (table) => chosen.flatMap((id) => rowsOf(table, width)[id]!),
        gradients: (dy) => {
          const slopes = rowsOf(dy, width);
          return [Array.from({ length: rows * width }, (_, at) => {
            const own = slopes.filter((_, place) => chosen[place] === Math.floor(at / width));
            return sum(own.map((row) => row[at % width]!));
          })];
        },
      };
    },
  ),
  matMul: fc.record({
    rows: count,
    inner: fc.oneof(length, fc.constant(0)),
    outer: length,
    seed,
    scale,
  })
    .map(({ rows, inner, outer, seed, scale }) => {
      const wide = (w: Values): Rows => rowsOf(w, outer);
      return {
        name: "matMul with a bias",
        inputs: {
          x: floats([rows, inner], seed, { spread: scale }),
          w: floats([inner, outer], seed + 1),
          bias: floats([outer], seed + 2, { spread: scale }),
        },
        call: (x, w, bias) => ops.matMul(x!, w!, bias),
        value: (x, w, bias) => {
          const biases = Array.from({ length: rows }, () => [...bias]);
          if (inner === 0) return biases.flat();
          return addRows(matmul(rowsOf(x, inner), wide(w)), biases).flat();
        },
        gradients: (dy, x, w) => [
          inner === 0 ? [] : matmul(wide(dy), transpose(wide(w))).flat(),
          inner === 0 ? [] : matmul(transpose(rowsOf(x, inner)), wide(dy)).flat(),
          transpose(wide(dy)).map(sum),
        ],
      };
    }),
  globalNorm: fc.tuple(one, one).map(([a, b]) => ({
    name: "globalNorm",
    inputs: { a, b },
    call: (a, b) => globalNorm({ a: a!, b: b! }),
    value: (a, b) => {
      const squares = dot(a, a) + dot(b, b);
      return squares > 1e40 ? [Infinity] : squares < 1e37 ? [Math.sqrt(squares)] : undefined;
    },
  })),
  adamW: fc.record({ size: length, seed, scale, step: fc.integer({ min: 0, max: 99 }) }).map(
    ({ size, seed, scale, step }) => {
      const given = (more: number): Given => floats([size], seed + more, { spread: scale });
      const square = {
        ...given(3),
        values: Array.from(given(3).values, (v) => Math.fround(v * v)),
      };
      const settings = { kind: "adamw", betas: [0.9, 0.98], eps: 1e-8, weightDecay: 0.1 } as const;
      return {
        name: `AdamW, step ${step + 1}`,
        inputs: { p: floats([size], seed), g: given(1), m: given(2), v: square },
        call: (w, g, m, v) => {
          const state = { step, moments: [{ w: m! }, { w: v! }] };
          const optimizer = makeOptimizer(settings, () => true);
          const next = optimizer.update(
            { w: w! },
            { w: g! },
            state,
            0.01,
            tf.scalar(0.5) as Scalar,
          );
          return tf.concat([next.parameters, ...next.state.moments].map(({ w }) => w));
        },
        value: (p, g, m, v) => {
          const next = adamWStep(
            { parameters: p, first: m, second: v, step },
            g.map((d) => d / 2),
            {
              learningRate: 0.01,
              beta1: 0.9,
              beta2: 0.98,
              eps: 1e-8,
              weightDecay: 0.1,
            },
          );
          return [...next.parameters, ...next.first, ...next.second];
        },
      };
    },
  ),
};

/** Numbers that integers can be made of, in the ranges of these. */
const wholes: Readonly<Record<Exclude<Made, "float32">, (value: number) => number>> = {
  "cast of int32": (value) => Math.round(Math.max(-(2 ** 20), Math.min(2 ** 20, value))),
  "int32": (value) => Math.round(Math.max(-(2 ** 20), Math.min(2 ** 20, value))),
  "cast of bool": (value) => Number(value > 0),
  "bool": (value) => Number(value > 0),
};

/** One call in three has an argument that is no float, or was none. */
const changes = fc.option(
  fc.record({
    at: fc.nat(9),
    made: fc.constantFrom(...Object.keys(wholes) as (keyof typeof wholes)[]),
  }),
  { freq: 2 },
);

/** The operations by name. */
export const operationNames: readonly string[] = Object.keys(calls);

/** Random calls of any operation. */
export const operationCases: fc.Arbitrary<OperationCase> = fc.tuple(
  fc.oneof(...Object.values(calls)),
  changes,
).map(([call, change]) => {
  const names = Object.keys(call.inputs);
  const changed = change === null ? undefined : names[change.at % names.length]!;
  const inputs = Object.entries(call.inputs).map(([name, { shape, values }]) => [
    name,
    {
      shape,
      values: name === changed ? Array.from(values, wholes[change!.made]) : Array.from(values),
    },
  ]);
  const made = names.map((name) => [name, name === changed ? change!.made : "float32"]);
  return { ...call, inputs: Object.fromEntries(inputs), made: Object.fromEntries(made) };
});

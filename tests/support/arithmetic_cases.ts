// One case for each operation of an arithmetic, with what plain formulas over rows give.

import type { Arithmetic } from "../../lib/interpret/arithmetic.ts";
import type { ActivationName } from "../../lib/model/spec.ts";
import { softmax } from "../reference/losses.ts";
import { norm, type NormKind } from "../reference/norms.ts";
import { randomRow, randomRows, uniform } from "../reference/random.ts";
import { addRows, mapRows, matmul, type Rows, sum, transpose, zip } from "../reference/rows.ts";

/** An operation, and its result as rows. */
export interface ArithmeticCase {
  readonly name: string;
  compute<T>(arithmetic: Arithmetic<T>): T;
  readonly expected: Rows;
}

/** Rows as a matrix. */
export function matrixIn<T>(arithmetic: Arithmetic<T>, rows: Rows): T {
  return arithmetic.matrix(Float64Array.from(rows.flat()), rows.length, rows[0]!.length);
}

// float32 holds all of them, so that only computing them can err
const next = uniform(7);
const rows = (count: number, width: number): number[][] =>
  mapRows(randomRows(next, count, width), Math.fround);
const row = (width: number): Float64Array => Float64Array.from(randomRow(next, width), Math.fround);

const [x, y] = [rows(5, 6), rows(5, 6)];
const [scales, shifts] = [row(6), row(6)];

const products = [[1, 1, 1], [5, 7, 3], [4, 4, 4], [9, 300, 6], [3, 513, 10]] as const;

const productCases = products.flatMap(([n, inputs, outputs]): ArithmeticCase[] => {
  const [a, b] = [rows(n, inputs), rows(inputs, outputs)];
  const size = `[${n}, ${inputs}] · [${inputs}, ${outputs}]`;
  return [
    {
      name: `product() ${size}, in-out`,
      compute: (to) => to.product(matrixIn(to, a), matrixIn(to, b), "in-out"),
      expected: matmul(a, b),
    },
    {
      name: `product() ${size}, out-in`,
      compute: (to) => to.product(matrixIn(to, a), matrixIn(to, transpose(b)), "out-in"),
      expected: matmul(a, b),
    },
  ];
});

const normCases = (["layer", "rms", "crms"] as const).flatMap((kind: NormKind): ArithmeticCase[] =>
  [{}, { gain: scales }, { bias: shifts }, { gain: scales, bias: shifts }].map((parameters) => ({
    name: `norm() ${kind} with ${Object.keys(parameters).join(" and ") || "no parameters"}`,
    compute: (to) => to.norm(matrixIn(to, x), { kind, eps: 1e-3, ...parameters }),
    expected: x.map((values) => norm(kind, values, { eps: 1e-3, ...parameters })),
  }))
);

/** x with its gelu, gelu_new, silu and quick_gelu, computed with 50 digits (mpmath) and rounded. */
const curves: Rows = [
  [-20, -5.507248237212468e-88, 0, -4.122307236380407e-08, -3.2934102413993747e-14],
  [
    -6,
    -5.9195258702261885e-09,
    -8.439646700762303e-11,
    -0.014835738939808645,
    -0.00022035354978739246,
  ],
  [
    -3.5,
    -0.0008142017766243376,
    -0.0006161976553736634,
    -0.10259280762974711,
    -0.009033446134780122,
  ],
  [-2.125, -0.035685776202953726, -0.03548040048286821, -0.22671751213450878, -0.05560437444865194],
  [-2, -0.04550026389635842, -0.04540230591222498, -0.23840584404423512, -0.06434137685579186],
  [-1.5, -0.1002108019032871, -0.10042842301976708, -0.2736382857095345, -0.10833780155292343],
  [-0.5, -0.15426876936299344, -0.15428599017485609, -0.18877033439907273, -0.1496115633936199],
  [0, 0, 0, 0, 0],
  [0.25, 0.14967658142073093, 0.149675350701685, 0.14054412522144952, 0.1511996499001942],
  [1, 0.8413447460685429, 0.8411919906082767, 0.7310585786300049, 0.8457957659328212],
  [2.5, 2.4844758366855597, 2.484915733910001, 2.310354549946891, 2.46501383495143],
  [6, 5.999999994080474, 5.9999999999156035, 5.985164261060191, 5.999779646450213],
];
const [points, ...results] = transpose(curves) as [number[], ...number[][]];

/** GELU of numbers down to −20, to 50 digits. */
export const exactGelu: { readonly x: readonly number[]; readonly gelu: readonly number[] } = {
  x: points,
  gelu: results[0]!,
};

const activationCases = [
  ...(["gelu", "gelu_new", "silu", "quick_gelu"] as const).map((activation, at) =>
    [activation, results[at]!] as const
  ),
  ["relu", points.map((value) => value > 0 ? value : 0)] as const,
].map(([activation, values]: readonly [ActivationName, number[]]): ArithmeticCase => ({
  name: `activate() ${activation}`,
  compute: (to) => to.activate(matrixIn(to, [points]), activation),
  expected: [values],
}));

/** The cases of all operations. */
export const arithmeticCases: readonly ArithmeticCase[] = [
  ...productCases,
  ...normCases,
  ...activationCases,
  {
    name: "add()",
    compute: (to) => to.add(matrixIn(to, x), matrixIn(to, y)),
    expected: addRows(x, y),
  },
  {
    name: "multiply()",
    compute: (to) => to.multiply(matrixIn(to, x), matrixIn(to, y)),
    expected: x.map((values, at) => zip(values, y[at]!, (a, b) => a * b)),
  },
  {
    name: "addRow()",
    compute: (to) => to.addRow(matrixIn(to, x), shifts),
    expected: x.map((values) => zip(values, shifts, (a, b) => a + b)),
  },
  {
    name: "multiplyRow()",
    compute: (to) => to.multiplyRow(matrixIn(to, x), scales),
    expected: x.map((values) => zip(values, scales, (a, b) => a * b)),
  },
  {
    name: "scale()",
    compute: (to) => to.scale(matrixIn(to, x), -2.5),
    expected: mapRows(x, (value) => -2.5 * value),
  },
  {
    name: "addSum()",
    compute: (to) => to.addSum(matrixIn(to, x), -0.25),
    expected: x.map((values) => values.map((value) => value - 0.25 * sum(values))),
  },
  {
    name: "clip()",
    compute: (to) => to.clip(matrixIn(to, x), 0.25),
    expected: mapRows(x, (value) => Math.abs(value) < 0.25 ? value : 0.25 * Math.sign(value)),
  },
  {
    name: "softmax()",
    compute: (to) => to.softmax(to.scale(matrixIn(to, x), 8)),
    expected: x.map((values) => softmax(values.map((value) => 8 * value))),
  },
  {
    name: "softmax() gives masked places 0",
    compute: (to) =>
      to.softmax(to.addRow(matrixIn(to, x), Float64Array.of(0, 0, -1e9, 0, 0, -1e9))),
    expected: x.map(([a, b, , c, d]) => {
      const [p, q, r, s] = softmax([a!, b!, c!, d!]) as [number, number, number, number];
      return [p, q, 0, r, s, 0];
    }),
  },
  {
    name: "reshape()",
    compute: (to) => to.reshape(matrixIn(to, x), 3, 10),
    expected: [0, 10, 20].map((start) => x.flat().slice(start, start + 10)),
  },
  {
    name: "rows()",
    compute: (to) => to.rows(matrixIn(to, x), 1, 3),
    expected: x.slice(1, 4),
  },
  {
    name: "columns()",
    compute: (to) => to.columns(matrixIn(to, x), 2, 3),
    expected: x.map((values) => values.slice(2, 5)),
  },
  {
    name: "joinRows()",
    compute: (to) => to.joinRows([matrixIn(to, x), matrixIn(to, y.slice(0, 2))]),
    expected: [...x, ...y.slice(0, 2)],
  },
  {
    name: "joinRows() of one",
    compute: (to) => to.joinRows([matrixIn(to, x)]),
    expected: x,
  },
  {
    name: "joinColumns()",
    compute: (to) => to.joinColumns([matrixIn(to, x), to.columns(matrixIn(to, y), 0, 1)]),
    expected: x.map((values, at) => [...values, y[at]![0]!]),
  },
];

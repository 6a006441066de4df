/**
 * The residual oracles against the papers' equations in one number. On a row [a, −a], with identity
 * matrices and no biases, a norm is `gain · a / √(a² + ε)` and a branch is `tanh`, so that every
 * recurrence is a line of scalar arithmetic.
 */
import { assertEquals } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { oracleIds, type OracleNorms, type OracleStack, oracleStream } from "./residuals.ts";
import { oracle } from "./residuals.ts";

const eps = 0.25;
const start = 0.7;
const gains = { input: 0.8, inner: 1.3, output: 0.6, stream: 1.7, final: 1.1 } as const;
const gates = [0.5, -0.4, 0.3, 0.9] as const;

const identity = [[1, 0], [0, 1]];
const params = (gain: number) => ({ gain: [gain, gain], bias: [0, 0] });
const norms: OracleNorms = {
  input: params(gains.input),
  inner: params(gains.inner),
  output: params(gains.output),
  stream: params(gains.stream),
};
const sublayer = { w1: identity, w2: identity };
const stack: OracleStack = {
  layers: gates.map((gate) => ({ sublayers: [sublayer, sublayer], norms: [norms, norms], gate })),
  final: params(gains.final),
  eps,
  norm: "layer",
};

const normed = (site: keyof typeof gains, a: number, own = eps): number =>
  gains[site] * a / Math.sqrt(a * a + own);

/** `c` is 1 − SiLU(gate) of the layer; it is 1 without GPAS. */
type Equation = (a: number, layer: number, c: number) => number;

const post: Equation = (a, _, c) => normed("stream", c * a + Math.tanh(a));
const pre: Equation = (a, _, c) => c * (a + Math.tanh(normed("input", a)));
const sandwich: Equation = (a, _, c) => c * (a + normed("output", Math.tanh(normed("input", a))));

const equations: Readonly<Record<string, Equation>> = {
  "post-ln": post,
  "pre-ln": pre,
  "sub-ln": (a, _, c) => c * (a + normed("inner", Math.tanh(normed("input", a)))),
  "deep-norm": (a, _, c) => normed("stream", 8 ** 0.25 * c * a + Math.tanh(a)),
  "sandwich-ln": sandwich,
  "resi-dual": post,
  "mix-ln": (a, layer, c) => (layer === 1 ? post : pre)(a, layer, c),
  "lns": (a, layer, c) => c * (a + Math.tanh(normed("input", a) / Math.sqrt(layer))),
  "lns-gain": pre,
  "peri-ln": sandwich,
  "res-post-norm": (a, _, c) => c * (a + normed("output", Math.tanh(a))),
};

/** The number before the stack and after each sub-layer. */
function trajectory(equation: Equation, scale: (gate: number) => number): number[] {
  const values = [start];
  gates.forEach((gate, index) => {
    for (let half = 0; half < 2; half++) {
      values.push(equation(values.at(-1) as number, index + 1, scale(gate)));
    }
  });
  return values;
}

/** What leaves the stack after that trajectory. */
function ended(id: string, values: readonly number[]): number {
  const last = values.at(-1) as number;
  if (id === "post-ln" || id === "deep-norm") return last;
  if (id !== "resi-dual") return normed("final", last);
  const dual = values.slice(0, -1).reduce((total, a) => total + Math.tanh(a), start);
  return last + normed("final", dual, 1e-7);
}

Deno.test("oracleIds are the variants with an equation here", () => {
  assertEquals([...oracleIds].sort(), Object.keys(equations).sort());
});

for (const [id, equation] of Object.entries(equations)) {
  Deno.test(`oracle() and oracleStream() of ${id} follow its equation, with and without GPAS`, () => {
    const scales = { "": () => 1, "+gpas": (gate: number) => 1 - gate / (1 + Math.exp(-gate)) };
    for (const [modifier, scale] of Object.entries(scales)) {
      const values = trajectory(equation, scale);
      const row = [[start, -start]];
      const stream = oracleStream(id + modifier, stack, row);
      const pairs = values.slice(1).flatMap((a) => [a, -a]);
      assertClose(stream.flat(2), pairs, `stream of ${id}${modifier}`, 1e-13);
      const out = ended(id, values);
      assertClose(oracle(id + modifier, stack, row).flat(), [out, -out], id + modifier, 1e-13);
    }
  });
}

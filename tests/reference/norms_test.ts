import { assertAlmostEquals, assertThrows } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { differences } from "./differences.ts";
import { type GateActivation, gateActivations, gpas, gpasGrad } from "./gpas.ts";
import { crmsNorm, layerNorm, norm, normGrad, type NormKind, rmsNorm } from "./norms.ts";
import { randomRow, randomRows, uniform } from "./random.ts";
import { dot, mean, type Row, sum, zipRows } from "./rows.ts";

const kinds: readonly NormKind[] = ["layer", "rms", "crms"];

for (const kind of kinds) {
  Deno.test(`normGrad() of ${kind} agrees with central differences in x, gain and bias`, () => {
    for (const [rows, width, eps] of [[1, 1, 0.1], [3, 5, 1e-5], [2, 8, 1e-3]] as const) {
      const next = uniform(7 + width);
      const x = randomRows(next, rows, width);
      const dy = randomRows(next, rows, width);
      const gain = randomRow(next, width);
      const bias = randomRow(next, width);
      const objective = (x: number[][], gain: Row, bias: Row): number =>
        sum(zipRows(x, dy, (row, d) => dot(norm(kind, row, { gain, bias, eps }), d)));
      const reshape = (flat: Row): number[][] =>
        x.map((_, row) => Array.from(flat).slice(row * width, (row + 1) * width));

      const { dx, dGain, dBias } = normGrad(kind, x, dy, { gain, bias, eps });
      const where = `${rows} rows of ${width}`;
      const inX = differences((flat) => objective(reshape(flat), gain, bias), x.flat());
      assertClose(dx.flat(), inX, `dx of ${where}`);
      assertClose(dGain, differences((g) => objective(x, g, bias), gain), `dGain of ${where}`);
      assertClose(dBias, differences((b) => objective(x, gain, b), bias), `dBias of ${where}`);
    }
  });
}

Deno.test("layerNorm() of x is rmsNorm() of x minus its mean, ε included", () => {
  const x = randomRow(uniform(1), 6);
  const centered = x.map((value) => value - mean(x));
  assertClose(layerNorm(x, { eps: 0.1 }), rmsNorm(centered, { eps: 0.1 }), "value");
});

Deno.test("crmsNorm() of all but the last of zero-mean values is their rmsNorm(), ε included", () => {
  const kept = randomRow(uniform(2), 6);
  const whole = [...kept, -sum(kept)];
  assertClose(crmsNorm(kept, { eps: 0.1 }), rmsNorm(whole, { eps: 0.1 }).slice(0, -1), "value");
});

Deno.test("norms of [3, 4] are the numbers worked out by hand", () => {
  assertClose(layerNorm([3, 4], { eps: 0 }), [-1, 1], "layer");
  assertClose(rmsNorm([3, 4], { eps: 0 }), [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)], "rms");
  // (9 + 16 + 49) / 3 under the root
  const root = Math.sqrt(74 / 3);
  assertClose(crmsNorm([3, 4], { eps: 0 }), [3 / root, 4 / root], "crms");
});

Deno.test("norm() refuses a gain of another length", () => {
  assertThrows(() => norm("layer", [1, 2, 3], { gain: [1, 1], eps: 1e-5 }), RangeError, "length 2");
});

for (const activation of Object.keys(gateActivations) as GateActivation[]) {
  Deno.test(`gpasGrad() with ${activation} differs from the value's in x alone`, () => {
    const next = uniform(3);
    const x = randomRow(next, 5);
    const dy = randomRow(next, 5);
    for (const gate of [-1.5, -0.3, 0.4, 1.1]) {
      const { dx, dGate } = gpasGrad(x, dy, gate, activation);
      const inGate = differences((g) => dot(gpas(x, g[0] as number, activation), dy), [gate]);
      assertClose([dGate], inGate, `dGate at ${gate}`);
      assertClose(dx, dy, `dx at ${gate}`);
      const scale = 1 - gateActivations[activation].value(gate);
      const inX = differences((moved) => dot(gpas(moved, gate, activation), dy), x);
      assertClose(dx.map((d) => scale * d), inX, `scaled dx at ${gate}`);
    }
  });
}

Deno.test("gpas() with SiLU has the extreme and the zero that the formula predicts", () => {
  assertAlmostEquals(gpas([1], -1.27846)[0] as number, 1.27846, 1e-5);
  assertAlmostEquals(gpas([1], 1.27846)[0] as number, 0, 1e-5);
});

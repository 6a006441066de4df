// Laws of the norms over random lengths, values and ε (fast-check, seeded), on every backend.

import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import { crmsNorm, layerNorm, rmsNorm } from "../../lib/ops/mod.ts";
import { randomRow, uniform } from "../reference/random.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { numbersOf, tensorOf, vectorOf } from "../support/evaluate.ts";
import { tolerance } from "../support/tolerances.ts";

/** Short and awkward lengths: powers of two hide bugs of tiling. */
const lengths = [1, 2, 3, 5, 31, 127, 257, 1021, 1023] as const;

/** Values with a spread of their own around 0, and an ε from tiny to larger than they are. */
const cases = fc.record({
  length: fc.constantFrom(...lengths),
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  spread: fc.constantFrom(0.1, 1, 30),
  eps: fc.constantFrom(1e-5, 1e-3, 1, 100),
});

interface Case {
  readonly length: number;
  readonly seed: number;
  readonly spread: number;
  readonly eps: number;
}

const valuesOf = ({ length, seed, spread }: Case): number[] =>
  randomRow(uniform(seed), length).map((value) => Math.fround(spread * value));

/** Checks a law on 40 random cases, the same in each run. */
const forAll = (law: (given: Case) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(cases, law), { seed: 20250101, numRuns: 40 });

const vector = (values: readonly number[]): Tensor => tensorOf(vectorOf(values));

onEachBackend(
  "layerNorm(x) is rmsNorm(x − mean), ε included",
  (backend) =>
    forAll(async (given) => {
      const { eps } = given;
      const [layer, rms] = await numbersOf(() => {
        const x = vector(valuesOf(given));
        return [layerNorm(x, { eps }), rmsNorm(tf.sub(x, tf.mean(x)), { eps })];
      });
      assertClose(layer!, rms!, tolerance(backend, "equal formulas"), "layerNorm");
    }),
);

onEachBackend(
  "layerNorm(x + k) is layerNorm(x) for k up to 1000",
  (backend) =>
    forAll(async (given) => {
      if (given.length === 1) return; // a constant
      // multiples of 2⁻¹² keep their digits when 1000 is added
      const x = valuesOf({ ...given, spread: 1 }).map((value) => Math.round(value * 4096) / 4096);
      for (const k of [-1000, -3, 0.5, 64, 1000]) {
        const [shifted, plain] = await numbersOf(() => [
          layerNorm(vector(x.map((value) => value + k)), { eps: given.eps }),
          layerNorm(vector(x), { eps: given.eps }),
        ]);
        assertClose(shifted!, plain!, tolerance(backend, "value at mean 1000"), `shifted by ${k}`);
      }
    }),
);

onEachBackend(
  "layerNorm, rmsNorm and crmsNorm of c · x with ε · c² are those of x",
  (backend) =>
    forAll(async (given) => {
      const c = 0.125;
      const x = valuesOf(given);
      for (const norm of [layerNorm, rmsNorm, crmsNorm]) {
        const [scaled, plain] = await numbersOf(() => [
          norm(vector(x.map((value) => value * c)), { eps: given.eps * c * c }),
          norm(vector(x), { eps: given.eps }),
        ]);
        assertClose(scaled!, plain!, tolerance(backend, "equal formulas"), norm.name);
      }
    }),
);

onEachBackend(
  "crmsNorm(x without its last) is rmsNorm(x) without its last, for mean 0",
  (backend) =>
    forAll(async (given) => {
      const { eps } = given;
      const first = valuesOf(given).map((value) => Math.round(value * 4096) / 4096);
      const last = -first.reduce((sum, value) => sum + value, 0); // exact: multiples of 2⁻¹²
      const [compressed, whole] = await numbersOf(() => [
        crmsNorm(vector(first), { eps }),
        rmsNorm(vector([...first, last]), { eps }),
      ]);
      const expected = whole!.slice(0, -1);
      assertClose(compressed!, expected, tolerance(backend, "equal formulas"), "crmsNorm");
    }),
);

onEachBackend(
  "rmsNorm(x) has the mean square m / (m + ε), where x has m",
  (backend) =>
    forAll(async (given) => {
      const { eps } = given;
      const x = valuesOf(given);
      const [normed] = await numbersOf(() => [rmsNorm(vector(x), { eps })]);
      const meanSquare = (values: readonly number[]): number =>
        values.reduce((sum, value) => sum + value * value, 0) / values.length;
      const own = meanSquare(x);
      const limit = tolerance(backend, "value");
      assertClose([meanSquare(normed!)], [own / (own + eps)], limit, "mean square");
    }),
);

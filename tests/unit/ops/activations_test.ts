import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type GateActivation, gateActivations, gelu, silu } from "../../../lib/ops/mod.ts";
import { differences } from "../../reference/differences.ts";
import { gateActivations as reference } from "../../reference/gpas.ts";
import { inBothForms } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { pull, vectorOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";

const x = Array.from({ length: 41 }, (_, index) => Math.fround((index - 20.5) / 4));
const dy = x.map((_, index) => Math.fround(Math.cos(index)));

/** erf by its Taylor series, exact in float64 up to |x| = 4. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= -x * x / n;
    sum += term / (2 * n + 1);
  }
  return 2 / Math.sqrt(Math.PI) * sum;
}

inBothForms("gelu() is x Φ(x), and its gradient Φ(x) + x φ(x)", async (backend) => {
  const { value, gradients } = await pull((x) => gelu(x!), [vectorOf(x)], dy);
  const phi = (v: number): number => (1 + erf(v * Math.SQRT1_2)) / 2;
  const density = (v: number): number => Math.exp(-v * v / 2) / Math.sqrt(2 * Math.PI);
  assertClose(value, x.map((v) => v * phi(v)), tolerance(backend, "value"), "value");
  const slopes = x.map((v, at) => dy[at]! * (phi(v) + v * density(v)));
  assertClose(gradients[0]!, slopes, tolerance(backend, "gradient"), "gradient");
});

inBothForms("silu() is x σ(x), with its gradient", async (backend) => {
  const { value, gradients } = await pull((x) => silu(x!), [vectorOf(x)], dy);
  assertClose(value, x.map(reference.silu.value), tolerance(backend, "value"), "value");
  const slopes = x.map((v, at) => dy[at]! * reference.silu.slope(v));
  assertClose(gradients[0]!, slopes, tolerance(backend, "gradient"), "gradient");
});

for (const name of Object.keys(reference) as GateActivation[]) {
  inBothForms(`gateActivations["${name}"] and its slope are the oracle's`, async (backend) => {
    // through a product, since tfjs gives no gradient of the identity alone
    const { value, gradients } = await pull(
      (x) => tf.mul(gateActivations[name](x!), 1),
      [vectorOf(x)],
      dy,
    );
    const { value: f, slope } = reference[name];
    assertClose(value, x.map(f), tolerance(backend, "value"), "value");
    const slopes = x.map((v, at) => dy[at]! * slope(v));
    assertClose(gradients[0]!, slopes, tolerance(backend, "gradient"), "gradient");
    const [numeric] = differences((at) => f(at[0]!), [0.7]);
    assertClose([slope(0.7)], [numeric!], 1e-7, "the oracle's slope");
  });
}

inBothForms("gelu() and its slope are x and 1, or 0, where x² and x³ overflow", async () => {
  const large = [40, 1e13, 1e15, 1e20, 3e38].map(Math.fround);
  for (const approximation of ["none", "tanh"] as const) {
    const { value, gradients } = await pull(
      (x) => gelu(x!, { approximation }),
      [vectorOf([...large, ...large.map((x) => -x)])],
      Array(10).fill(1),
    );
    const none = large.map(() => 0);
    assertEquals(value.map((v) => v + 0), [...large, ...none], approximation);
    assertEquals(gradients[0]!.map((v) => v + 0), [...large.map(() => 1), ...none], approximation);
  }
});

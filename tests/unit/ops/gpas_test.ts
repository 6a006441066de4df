import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { type GateActivation, gpas, stopGradient } from "../../../lib/ops/mod.ts";
import { differences } from "../../reference/differences.ts";
import { gateActivations, gpas as gpasValue, gpasGrad } from "../../reference/gpas.ts";
import { randomRow, uniform } from "../../reference/random.ts";
import { dot } from "../../reference/rows.ts";
import { inBothForms, onBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf, pull, scalarOf, tensorOf, vectorOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";

const next = uniform(17);
const x = randomRow(next, 24).map(Math.fround);
const dy = randomRow(next, 24).map(Math.fround);
const given = { shape: [2, 3, 4], values: x };
const gates = [-2.5, -0.3, 0.4, 1.2, 3].map(Math.fround);

for (const activation of Object.keys(gateActivations) as GateActivation[]) {
  inBothForms(
    `gpas() with ${activation}: value, identity gradient, gate gradient`,
    async (backend) => {
      for (const gate of gates) {
        const { value, gradients } = await pull(
          (x, gate) => gpas(x!, gate!, { activation }),
          [given, scalarOf(gate)],
          dy,
        );
        const limit = tolerance(backend, "gradient");
        assertClose(value, gpasValue(x, gate, activation), tolerance(backend, "value"), "value");
        assertEquals(gradients[0], dy, "the gradient to x is dy, bit for bit");
        const { dGate } = gpasGrad(x, dy, gate, activation);
        assertClose(gradients[1]!, [dGate], limit, `gradient to gate ${gate}`);
      }
    },
  );
}

Deno.test("gpas() acts with SiLU unless it is told", () =>
  onBackend("cpu", async () => {
    const [plain, silu] = await numbersOf(() => {
      const [xT, gate] = [tensorOf(given), tf.scalar(0.7)];
      return [gpas(xT, gate), gpas(xT, gate, { activation: "silu" })];
    });
    assertEquals(plain, silu);
  }));

inBothForms("gpas() with gate 0 gives x back, bit for bit", async () => {
  const [value] = await numbersOf(() => [gpas(tensorOf(given), tf.scalar(0))]);
  assertEquals(value, x);
});

Deno.test("gpas()'s gradient to x is not the slope of its value: that is what it is for", () =>
  onBackend("cpu", async () => {
    const gate = Math.fround(0.8);
    const { gradients } = await pull((x, gate) => gpas(x!, gate!), [given, scalarOf(gate)], dy);
    const slopes = differences((at) => dot(gpasValue(at, gate), dy), x);
    const c = 1 - gateActivations.silu.value(gate);
    assertClose(slopes, gradients[0]!.map((value) => c * value), 1e-6, "slopes are c · gradient");
    assert(Math.abs(c - 1) > 0.5);
  }));

Deno.test("gpas() refuses a gate that is no scalar and an unknown activation", () =>
  onBackend("cpu", () => {
    tf.tidy(() => {
      const xT = tensorOf(given);
      assertThrows(
        () => gpas(xT, tf.ones([4])),
        RangeError,
        "Cannot scale with a gate of shape [4]: it must be a scalar, shape []",
      );
      assertThrows(
        () => gpas(xT, tf.scalar(0), { activation: "gelu" as GateActivation }),
        RangeError,
        'activation = "gelu": it must be one of silu, identity, relu, tanh, leaky-relu, scaled-silu',
      );
    });
  }));

inBothForms("stopGradient() keeps the value and stops the gradient", async () => {
  const { value, gradients } = await pull(
    (a, b) => tf.mul(stopGradient(a!), b!),
    [vectorOf([1, -2, 3]), vectorOf([4, 5, 6])],
    [1, 1, 2],
  );
  assertEquals(value, [4, -10, 18]);
  assertEquals(gradients, [[0, 0, 0], [1, -2, 6]]);
});

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose } from "./assert_close.ts";
import { differences } from "./differences.ts";
import { gateActivations } from "./gpas.ts";
import { norm, type NormKind } from "./norms.ts";
import { randomRows, uniform } from "./random.ts";
import {
  oracle,
  oracleGateGradients,
  oracleIds,
  oracleInputGradient,
  type OracleStack,
  oracleStream,
} from "./residuals.ts";
import { addRows, dot, mapRows, matmul, type Row, type Rows, zipRows } from "./rows.ts";
import { toyStack } from "./toy_stack.ts";

const width = 4;
const sizes = { depth: 4, width, hidden: 5, norm: "layer" } as const;
const x = randomRows(uniform(11), 2, width);
const dy = randomRows(uniform(12), 2, width);

const unflatten = (flat: Row): number[][] =>
  x.map((_, row) => Array.from(flat).slice(row * width, (row + 1) * width));
const against = (output: Rows): number => dot(output.flat(), dy.flat());
const silu = gateActivations.silu.value;

/** The derivative of the value by differences, which knows of no stop-gradient. */
const trueGradient = (id: string, stack: OracleStack): Row =>
  differences((flat) => against(oracle(id, stack, unflatten(flat))), x.flat());

const withGates = (stack: OracleStack, gate: number): OracleStack => ({
  ...stack,
  layers: stack.layers.map((layer) => ({ ...layer, gate })),
});

for (const id of oracleIds) {
  Deno.test(`oracleInputGradient() of ${id} agrees with central differences`, () => {
    for (const kind of ["layer", "rms", "crms"] satisfies NormKind[]) {
      const stack = toyStack({ ...sizes, norm: kind }, 5);
      const found = oracleInputGradient(id, stack, x, dy).flat();
      assertClose(found, trueGradient(id, stack), `${id} with ${kind}`);
    }
  });

  Deno.test(`oracle() of ${id}+gpas at gate 0 is ${id}, value and gradient`, () => {
    const stack = withGates(toyStack(sizes, 6), 0);
    assertEquals(oracle(`${id}+gpas`, stack, x), oracle(id, stack, x));
    const found = oracleInputGradient(`${id}+gpas`, stack, x, dy).flat();
    assertClose(found, oracleInputGradient(id, stack, x, dy).flat(), "gradient", 1e-13);
  });
}

for (
  const id of ["pre-ln", "sub-ln", "sandwich-ln", "lns", "lns-gain", "peri-ln", "res-post-norm"]
) {
  Deno.test(`oracleInputGradient() of ${id}+gpas obeys the ratio law: true gradient / ∏ c`, () => {
    const stack = toyStack(sizes, 7);
    const product = stack.layers.reduce((total, { gate }) => total * (1 - silu(gate)) ** 2, 1);
    const found = oracleInputGradient(`${id}+gpas`, stack, x, dy).flat();
    const expected = Array.from(trueGradient(`${id}+gpas`, stack), (value) => value / product);
    assertClose(found, expected, id);
  });
}

/**
 * One layer of Post-LN or Pre-LN with GPAS written as `y − act(gate) · frozen`: the stop-gradient as
 * a constant, so that differences of this function are GPAS's own gradients.
 */
function frozenLayer(id: string, stack: OracleStack, frozen: readonly Rows[]) {
  const layer = stack.layers[0] as OracleStack["layers"][number];
  return (rows: Rows, gate: number): Rows =>
    layer.sublayers.reduce((stream: Rows, { w1, w2 }, half) => {
      const { input, stream: joined } = layer.norms[half as 0 | 1];
      const f = (h: Rows): Rows => matmul(mapRows(matmul(h, w1), Math.tanh), w2);
      const normed = (h: Rows, params: typeof input): Rows =>
        h.map((row) => norm("layer", row, { ...params, eps: stack.eps }));
      const scaled = (h: Rows): Rows =>
        addRows(h, mapRows(frozen[half] as Rows, (value) => -silu(gate) * value));
      return id === "post-ln"
        ? normed(addRows(scaled(stream), f(stream)), joined)
        : scaled(addRows(stream, f(normed(stream, input))));
    }, rows);
}

for (const id of ["post-ln", "pre-ln"]) {
  Deno.test(`gradients of ${id}+gpas are those with the stopped value as a constant`, () => {
    const stack = toyStack({ ...sizes, depth: 1 }, 8);
    const gate = stack.layers[0]?.gate as number;
    const stream = oracleStream(`${id}+gpas`, stack, x);
    // What GPAS reads: the stream before each sub-layer, or the sum, which is its output / c.
    const sums = stream.map((rows) => mapRows(rows, (value) => value / (1 - silu(gate))));
    const layer = frozenLayer(id, stack, id === "post-ln" ? [x, ...stream] : sums);
    const finish = (rows: Rows): Rows =>
      id === "post-ln"
        ? rows
        : rows.map((row) => norm("layer", row, { ...stack.final, eps: stack.eps }));
    const objective = (rows: Rows, gate: number): number => against(finish(layer(rows, gate)));

    assertAlmostEquals(objective(x, gate), against(oracle(`${id}+gpas`, stack, x)), 1e-12);
    const inX = differences((flat) => objective(unflatten(flat), gate), x.flat());
    assertClose(oracleInputGradient(`${id}+gpas`, stack, x, dy).flat(), inX, "x");
    const inGate = differences((gate) => objective(x, gate[0] as number), [gate]);
    assertClose(oracleGateGradients(`${id}+gpas`, stack, x, dy), inGate, "gate");
  });
}

Deno.test("oracleGateGradients() are 0 where no gate acts", () => {
  assertEquals(oracleGateGradients("pre-ln", toyStack(sizes, 9), x, dy), [0, 0, 0, 0]);
});

Deno.test("oracleStream() of resi-dual is Post-LN's, and the dual stream joins at the end", () => {
  const stack = toyStack({ ...sizes, depth: 2 }, 10);
  const stream = oracleStream("resi-dual", stack, x);
  assertEquals(stream, oracleStream("post-ln", stack, x));
  const sublayers = stack.layers.flatMap((layer) => layer.sublayers);
  const dual = sublayers.reduce((total, { w1, w2 }, index) => {
    const entering = index === 0 ? x : stream[index - 1] as number[][];
    return addRows(total, matmul(mapRows(matmul(entering, w1), Math.tanh), w2));
  }, x);
  const joined = zipRows(
    stream.at(-1) as number[][],
    dual,
    (post, row) => addRows([post], [norm("layer", row, { ...stack.final, eps: 1e-7 })]).flat(),
  );
  assertClose(oracle("resi-dual", stack, x).flat(), joined.flat(), "output", 1e-12);
});

Deno.test("oracle() refuses an unknown id", () => {
  for (const id of ["pre", "pre-ln+", "+gpas", "pre-ln+gpas+gpas"]) {
    const base = id.replace(/\+gpas$/, "");
    assertThrows(() => oracle(id, toyStack(sizes, 1), x), RangeError, `"${base}"`);
  }
});

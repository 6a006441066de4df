/**
 * A reverse pass over rows of float64: the few differentiable steps that a residual recurrence needs.
 * Each step keeps its value and says how a gradient goes back to its inputs; parameters are constants.
 * GPAS goes back by definition, which is why this is a tape and not a difference.
 *
 * @module
 */
import { gpas, gpasGrad } from "./gpas.ts";
import { norm, normGrad, type NormKind, type NormOptions } from "./norms.ts";
import { addRows, mapRows, matmul, type Rows, sum, transpose, zip, zipRows } from "./rows.ts";

/** A value on the tape. */
export interface Node {
  readonly value: Rows;
  readonly inputs: readonly Node[];
  /** The gradients to the inputs, given the gradient to this value. */
  pull(dy: Rows): readonly Rows[];
}

/** A value that nothing led to. */
export function leaf(value: Rows): Node {
  return { value, inputs: [], pull: () => [] };
}

/** `a + b`. */
export function add(a: Node, b: Node): Node {
  return { value: addRows(a.value, b.value), inputs: [a, b], pull: (dy) => [dy, dy] };
}

/** `factor · x` for a constant factor. */
export function scale(factor: number, x: Node): Node {
  const times = (rows: Rows): Rows => mapRows(rows, (value) => factor * value);
  return { value: times(x.value), inputs: [x], pull: (dy) => [times(dy)] };
}

/** `x W` for a constant `W`, stored `[in][out]`. */
export function linear(x: Node, w: Rows): Node {
  return { value: matmul(x.value, w), inputs: [x], pull: (dy) => [matmul(dy, transpose(w))] };
}

/** `tanh(x)`, element by element. */
export function tanh(x: Node): Node {
  const value = mapRows(x.value, Math.tanh);
  const pull = (dy: Rows): Rows =>
    zipRows(dy, value, (d, y) => zip(d, y, (p, q) => p * (1 - q * q)));
  return { value, inputs: [x], pull: (dy) => [pull(dy)] };
}

/** A norm of each row. */
export function normalize(x: Node, kind: NormKind, options: NormOptions): Node {
  return {
    value: x.value.map((row) => norm(kind, row, options)),
    inputs: [x],
    pull: (dy) => [normGrad(kind, x.value, dy, options).dx],
  };
}

/** GPAS with SiLU; the gate is a node of one row with one number. */
export function gpasOf(x: Node, gate: Node): Node {
  const alpha = sum(gate.value.flat());
  return {
    value: x.value.map((row) => gpas(row, alpha)),
    inputs: [x, gate],
    pull: (dy) => {
      const perRow = zipRows(x.value, dy, (row, d) => gpasGrad(row, d, alpha));
      return [perRow.map(({ dx }) => dx), [[sum(perRow.map(({ dGate }) => dGate))]]];
    },
  };
}

/** Every node that leads to the output, inputs before what is made of them. */
function ordered(output: Node): Node[] {
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (seen.has(node)) return;
    node.inputs.forEach(visit);
    seen.add(node);
  };
  visit(output);
  return [...seen];
}

/** The gradients of `Σ dy ⊙ output` to the wanted nodes; zero where none leads to the output. */
export function gradients(output: Node, dy: Rows, wanted: readonly Node[]): number[][][] {
  const collected = new Map<Node, Rows>([[output, dy]]);
  const gradientOf = (node: Node): Rows => collected.get(node) ?? mapRows(node.value, () => 0);
  for (const node of ordered(output).reverse()) {
    const pulled = node.pull(gradientOf(node));
    node.inputs.forEach((input, index) =>
      collected.set(input, addRows(gradientOf(input), pulled[index] as Rows))
    );
  }
  return wanted.map((node) => mapRows(gradientOf(node), (value) => value));
}

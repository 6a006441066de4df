// The equations of residual variants as text for readers who have nothing of this library: the equation itself, run on text.

import type { Algebra, State } from "../residual/algebra.ts";
import type { Parts, Residual, Wiring } from "../residual/types.ts";

/** A sum in brackets, anything else as it is. */
const factor = (text: string): string => text.includes(" + ") ? `(${text})` : text;

const text: Algebra<string> = {
  add: (x, y) => `${x} + ${y}`,
  scale: (constant, x) => `${constant} · ${factor(x)}`,
  weigh: (weight, x) => `${weight} · ${factor(x)}`,
};

/** Norms by the names of their places, learned scalars by theirs, and the gate's factor. */
const parts: Parts<string> = {
  input: (x) => `input(${x})`,
  inner: (x) => `inner(${x})`,
  output: (x) => `output(${x})`,
  stream: (x) => `stream(${x})`,
  weight: (name) => name,
  gpas: (x) => `g · ${factor(x)}`,
};

/** The streams by name: x, and s2, s3, … where a variant carries more. */
function streamsOf(residual: Residual): State<string> {
  const count = residual.start?.(text, "x").length ?? 1;
  return ["x", ...Array.from({ length: count - 1 }, (_, at) => `s${at + 2}`)];
}

/** `name ← value` for each stream that changes. */
function assignments(names: State<string>, values: readonly string[], arrow: string): string[] {
  return values.flatMap((value, at) => {
    const name = names[at] ?? `s${at + 1}`;
    return value === name ? [] : [`${name} ${arrow} ${value}`];
  });
}

/**
 * What a branch does to the streams.
 *
 * @param residual The variant.
 * @param wiring Its wiring at the branch's site.
 * @returns One line for each stream that changes, all of the values before; F is the branch's sub-layer.
 */
export function equationLines(residual: Residual, wiring: Wiring): string[] {
  const state = streamsOf(residual);
  if ("update" in wiring) return [`x ← ${wiring.update(text, "x", (x) => `F(${x})`, parts)}`];
  const branch = `F(${wiring.read(text, state, parts)})`;
  return assignments(state, wiring.write(text, state, branch, parts), "←");
}

/**
 * What a variant's further streams start from.
 *
 * @param residual The variant.
 * @returns One line for each; none where it carries x alone.
 */
export function startLines(residual: Residual): string[] {
  const start = residual.start?.(text, "x") ?? ["x"];
  return assignments(streamsOf(residual), start, "=");
}

/**
 * What a stack gives.
 *
 * @param residual The variant.
 * @returns An expression in its streams and the final norm.
 */
export function finishText(residual: Residual): string {
  const final = (x: string): string => `final(${x})`;
  return residual.finish?.(text, streamsOf(residual), final) ?? "final(x)";
}

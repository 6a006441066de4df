// A decoder of this library in plain loops over rows: the papers' recurrences around a plain layer. What the description of such
// a decoder, and what folding makes of it, are measured by.

import type { DecoderConfig } from "../../lib/decoder/config.ts";
import { type GateActivation, gpas } from "../reference/gpas.ts";
import { type Joint, type OracleSite, recurrence } from "../reference/residuals.ts";
import { type Rows, transpose, zip } from "../reference/rows.ts";
import { leaf, type Node } from "../reference/tape.ts";
import type { Tensors } from "./normkit_model.ts";
import {
  type Affine,
  affine,
  type OfRows,
  plainAttention,
  plainFeedForward,
  plainNorm,
} from "./plain_layer.ts";

/** A function of rows on the tape, whose gradients nobody asks for. */
const onTape = (f: OfRows) => (x: Node): Node => leaf(f(x.value));
const offTape = (f: (x: Node) => Node): OfRows => (x) => f(leaf(x)).value;

/** An id in its parts: "deep-norm+gpas-tanh-site" has the gates tanh, one for each sub-layer. */
function partsOf(id: string): { base: string; activation: GateActivation; bySite: boolean } {
  const [base = "", gates = ""] = id.split("+");
  const [, activation = "silu"] = /^gpas-(.*?)(?:-?site)?$/.exec(gates) ?? [];
  return {
    base,
    activation: (activation || "silu") as GateActivation,
    bySite: gates.endsWith("site"),
  };
}

/** The parameters of a decoder as rows. */
function reader(tensors: Tensors) {
  const vector = (name: string): number[] => Array.from(tensors[name]!.values);
  const matrix = (name: string): number[][] => {
    const [rows = 0, width = 0] = tensors[name]!.shape;
    const numbers = vector(name);
    return Array.from(
      { length: rows },
      (_, row) => numbers.slice(row * width, (row + 1) * width),
    );
  };
  /** A map stored (in, out) as rows of outputs. */
  const map = (path: string, name: string): Affine => {
    const w = transpose(matrix(`${path}.w${name}`));
    const bias = `${path}.b${name}`;
    return { w, b: bias in tensors ? vector(bias) : w.map(() => 0) };
  };
  return { vector, matrix, map };
}

/**
 * The logits of a decoder with learned positions, ReLU and a head of its own.
 *
 * @param config The decoder: every size, the variant's id, a norm "layer", "rms" or "crms", the factor of the embedding.
 * @param tensors Its parameters.
 * @param tokens The tokens.
 * @returns Rows of logits.
 * @throws {RangeError} If the variant is unknown.
 */
export function plainDecoder(
  config: DecoderConfig,
  tensors: Tensors,
  tokens: readonly number[],
): number[][] {
  const { depth, heads, width, residual = "pre-ln", norm = "layer", eps = 1e-5 } = config;
  const { normEps = {}, embeddingScale = 1 } = config;
  const { base, activation, bySite } = partsOf(residual as string);
  const { vector, matrix, map } = reader(tensors);
  const normAt = (path: string, kind = norm, own?: number): OfRows => (x) => {
    const gain = vector(`${path}.gain`);
    return plainNorm({
      kind: kind as "layer" | "rms" | "crms",
      gain,
      bias: `${path}.bias` in tensors ? vector(`${path}.bias`) : gain.map(() => 0),
      eps: normEps[path] ?? own ?? eps,
    }, x);
  };
  const headWidth = width / heads;
  const parts = ({ w, b }: Affine): Affine[] =>
    Array.from({ length: heads }, (_, head) => {
      const part = [head * headWidth, (head + 1) * headWidth] as const;
      return { w: w.slice(...part), b: b.slice(...part) };
    });
  const innerKind = norm === "crms" ? "layer" : norm;
  const joints = Array.from({ length: depth }, (_, index): Joint[] => {
    const layer = index + 1;
    const path = `blocks.${layer}`;
    const attention = {
      q: parts(map(`${path}.attention`, "q")),
      k: parts(map(`${path}.attention`, "k")),
      v: parts(map(`${path}.attention`, "v")),
      output: map(`${path}.attention`, "o"),
      scale: headWidth ** -0.5,
      causal: true,
    };
    const network = {
      up: map(`${path}.feedForward`, "1"),
      output: map(`${path}.feedForward`, "2"),
      act: (value: number) => value > 0 ? value : 0,
    };
    const joint = (role: string, f: (x: Rows, inner?: OfRows) => Rows): Joint => {
      const at = (site: OracleSite, kind = norm) =>
        onTape(normAt(`${path}.norm.${role}.${site}`, kind));
      const gate = tensors[bySite ? `${path}.gate.${role}` : `${path}.gate`]?.values[0];
      return {
        layer,
        depth,
        f: (x, inner) => leaf(f(x.value, inner && offTape(inner))),
        norm: {
          input: at("input"),
          inner: at("inner", innerKind),
          output: at("output"),
          stream: at("stream"),
        },
        gpas: onTape((x) => gate === undefined ? x : x.map((row) => gpas(row, gate, activation))),
      };
    };
    return [
      joint("attention", (x, inner) => plainAttention(attention, x, x, inner)),
      joint("feedForward", (x, inner) => plainFeedForward(network, x, inner)),
    ];
  });
  const [table, positions] = [matrix("wte"), matrix("wpe")];
  const start = tokens.map((token, at) =>
    zip(table[token]!, positions[at]!, (a, b) => embeddingScale * a + b)
  );
  const final = (h: Node, own?: number): Node => leaf(normAt("norm.final", norm, own)(h.value));
  const { output } = recurrence(base, joints.flat(), leaf(start), final);
  const head = map("head", "");
  return output.value.map((row) => affine(head, row));
}

/**
 * The terms of a wiring: what each part is called, its color, and the equation that it stands for, in words that keep those colors.
 */
import { ink } from "./typography.ts";
import { factorText, type Part, type PartKind, partText } from "./wiring_graph.ts";

/** The colors of a kind of part: of its line and its words, and inside its box. */
export interface TermLook {
  readonly line: string;
  readonly fill: string;
}

/** Colors by kinds of parts; words in any of them have a contrast of at least 4.5 with their box and with the card. */
export const termLooks: Readonly<Record<PartKind | "otherStream", TermLook>> = {
  stream: { line: ink.text, fill: ink.card },
  otherStream: { line: "#0b7068", fill: ink.card },
  norm: { line: "#3457b8", fill: "#e3ebff" },
  factor: { line: ink.muted, fill: ink.card },
  gate: { line: "#b0266d", fill: "#fde4f0" },
  branch: { line: "#8a5800", fill: "#fff0d2" },
  sum: { line: ink.text, fill: ink.card },
  end: { line: ink.text, fill: ink.card },
};

/** The colors of a part. */
export function lookOf({ kind, stream = 0 }: Part): TermLook {
  return termLooks[kind === "stream" && stream > 0 ? "otherStream" : kind];
}

const norms: Readonly<Record<string, string>> = {
  input: "Input norm: what the branch reads",
  inner: "Inner norm: before the matrix that writes",
  output: "Output norm: on what the branch gives",
  stream: "Norm on the stream: behind the addition",
  final: "Final norm: behind the last layer",
  embedding: "Embedding norm: before the first layer",
};

/**
 * What a part is, for whoever points at it.
 *
 * @param one The part.
 * @param factor What stands for its constant.
 * @returns A few words.
 */
export function termName({ kind, label, factor: constant }: Part, factor: string): string {
  switch (kind) {
    case "norm":
      return norms[label] ?? `Norm: ${label}`;
    case "factor":
      return constant === undefined ? `Learned weight ${label}` : `Constant ${factor}`;
    case "gate":
      return "GPAS: scales the value, not the gradient";
    case "branch":
      return label === "f"
        ? "Sub-layer f: attention or feed-forward network"
        : "Output matrix: writes to the stream";
    case "sum":
      return "Addition";
    default:
      return label === "y" ? "Output of the stack" : `Stream ${label}`;
  }
}

/** Some words of an equation, in the color of their part. */
export interface Term {
  readonly words: string;
  readonly color: string;
}

/**
 * What a part computes, as words of an equation.
 *
 * @param one The part.
 * @param factorOf What stands for the constant of a factor.
 * @returns The words in order, such as `LN(`, `x`, ` + `, `f(x)`, `)`.
 */
export function termsOf(one: Part, factorOf: (factor: Part) => string): Term[] {
  const { line: color } = lookOf(one);
  const [first, second] = one.reads;
  if (one.kind === "stream" || first === undefined) return [{ words: one.label, color }];
  const inner = termsOf(first, factorOf);
  const bracketed = (name: string): Term[] => [
    { words: `${name}(`, color },
    ...inner,
    { words: ")", color },
  ];
  switch (one.kind) {
    case "sum":
      return [...inner, { words: " + ", color }, ...termsOf(second!, factorOf)];
    case "factor":
      return first.kind === "sum"
        ? bracketed(`${factorOf(one)} · `)
        : [{ words: `${factorOf(one)} · `, color }, ...inner];
    default:
      return bracketed(one.kind === "norm" ? "LN" : one.label);
  }
}

/**
 * What a part does, in three lines: its name, what it reads, what it gives.
 *
 * @param one The part.
 * @param factor What stands for its constant.
 * @returns The lines.
 */
export function termTip(
  one: Part,
  factor: string,
): { readonly name: string; readonly reads: string; readonly gives: string } {
  return {
    name: termName(one, factor),
    reads: one.reads.map(partText).join(" and "),
    gives: partText(one),
  };
}

/**
 * The words in a part's box.
 *
 * @param one The part.
 * @param last The value of its constant in the last of the layers.
 * @returns A word or a number.
 */
export function boxWords(one: Part, last?: number): string {
  const { kind, label } = one;
  if (kind === "norm") return label === "final" || label === "embedding" ? `${label} norm` : "norm";
  return kind === "factor" ? `× ${factorText(one, last)}` : label;
}

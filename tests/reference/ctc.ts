/**
 * Connectionist temporal classification in float64, from Graves et al. 2006: by the forward and backward variables, and by all paths.
 *
 * @module
 */
import { softmax } from "./losses.ts";
import { mean, type Rows, sum } from "./rows.ts";

/** Label l with blanks between its symbols and at both ends: l′ (§4.1). */
function withBlanks(label: readonly number[], blank: number): number[] {
  return [blank, ...label.flatMap((symbol) => [symbol, blank])];
}

/** What B of §3.1 makes of a path: equal symbols that follow each other once, then no blanks. */
export function collapse(path: readonly number[], blank: number): number[] {
  return path.filter((symbol, t) => symbol !== path[t - 1] && symbol !== blank);
}

/** p(l | x) by Eq. 3: the sum over all paths of T symbols that B maps to the label. */
export function likelihoodByPaths(
  logits: Rows,
  label: readonly number[],
  blank: number,
): number {
  const y = logits.map(softmax);
  const classes = y[0]!.length;
  const paths = Array.from(
    { length: classes ** y.length },
    (_, code) => y.map((_, t) => Math.floor(code / classes ** t) % classes),
  );
  return sum(
    paths.filter((path) => String(collapse(path, blank)) === String(label))
      .map((path) => path.reduce((product, symbol, t) => product * y[t]![symbol]!, 1)),
  );
}

/** α_t(s) of Eqs. 5 to 7, [T][|l′|]. */
function forward(y: Rows, symbols: readonly number[], blank: number): number[][] {
  const alpha: number[][] = [];
  for (const [t, row] of y.entries()) {
    alpha.push(symbols.map((symbol, s) => {
      if (t === 0) return s < 2 ? row[symbol]! : 0;
      const last = alpha[t - 1]!;
      const near = last[s]! + (last[s - 1] ?? 0);
      const skips = symbol !== blank && symbol !== symbols[s - 2];
      return (near + (skips ? last[s - 2] ?? 0 : 0)) * row[symbol]!;
    }));
  }
  return alpha;
}

/** A row's `−ln p(l | x)` and its gradient to the logits: Eq. 16, `y − Σ_{s: l′_s = k} α_t(s) β_t(s) / (y_t(k) p)`. */
export function ctcRow(
  logits: Rows,
  label: readonly number[],
  blank = 0,
): { loss: number; gradient: number[][] } {
  const y = logits.map(softmax);
  const symbols = withBlanks(label, blank);
  const alpha = forward(y, symbols, blank);
  const beta = forward(y.toReversed(), symbols.toReversed(), blank)
    .map((row) => row.toReversed()).toReversed(); // Eqs. 9 to 11
  const p = sum(alpha.at(-1)!.slice(-2));
  return {
    loss: -Math.log(p),
    gradient: y.map((row, t) =>
      row.map((share, k) =>
        share - sum(
          symbols.map((symbol, s) => symbol === k ? alpha[t]![s]! * beta[t]![s]! / (share * p) : 0),
        )
      )
    ),
  };
}

/** The mean over rows of loss / |label|, and its gradient; frames beyond a row's length get none. */
export function ctc(
  logits: readonly Rows[],
  labels: readonly (readonly number[])[],
  { lengths, blank = 0 }: { readonly lengths?: readonly number[]; readonly blank?: number } = {},
): { loss: number; gradient: number[][][] } {
  const rows = logits.map((frames, b) => {
    const length = lengths?.[b] ?? frames.length;
    const symbols = Math.max(1, labels[b]!.length);
    const { loss, gradient } = ctcRow(frames.slice(0, length), labels[b]!, blank);
    return {
      loss: loss / symbols,
      gradient: frames.map((frame, t) =>
        frame.map((_, k) => t < length ? gradient[t]![k]! / symbols / logits.length : 0)
      ),
    };
  });
  return {
    loss: mean(rows.map(({ loss }) => loss)),
    gradient: rows.map(({ gradient }) => gradient),
  };
}

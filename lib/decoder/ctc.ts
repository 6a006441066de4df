// The symbols that a sequence of frames says, by connectionist temporal classification: of the best path, or of the best beam.

import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";

/** How {@linkcode decodeCtc} reads logits. */
export interface DecodeCtcOptions {
  /** The number of classes V of each frame. */
  readonly classes: number;
  /** The class that stands for no symbol; 0 by default. */
  readonly blank?: number;
  /** How many labels are held at each frame, the paths of each added up; without it the one best path decides (greedy). */
  readonly beams?: number;
}

const optionKinds: OptionKinds<DecodeCtcOptions> = {
  classes: "number",
  blank: "number?",
  beams: "number?",
};

/** A label with the logarithms of what its paths weigh, up to a number that all have in common. */
interface Beam {
  readonly symbols: readonly number[];
  /** Of the paths that end in a blank. */
  closed: number;
  /** Of those that end in the last symbol, which they may repeat. */
  open: number;
}

/** log(exp(a) + exp(b)) */
function logAdd(a: number, b: number): number {
  const highest = Math.max(a, b);
  return highest === -Infinity ? highest : highest + Math.log1p(Math.exp(Math.min(a, b) - highest));
}

const weightOf = ({ closed, open }: Beam): number => logAdd(closed, open);

/** The labels that one frame makes of others. */
function extend(beams: readonly Beam[], frame: readonly number[], blank: number): Beam[] {
  const next = new Map<string, Beam>();
  const beamOf = (symbols: readonly number[]): Beam => {
    const key = symbols.join();
    const known = next.get(key) ?? { symbols, closed: -Infinity, open: -Infinity };
    next.set(key, known);
    return known;
  };
  for (const beam of beams) {
    const [same, last, weight] = [beamOf(beam.symbols), beam.symbols.at(-1), weightOf(beam)];
    for (const [symbol, logit] of frame.entries()) {
      if (symbol === blank) {
        same.closed = logAdd(same.closed, weight + logit);
        continue;
      }
      if (symbol === last) same.open = logAdd(same.open, beam.open + logit);
      const longer = beamOf([...beam.symbols, symbol]);
      longer.open = logAdd(longer.open, (symbol === last ? beam.closed : weight) + logit);
    }
  }
  return [...next.values()];
}

function bestBeam(frames: readonly (readonly number[])[], count: number, blank: number): Beam {
  let beams: Beam[] = [{ symbols: [], closed: 0, open: -Infinity }];
  for (const frame of frames) {
    beams = extend(beams, frame, blank).sort((a, b) => weightOf(b) - weightOf(a)).slice(0, count);
  }
  return beams[0]!;
}

/**
 * The symbols that frames say.
 *
 * The best path joins equal symbols that follow each other and drops blanks. The most likely label may have many paths and none of them
 * the best; `beams` looks for it.
 *
 * Shapes: logits T · V numbers, frame by frame
 * Source: Graves et al. 2006, §3.2 (best path decoding, prefix search); Hannun et al. 2014, Algorithm 1, without a language model.
 *
 * @param logits Unnormalized log probabilities of one row, without its padding.
 * @param options Classes, the blank, and how many labels are held.
 * @returns The symbols.
 * @throws {RangeError} If there are no whole frames, a logit is NaN, or an option is out of range.
 */
export function decodeCtc(logits: ArrayLike<number>, options: DecodeCtcOptions): number[] {
  requireOptions("decodeCtc()", options, optionKinds);
  const classes = requireInteger("classes", options.classes, { min: 1 });
  const blank = requireInteger("blank", options.blank ?? 0, { min: 0, below: classes });
  if (logits.length % classes !== 0) {
    throw new RangeError(
      `Cannot read ${logits.length} logits as frames of ${classes} classes: they must be a multiple of that`,
    );
  }
  const all = Array.from(logits);
  const bad = all.findIndex((logit) => Number.isNaN(logit));
  if (bad >= 0) {
    throw new RangeError(
      `Cannot decode frame ${Math.floor(bad / classes)}: its logit of class ${
        bad % classes
      } is NaN`,
    );
  }
  const frames = Array.from(
    { length: all.length / classes },
    (_, frame) => all.slice(frame * classes, (frame + 1) * classes),
  );
  if (options.beams !== undefined) {
    return [...bestBeam(frames, requireInteger("beams", options.beams, { min: 1 }), blank).symbols];
  }
  const path = frames.map((frame) =>
    frame.reduce((best, logit, symbol) => logit > frame[best]! ? symbol : best, 0)
  );
  return path.filter((symbol, at) => symbol !== blank && symbol !== path[at - 1]);
}

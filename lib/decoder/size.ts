// How large a decoder is, known from its configuration before anything of it is made.

/** What the size of a decoder depends on. */
export interface Dimensions {
  readonly vocabulary: number;
  readonly context: number;
  readonly width: number;
  readonly depth: number;
  readonly hidden: number;
  readonly positions: "learned" | "rotary";
  readonly activation: string;
  readonly tied: boolean;
}

/** The numbers in the matrices and tables of a decoder; biases, gains and gates, which are few, do not count. */
export function matrixNumbers(config: Dimensions): number {
  const { vocabulary, context, width, depth, hidden, positions, tied, activation } = config;
  const vectors = (tied ? 1 : 2) * vocabulary + (positions === "learned" ? context : 0);
  const layer = 4 * width ** 2 + (activation === "swiglu" ? 3 : 2) * width * hidden;
  return vectors * width + depth * layer;
}

/** More numbers than any backend can hold and train. */
const mostNumbers = 2 ** 32;

/** The deepest Transformer trained has 1,000 layers (Wang et al. 2022, DeepNet); each is many objects, however narrow. */
const mostLayers = 2 ** 10;

/**
 * Requires a decoder that a machine can hold.
 *
 * @throws {RangeError} If it has more than 1,024 layers, or its matrices hold more than 2³² numbers.
 */
export function requireSize(config: Dimensions): void {
  const { depth } = config;
  if (depth > mostLayers) {
    throw new RangeError(`Cannot use depth = ${depth}: it must be at most ${mostLayers} layers`);
  }
  const numbers = matrixNumbers(config);
  if (numbers <= mostNumbers) return;
  throw new RangeError(
    `Cannot make a decoder whose matrices hold ${numbers} numbers (${
      4 * numbers
    } bytes): it must be at most ${mostNumbers} numbers; ` +
      "use a smaller vocabulary, context, width, depth or hidden width",
  );
}

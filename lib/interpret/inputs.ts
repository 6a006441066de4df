// What a model reads: one sequence of tokens, one image, one sound.

/** Numbers with a shape, row-major. */
export interface Values {
  /** The length of each axis. */
  readonly shape: readonly number[];
  /** The numbers. */
  readonly values: Float64Array;
}

/** The inputs of a model, a batch of one. A stack runs where the input of its entry is given. */
export interface ModelInputs {
  /** Token ids. */
  readonly tokens?: readonly number[];
  /** Token ids that an encoder reads, of a model whose decoder reads others. */
  readonly source?: readonly number[];
  /** An image [C, H, W], normalized as the model expects it. */
  readonly pixels?: Values;
  /** The frames of a video [F, C, H, W], normalized as the model expects them. */
  readonly video?: Values;
  /** The frequencies of a sound [frames, frequencies], normalized as the model expects them. */
  readonly spectrogram?: Values;
  /** The features of a sound [channels, frames]. */
  readonly features?: Values;
  /** The samples of a sound [samples], normalized as the model expects them. */
  readonly waveform?: Values;
}

/**
 * An input that has to be there.
 *
 * @param inputs The inputs.
 * @param name Which one.
 * @returns That input.
 * @throws {RangeError} If it is missing.
 */
export function requireInput<K extends keyof ModelInputs>(
  inputs: ModelInputs,
  name: K,
): NonNullable<ModelInputs[K]> {
  const input = inputs[name];
  if (input === undefined) {
    throw new RangeError(`Cannot run without ${name}: this model reads them`);
  }
  return input;
}

// The discrete Fourier transform of any length, by its factors (Cooley and Tukey).

/** Numbers with a real and an imaginary part. */
export interface ComplexArray {
  /** The real parts. */
  readonly real: Float64Array;
  /** The imaginary parts. */
  readonly imaginary: Float64Array;
}

/** As many zeros. */
function complexZeros(length: number): ComplexArray {
  return { real: new Float64Array(length), imaginary: new Float64Array(length) };
}

function smallestFactor(length: number): number {
  for (let factor = 2; factor * factor <= length; factor++) {
    if (length % factor === 0) return factor;
  }
  return length;
}

/**
 * A transform of numbers without imaginary part.
 *
 * ```
 * X_k = Σ_n x_n e^(−2πi kn / N)
 * ```
 *
 * @param size N.
 * @returns The transform; what it gives is overwritten by its next call.
 */
export function fourierTransform(size: number): (values: Float64Array) => ComplexArray {
  const angles = Array.from({ length: size }, (_, at) => -2 * Math.PI * at / size);
  const [cosines, sines] = [
    Float64Array.from(angles, Math.cos),
    Float64Array.from(angles, Math.sin),
  ];
  const out = complexZeros(size);
  const parts = complexZeros(size);

  /** Transforms `count` values, from a place on at equal distances, to another place on. */
  const transform = (values: Float64Array, from: number, stride: number, to: number): void => {
    const count = size / stride;
    if (count === 1) {
      out.real[to] = values[from]!;
      out.imaginary[to] = 0;
      return;
    }
    const factor = smallestFactor(count);
    const each = count / factor;
    for (let part = 0; part < factor; part++) {
      transform(values, from + part * stride, stride * factor, to + part * each);
    }
    for (let at = 0; at < each; at++) {
      for (let whole = 0; whole < factor; whole++) {
        const k = at + whole * each;
        let [real, imaginary] = [0, 0];
        for (let part = 0; part < factor; part++) {
          const place = to + part * each + at;
          const turn = part * k * stride % size;
          const [a, b] = [out.real[place]!, out.imaginary[place]!];
          real += a * cosines[turn]! - b * sines[turn]!;
          imaginary += a * sines[turn]! + b * cosines[turn]!;
        }
        parts.real[k] = real;
        parts.imaginary[k] = imaginary;
      }
    }
    out.real.set(parts.real.subarray(0, count), to);
    out.imaginary.set(parts.imaginary.subarray(0, count), to);
  };

  return (values) => {
    transform(values, 0, 1, 0);
    return out;
  };
}

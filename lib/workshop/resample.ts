// Sounds at another rate, by interpolation with a windowed sinc.

/** Zeros of the sinc on either side that are summed over. */
const zeros = 16;

const sinc = (x: number): number => x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);

/**
 * A sound at another rate; what the lower of the two rates cannot hold is filtered out.
 *
 * Units: samples per second.
 *
 * @param samples The sound.
 * @param from Its rate.
 * @param to The rate that is wanted.
 * @returns The sound at that rate.
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  const cutoff = Math.min(1, to / from);
  const reach = zeros / cutoff;
  return Float32Array.from({ length: Math.floor(samples.length * to / from) }, (_, place) => {
    const at = place * from / to;
    let sum = 0;
    for (let near = Math.ceil(at - reach); near <= at + reach; near++) {
      const fade = 0.5 + 0.5 * Math.cos(Math.PI * (at - near) / reach);
      sum += (samples[near] ?? 0) * cutoff * sinc(cutoff * (at - near)) * fade;
    }
    return sum;
  });
}

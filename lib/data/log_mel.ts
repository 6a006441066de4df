// Log-mel features of a sound, as Whisper takes them: how strong each band of frequencies is, frame by frame.

import { requireInteger } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { fourierTransform } from "./fourier.ts";

/** Options of {@linkcode logMel}; Whisper's by default. */
export interface LogMelOptions {
  /** Samples per second; 16000 by default. */
  readonly rate?: number;
  /** Bands; 80 by default. */
  readonly mels?: number;
  /** Samples of a frame; 400 by default, 25 ms. */
  readonly window?: number;
  /** Samples from frame to frame; 160 by default, 10 ms. */
  readonly hop?: number;
}

/** Features of a sound. */
export interface LogMel {
  /** Bands. */
  readonly mels: number;
  /** One for each whole hop of the sound. */
  readonly frames: number;
  /** [mels, frames] numbers, band by band. */
  readonly values: Float32Array;
}

const melKinds: OptionKinds<LogMelOptions> = {
  rate: "number?",
  mels: "number?",
  window: "number?",
  hop: "number?",
};

/** Where Slaney's mel scale turns from linear to logarithmic. */
const [turnHertz, turnMel, logStep] = [1000, 15, Math.log(6.4) / 27];

const melOf = (hertz: number): number =>
  hertz < turnHertz ? 3 * hertz / 200 : turnMel + Math.log(hertz / turnHertz) / logStep;

const hertzOf = (mel: number): number =>
  mel < turnMel ? 200 * mel / 3 : turnHertz * Math.exp(logStep * (mel - turnMel));

/** What a band takes of the frequencies that it reaches over. */
interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/** The bands: triangles on the mel scale, each of area 1 in hertz. */
function bandsOf(bins: number, { rate, mels }: Required<LogMelOptions>): Band[] {
  const corners = Array.from(
    { length: mels + 2 },
    (_, at) => hertzOf(melOf(rate / 2) * at / (mels + 1)),
  );
  return Array.from({ length: mels }, (_, at) => {
    const [low, middle, high] = corners.slice(at, at + 3) as [number, number, number];
    const weights = Float64Array.from({ length: bins }, (_, bin) => {
      const hertz = rate / 2 * bin / (bins - 1);
      const height = Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle));
      return 2 / (high - low) * Math.max(0, height);
    });
    const first = Math.max(0, weights.findIndex((weight) => weight > 0));
    return { first, weights: weights.subarray(first, weights.findLastIndex((w) => w > 0) + 1) };
  });
}

/** The power of each frequency in a frame. */
function powerSpectrum(size: number): (frame: Float64Array) => Float64Array {
  const transform = fourierTransform(size);
  const power = new Float64Array(Math.floor(size / 2) + 1);
  return (frame) => {
    const { real, imaginary } = transform(frame);
    for (let bin = 0; bin < power.length; bin++) {
      power[bin] = real[bin]! ** 2 + imaginary[bin]! ** 2;
    }
    return power;
  };
}

/** Hann's window, periodic. */
const hann = (size: number): Float64Array =>
  Float64Array.from({ length: size }, (_, at) => 0.5 - 0.5 * Math.cos(2 * Math.PI * at / size));

/** A sample by its place; beyond the ends the sound is mirrored. */
function mirrored(samples: ArrayLike<number>, place: number): number {
  const last = samples.length - 1;
  return samples[last - Math.abs(last - Math.abs(place))]!;
}

function energyIn({ first, weights }: Band, power: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < weights.length; at++) sum += weights[at]! * power[first + at]!;
  return sum;
}

/** What turns a frame into the energies of its bands. */
interface Analysis {
  readonly key: string;
  readonly bands: readonly Band[];
  readonly hann: Float64Array;
  readonly powerOf: (frame: Float64Array) => Float64Array;
}

/** The last one that was made: a dataset's sounds are all taken alike. */
let lastAnalysis: Analysis | undefined;

function analysisOf(options: Required<LogMelOptions>): Analysis {
  const { rate, mels, window } = options;
  const key = [rate, mels, window].join();
  if (lastAnalysis?.key === key) return lastAnalysis;
  const bands = bandsOf(Math.floor(window / 2) + 1, options);
  return lastAnalysis = { key, bands, hann: hann(window), powerOf: powerSpectrum(window) };
}

/** The loudest number is kept, the others are cut eight powers of ten below it; speech comes to lie around 0. */
function scaled(logs: Float64Array): Float32Array {
  const largest = logs.reduce((one, other) => Math.max(one, other), -Infinity);
  return Float32Array.from(logs, (value) => (Math.max(value, largest - 8) + 4) / 4);
}

/**
 * The log-mel features of a sound, as transformers' `WhisperFeatureExtractor` computes them. That pads sounds to 30 seconds first, which
 * is left to the caller.
 *
 * Units: samples; samples per second for the rate.
 *
 * @param samples The sound, from −1 to 1.
 * @param options Rate, bands, and the size and distance of frames.
 * @returns A frame for each whole hop of the sound.
 * @throws {RangeError} If the sound is no longer than half a frame or shorter than a hop, or an option is out of its range.
 */
export function logMel(samples: ArrayLike<number>, options: LogMelOptions = {}): LogMel {
  requireOptions("logMel()", options, melKinds);
  const complete = { rate: 16000, mels: 80, window: 400, hop: 160, ...options };
  for (const [name, value] of Object.entries(complete)) requireInteger(name, value, { min: 1 });
  const { mels, window, hop } = complete;
  const least = Math.max(Math.floor(window / 2) + 1, hop);
  if (samples.length < least) {
    throw new RangeError(
      `Cannot take features of ${samples.length} samples: there must be at least ${least} for a window of ${window} and a hop of ${hop}`,
    );
  }
  const frames = Math.floor(samples.length / hop);
  const { bands, hann, powerOf } = analysisOf(complete);
  const logs = new Float64Array(mels * frames);
  const cut = new Float64Array(window);
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * hop - Math.floor(window / 2);
    for (let at = 0; at < window; at++) cut[at] = hann[at]! * mirrored(samples, start + at);
    const power = powerOf(cut);
    bands.forEach((band, mel) =>
      logs[mel * frames + frame] = Math.log10(Math.max(1e-10, energyIn(band, power)))
    );
  }
  return { mels, frames, values: scaled(logs) };
}

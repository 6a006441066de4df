// A sound as samples: WAV files of PCM or floats.

import { excerpt } from "../core/excerpt.ts";

/** A sound of one channel. */
export interface Sound {
  /** Samples per second. */
  readonly rate: number;
  /** The samples, from −1 to 1. */
  readonly samples: Float32Array;
}

type View = DataView<ArrayBuffer>;

/** How a sample is read, by the format's number in the file and its bits. */
const readers: Readonly<Record<string, (view: View, at: number) => number>> = {
  "1/8": (view, at) => (view.getUint8(at) - 128) / 2 ** 7,
  "1/16": (view, at) => view.getInt16(at, true) / 2 ** 15,
  "1/24": (view, at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 2 ** 16) / 2 ** 23,
  "1/32": (view, at) => view.getInt32(at, true) / 2 ** 31,
  "3/32": (view, at) => view.getFloat32(at, true),
  "3/64": (view, at) => view.getFloat64(at, true),
};

/** From this size on a part has as many bytes as follow: whoever wrote into a pipe did not know them (ffmpeg, SoX, espeak-ng). */
const unknownSize = 0x7ffff000;

/** The number of formats whose own number stands further behind. */
const extensible = 0xfffe;

const textAt = (view: View, at: number): string =>
  String.fromCharCode(...new Uint8Array(view.buffer, at, 4));

/** Where the content of each chunk starts, and how long it is. */
function chunksOf(view: View, path: string): Map<string, readonly [start: number, size: number]> {
  const chunks = new Map<string, readonly [number, number]>();
  for (let at = 12; at + 8 <= view.byteLength;) {
    const [name, announced] = [textAt(view, at), view.getUint32(at + 4, true)];
    const size = announced >= unknownSize ? view.byteLength - at - 8 : announced;
    if (at + 8 + size > view.byteLength) {
      throw new RangeError(
        `Cannot read ${path}: its part ${
          excerpt(name)
        } has ${size} bytes, and the file ends after ${view.byteLength - at - 8} of them`,
      );
    }
    if (!chunks.has(name)) chunks.set(name, [at + 8, size]);
    at += 8 + size + size % 2;
  }
  return chunks;
}

/**
 * Reads a WAV file.
 *
 * @param bytes The file.
 * @param path Where it is from, for messages.
 * @returns The sound.
 * @throws {RangeError} If it is no WAV file, is cut short, has more than one channel, or its samples are coded in another way.
 */
export function decodeWave(bytes: Uint8Array<ArrayBuffer>, path: string): Sound {
  const view = new DataView(bytes.buffer);
  if (bytes.length < 12 || textAt(view, 0) !== "RIFF" || textAt(view, 8) !== "WAVE") {
    throw new RangeError(
      `Cannot read ${path}: it must be a WAV file, which starts with RIFF … WAVE`,
    );
  }
  const chunks = chunksOf(view, path);
  const [[at, size], [start, length]] = [
    chunks.get("fmt ") ?? [0, 0],
    chunks.get("data") ?? [0, 0],
  ];
  if (size < 16 || start === 0) {
    throw new RangeError(`Cannot read ${path}: a WAV file must have a format and data`);
  }
  const [first, channels, bits] = [0, 2, 14].map((offset) => view.getUint16(at + offset, true));
  const format = first === extensible && size >= 26 ? view.getUint16(at + 24, true) : first!;
  const read = readers[`${format}/${bits}`];
  if (read === undefined) {
    throw new RangeError(
      `Cannot read ${path}: its samples have format ${format} and ${bits} bits; they must be PCM (1) of 8, 16, 24 or 32 bits, or ` +
        "floats (3) of 32 or 64",
    );
  }
  if (channels !== 1) {
    throw new RangeError(`Cannot use ${path}: it has ${channels} channels, and must have 1`);
  }
  const width = bits! / 8;
  const samples = Float32Array.from(
    { length: Math.floor(length / width) },
    (_, place) => read(view, start + place * width),
  );
  const fault = samples.findIndex((value) => !Number.isFinite(value));
  if (fault >= 0) {
    throw new RangeError(`Cannot use ${path}: sample ${fault + 1} is ${samples[fault]}`);
  }
  return { rate: view.getUint32(at + 4, true), samples };
}

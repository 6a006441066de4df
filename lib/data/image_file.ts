// A picture as bytes: PNG and JPEG, decoded by packages that are loaded when the first one comes.

import type { DecodedPng } from "fast-png";
import { platform } from "../platform/mod.ts";

/** What a file shows, in rows. */
export interface Picture {
  /** Rows of pixels. */
  readonly height: number;
  /** Pixels of a row. */
  readonly width: number;
  /** Numbers of a pixel: 1 is grey, 3 are red, green and blue. */
  readonly channels: Channels;
  /** The height · width · channels numbers, row by row, from 0 to 255. */
  readonly pixels: Uint8Array;
}

/** Numbers of a pixel. */
export type Channels = 1 | 3;

/** Numbers of a pixel as a file has them, with opacity or without. */
interface Samples {
  readonly channels: number;
  readonly data: ArrayLike<number>;
}

/** The size of a picture, before it is decoded. */
interface Size {
  readonly height: number;
  readonly width: number;
}

/** What a file says of its picture. */
interface Header extends Size {
  /** What of it is not read, in words. */
  readonly unread?: string;
}

/** The most pixels of a picture: no small file becomes a gigabyte. */
const mostPixels = 2 ** 24;

type View = DataView<ArrayBufferLike>;

const isPng = (view: View): boolean =>
  view.byteLength >= 24 && view.getBigUint64(0) === 0x89504e470d0a1a0an;

const isJpeg = (view: View): boolean => view.byteLength >= 4 && view.getUint16(0) === 0xffd8;

/** The markers of JPEG behind which the size stands: all kinds of SOF. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function jpegHeader(view: View): Header | undefined {
  for (let at = 2; at + 9 <= view.byteLength && view.getUint8(at) === 0xff;) {
    const marker = view.getUint8(at + 1);
    if (isFrame(marker)) {
      const size = { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
      const isFourColored = at + 9 < view.byteLength && view.getUint8(at + 9) === 4;
      return isFourColored
        ? {
          ...size,
          unread: "it has four colors (CMYK), and must be grey or have red, green and blue",
        }
        : size;
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function pngHeader(view: View): Header {
  const size = { width: view.getUint32(16), height: view.getUint32(20) };
  const isInterlaced = view.byteLength > 28 && view.getUint8(28) === 1;
  return isInterlaced && view.getUint8(24) < 8
    ? { ...size, unread: "it is interlaced and has fewer than 8 bits; save it without interlacing" }
    : size;
}

function headerOf(view: View): Header | undefined {
  if (isPng(view)) return pngHeader(view);
  return isJpeg(view) ? jpegHeader(view) : undefined;
}

/** Greys as a palette, so that what has fewer than eight bits is unpacked as what has one. */
const greys = (depth: number): [number, number, number][] =>
  Array.from({ length: 2 ** depth }, (_, at) => {
    const grey = Math.round(255 * at / (2 ** depth - 1));
    return [grey, grey, grey];
  });

function samplesOfPng(
  image: DecodedPng,
  expand: (image: DecodedPng) => Uint8Array,
): Samples {
  const { data, depth, palette, channels } = image;
  if (palette !== undefined) return { data: expand(image), channels: palette[0]!.length };
  if (depth < 8) return { data: expand({ ...image, palette: greys(depth) }), channels: 3 };
  return { data: depth === 16 ? data.map((value) => value >> 8) : data, channels };
}

async function decodePng(bytes: Uint8Array): Promise<Samples> {
  const { convertIndexedToRgb, decode } = await import("fast-png");
  const image = decode(bytes, { checkCrc: true });
  if (image.transparency !== undefined && image.palette === undefined) {
    throw new RangeError("one of its colors is transparent");
  }
  return samplesOfPng(image, convertIndexedToRgb);
}

type DecodeJpeg = (bytes: Uint8Array<ArrayBuffer>) => Promise<Samples>;

/** The decoder of JPEG. What it complains of is not printed: half a picture is none. */
async function loadJpegDecoder(): Promise<DecodeJpeg> {
  const { default: decode, init } = await import("@jsquash/jpeg/decode.js");
  const address = import.meta.resolve("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");
  const program = await WebAssembly.compile(await platform.readResource(address));
  let complaints: string[] = [];
  const start = init as (program: WebAssembly.Module, options: object) => Promise<void>;
  await start(program, { printErr: (line: string) => complaints.push(line) });
  return async (bytes) => {
    complaints = [];
    const image = await decode(bytes.buffer).catch((error) => {
      complaints.push(String(error));
    });
    if (complaints.length > 0) throw new RangeError(complaints[0]);
    return { channels: 4, data: image!.data };
  };
}

let jpegDecoder: Promise<DecodeJpeg> | undefined;

async function decodeJpeg(bytes: Uint8Array<ArrayBuffer>): Promise<Samples> {
  jpegDecoder ??= loadJpegDecoder();
  return await (await jpegDecoder)(bytes);
}

/** Red, green and blue as one grey: ITU-R 601, in whole numbers, as Pillow computes it. */
const greyOf = (red: number, green: number, blue: number): number =>
  (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16;

/** The numbers of all pixels in so many channels. */
function toChannels({ data, channels }: Samples, wanted: Channels): Uint8Array {
  const count = data.length / channels;
  const pixels = new Uint8Array(count * wanted);
  const isColor = channels > 2;
  for (let pixel = 0; pixel < count; pixel++) {
    const [red, green, blue] = [0, 1, 2].map((at) => data[pixel * channels + (isColor ? at : 0)]!);
    if (channels % 2 === 0 && data[(pixel + 1) * channels - 1] !== 255) {
      throw new RangeError("it is partly transparent");
    }
    const values = wanted === 3 ? [red!, green!, blue!] : [greyOf(red!, green!, blue!)];
    pixels.set(values, pixel * wanted);
  }
  return pixels;
}

/**
 * Decodes a PNG or a JPEG.
 *
 * @param bytes The file.
 * @param path Where it is from, for messages.
 * @param channels Numbers of a pixel that are wanted; grey becomes three equal ones, color its brightness.
 * @param requireSize Throws where the size, which is known before the picture is decoded, is not the one that is needed.
 * @returns The picture.
 * @throws {RangeError} If it is neither, damaged, partly transparent or larger than 16 million pixels.
 */
export async function decodePicture(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
  channels: Channels,
  requireSize: (size: Size) => void = () => {},
): Promise<Picture> {
  const view = new DataView(bytes.buffer);
  const header = headerOf(view);
  if (header === undefined) {
    throw new RangeError(
      `Cannot read ${path}: it must be a PNG or a JPEG, and its bytes are neither`,
    );
  }
  const { unread, ...size } = header;
  if (size.height * size.width > mostPixels) {
    throw new RangeError(
      `Cannot read ${path}: it has ${size.width} × ${size.height} pixels, and at most ${mostPixels} are read`,
    );
  }
  requireSize(size);
  if (unread !== undefined) throw new RangeError(`Cannot read the image ${path}: ${unread}`);
  try {
    const samples = await (isPng(view) ? decodePng(bytes) : decodeJpeg(bytes));
    return { ...size, channels, pixels: toChannels(samples, channels) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RangeError(`Cannot read the image ${path}: ${reason}`, { cause });
  }
}

/**
 * A PNG encoder for charts: at most 256 colors, one byte per pixel, opaque.
 *
 * Charts have few colors, and many blends of them along the edges of letters and lines. Blends that the eye cannot tell apart
 * become one, which takes a quarter off the file; where there still are more than 256, the rarest take the nearest of the commonest.
 */
import { greatest } from "../core/extent.ts";
import { platform } from "../platform/mod.ts";

/** A color that fewer pixels than this share have is a blend, and joins a commoner one that is at most `near` off per channel. */
const blends = { share: 1 / 500, near: 32 } as const;

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * Opaque pixels as an 8-bit palette PNG.
 *
 * Shapes: pixels of length `4 * width * height`, red, green, blue, alpha.
 *
 * @param pixels Pixels row by row from the top; alpha is ignored.
 * @param width Width in pixels.
 * @param height Height in pixels.
 * @returns The bytes of the PNG file.
 */
export async function encodePng(
  pixels: Uint8Array,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { palette, indices } = quantize(pixels);
  const lines = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8);
  const colors = Uint8Array.from(palette.flatMap((color) => [color >> 16, color >> 8, color]));
  const blob = new Blob([
    Uint8Array.from(signature),
    chunk("IHDR", header),
    chunk("PLTE", colors),
    chunk("IDAT", await platform.deflate(lines)),
    chunk("IEND", new Uint8Array()),
  ]);
  return new Uint8Array(await blob.arrayBuffer());
}

function quantize(pixels: Uint8Array): { palette: number[]; indices: Uint8Array } {
  const colors = new Uint32Array(pixels.length / 4);
  const counts = new Map<number, number>();
  for (let k = 0; k < colors.length; k++) {
    const color = pixels[4 * k]! << 16 | pixels[4 * k + 1]! << 8 | pixels[4 * k + 2]!;
    colors[k] = color;
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette: number[] = [];
  const indexOf = new Map<number, number>();
  for (const [color, count] of [...counts].sort(([a, m], [b, n]) => n - m || a - b)) {
    const other = nearest(palette, color);
    const blend = count < blends.share * colors.length && other >= 0 &&
      difference(palette[other]!, color) <= blends.near;
    const isNew = palette.length < 256 && !blend;
    indexOf.set(color, isNew ? palette.push(color) - 1 : other);
  }
  return { palette, indices: Uint8Array.from(colors, (color) => indexOf.get(color)!) };
}

/** The largest difference of two colors in a channel. */
function difference(a: number, b: number): number {
  return greatest([16, 8, 0].map((shift) => Math.abs((a >> shift & 255) - (b >> shift & 255))));
}

/** The place of the nearest color, −1 in an empty palette. */
function nearest(palette: readonly number[], color: number): number {
  let best = -1;
  let least = Infinity;
  palette.forEach((candidate, index) => {
    const red = (candidate >> 16) - (color >> 16);
    const green = (candidate >> 8 & 255) - (color >> 8 & 255);
    const blue = (candidate & 255) - (color & 255);
    const distance = 2 * red * red + 4 * green * green + 3 * blue * blue;
    if (distance < least) [best, least] = [index, distance];
  });
  return best;
}

/** The checksum of PNG, bit by bit: a chart has some ten thousand bytes. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1) * 0xedb88320;
  }
  return ~crc >>> 0;
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

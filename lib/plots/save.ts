/**
 * Figures written to files, whole or not at all.
 */
import { requireOptions } from "../core/options.ts";
import { writeAtomically } from "../platform/files.ts";
import type { Figure } from "./figure.ts";
import { pngKinds, type PngOptions, toPng } from "./png.ts";

/**
 * Writes a figure to an `.svg` or a `.png` file.
 *
 * The file appears under its name only when it is complete; an older one is replaced.
 *
 * @param figure The figure.
 * @param path Path that ends in `.svg` or `.png`; its folder must exist.
 * @param options Scale of a PNG.
 * @throws {TypeError} If the path has another ending.
 * @throws {RangeError} If the scale is not in its range.
 */
export async function saveFigure(
  figure: Figure,
  path: string,
  options: PngOptions = {},
): Promise<void> {
  requireOptions("saveFigure()", options, pngKinds);
  await writeAtomically(path, await fileBytes(figure, path, options));
}

function fileBytes(
  figure: Figure,
  path: string,
  options: PngOptions,
): Uint8Array | Promise<Uint8Array> {
  if (path.endsWith(".png")) return toPng(figure, options);
  if (path.endsWith(".svg")) return new TextEncoder().encode(figure.svg);
  throw new TypeError(
    `Cannot save a figure as ${JSON.stringify(path)}: the path must end in .svg or .png`,
  );
}

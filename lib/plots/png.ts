/**
 * Figures as PNG bytes, drawn by resvg in WebAssembly with an embedded typeface.
 *
 * Both are loaded on first use, so that importing the charts stays quick.
 */
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { platform } from "../platform/mod.ts";
import { Figure } from "./figure.ts";
import { encodePng } from "./indexed_png.ts";

/** How a PNG is drawn. */
export interface PngOptions {
  /** Pixels per SVG unit, more than 0 and at most 8; 2 when absent. */
  readonly scale?: number;
}

/** What a picture in pixels takes. */
export const pngKinds: OptionKinds<PngOptions> = { scale: "number?" };

interface Renderer {
  readonly Resvg: typeof import("@resvg/resvg-wasm").Resvg;
  readonly fonts: Uint8Array[];
}

let renderer: Promise<Renderer> | undefined;

/**
 * A figure as an 8-bit palette PNG.
 *
 * @param figure A figure, or the text of a standalone SVG.
 * @param options Scale.
 * @returns The bytes of the PNG file.
 * @throws {RangeError} If the scale is not in its range.
 * @throws {TypeError} If a text is not an SVG.
 */
export async function toPng(
  figure: Figure | string,
  options: PngOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  requireOptions("toPng()", options, pngKinds);
  const { scale = 2 } = options;
  if (!(scale > 0 && scale <= 8)) {
    throw new RangeError(
      `Cannot draw a PNG at scale ${scale}: it must be more than 0 and at most 8`,
    );
  }
  const svg = figure instanceof Figure ? figure.svg : figure;
  if (!svg.trimStart().startsWith("<svg")) {
    throw new TypeError(
      `Cannot draw a PNG from text that starts with ${JSON.stringify(svg.slice(0, 20))}: ` +
        "it must start with <svg",
    );
  }
  renderer ??= loadRenderer().catch((error) => {
    renderer = undefined; // reading may be allowed later
    throw error;
  });
  const { Resvg, fonts } = await renderer;
  const drawing = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: fonts, defaultFontFamily: "Arimo", sansSerifFamily: "Arimo" },
  });
  const image = drawing.render();
  try {
    return await encodePng(image.pixels, image.width, image.height);
  } finally {
    image.free();
    drawing.free();
  }
}

async function loadRenderer(): Promise<Renderer> {
  const [{ initWasm, Resvg }] = await Promise.all([
    import("@resvg/resvg-wasm"),
    // Brings the package into the module graph, so that its font files resolve.
    import("@expo-google-fonts/arimo/metadata.json", { with: { type: "json" } }),
  ]);
  // Each a literal and in no call's arguments: of no other does `deno publish` take the import map along.
  const program = import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm");
  const regular = import.meta.resolve("@expo-google-fonts/arimo/400Regular/Arimo_400Regular.ttf");
  const bold = import.meta.resolve("@expo-google-fonts/arimo/700Bold/Arimo_700Bold.ttf");
  const [code, ...fonts] = await Promise.all([program, regular, bold].map(platform.readResource));
  await initWasm(code!);
  return { Resvg, fonts };
}

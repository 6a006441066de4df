import { assertEquals } from "@std/assert";
import { encodePng } from "../../../lib/plots/indexed_png.ts";

/** The palette of a PNG, as `rrggbb`. */
function paletteOf(png: Uint8Array): string[] {
  const view = new DataView(png.buffer);
  const at = 8 + 12 + view.getUint32(8); // behind the signature and the header's chunk
  const bytes = png.subarray(at + 8, at + 8 + view.getUint32(at));
  return Array.from(
    { length: bytes.length / 3 },
    (_, k) => bytes.subarray(3 * k, 3 * k + 3).toHex(),
  );
}

/** A square picture that is white but for its first pixels. */
const picture = (...colors: number[]): Uint8Array =>
  Uint8Array.from(
    Array.from({ length: 40 * 40 }, (_, k) => colors[k] ?? 0xffffff)
      .flatMap((color) => [color >> 16, color >> 8 & 255, color & 255, 255]),
  );

Deno.test("encodePng() lets a rare blend join its neighbor and keeps a rare color of its own", async () => {
  assertEquals(paletteOf(await encodePng(picture(0xf0f0f0, 0x4269d0), 40, 40)), [
    "ffffff",
    "4269d0",
  ]);
});

Deno.test("encodePng() keeps near colors that are not rare", async () => {
  const many = picture(...Array<number>(10).fill(0xf0f0f0));
  assertEquals(paletteOf(await encodePng(many, 40, 40)), ["ffffff", "f0f0f0"]);
});

Deno.test("encodePng() takes at most 256 colors", async () => {
  const colors = Array.from({ length: 1200 }, (_, k) => (k * 13) % 256 << 16 | (k % 8) << 13);
  assertEquals(paletteOf(await encodePng(picture(...colors), 40, 40)).length <= 256, true);
});

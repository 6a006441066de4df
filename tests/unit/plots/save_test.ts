import { assert, assertEquals, assertRejects } from "@std/assert";
import { lossCurves, saveFigure, toPng } from "../../../lib/plots/mod.ts";
import { lossRows } from "./sample_rows.ts";

const figure = lossCurves(lossRows(["pre-ln", "post-ln"]), { title: "Pre-LN learns faster" });

interface Png {
  readonly magic: number[];
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
}

function readHeader(bytes: Uint8Array): Png {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    magic: [...bytes.subarray(0, 8)],
    width: view.getUint32(16),
    height: view.getUint32(20),
    bitDepth: bytes[24]!,
    colorType: bytes[25]!,
  };
}

Deno.test("toPng() writes an 8-bit palette PNG at the asked scale", async () => {
  const expected = {
    magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    width: 1280,
    height: 800,
    bitDepth: 8,
    colorType: 3,
  };
  assertEquals(readHeader(await toPng(figure)), expected);
  assertEquals(readHeader(await toPng(figure.svg, { scale: 1 })), {
    ...expected,
    width: 640,
    height: 400,
  });
});

Deno.test("toPng() draws the words with the embedded typeface", async () => {
  const silent = figure.svg.replace(/<text[^]*?<\/text>/g, "");
  assert((await toPng(figure)).length > 1.3 * (await toPng(silent)).length);
});

Deno.test("toPng() refuses a scale outside its range and text that is no SVG", async () => {
  for (const scale of [0, -1, NaN, 9]) {
    await assertRejects(() => toPng(figure, { scale }), RangeError, `at scale ${scale}`);
  }
  await assertRejects(() => toPng("<html>"), TypeError, "it must start with <svg");
});

Deno.test("saveFigure() writes SVG and PNG and leaves nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/loss.svg`, "older");
    await saveFigure(figure, `${folder}/loss.svg`);
    await saveFigure(figure, `${folder}/loss.png`, { scale: 1 });
    assertEquals(await Deno.readTextFile(`${folder}/loss.svg`), figure.svg);
    assertEquals(readHeader(await Deno.readFile(`${folder}/loss.png`)).width, 640);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "loss.png",
      "loss.svg",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("saveFigure() refuses other endings and leaves no partial file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/taken.svg`);
    await assertRejects(
      () => saveFigure(figure, `${folder}/loss.pdf`),
      TypeError,
      "the path must end in .svg or .png",
    );
    await assertRejects(() => saveFigure(figure, `${folder}/taken.svg`));
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["taken.svg"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

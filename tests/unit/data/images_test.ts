// Image folders, IDX files and MNIST: what is read, and what is refused, by file and reason.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { encode } from "fast-png";
import { mnistDigits, readIdx, readImageFolder } from "../../../lib/data/mod.ts";
import golden from "../../golden/images.json" with { type: "json" };
import { inFolder } from "../checkpoint/files.ts";

const jpeg = Uint8Array.fromBase64(golden.cases["JPEG, color"].file);

/** A PNG of equal pixels. */
function png(
  width: number,
  height: number,
  pixel: readonly number[],
  depth: 8 | 16 = 8,
): Uint8Array {
  const values = Array.from({ length: width * height }, () => pixel).flat();
  const data = depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
  return encode({ width, height, data, channels: pixel.length, depth });
}

/** Writes files below a folder, by their paths. */
async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/[^/]+$/, ""), { recursive: true });
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
}

Deno.test("readImageFolder() labels images by the folders' order, and reads them by name", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, {
      "dog/2.PNG": png(2, 1, [4, 5, 6]),
      "dog/10/1.png": png(2, 1, [7]),
      "cat/a.png": png(2, 1, [1, 2, 3]),
      "cat/notes.txt": Uint8Array.of(1),
      "cat/.hidden.png": Uint8Array.of(1),
      "_extra/a.png": Uint8Array.of(1),
      "list.csv": Uint8Array.of(1),
    });
    const images = await readImageFolder(folder);
    assertEquals(images, {
      name: folder,
      height: 1,
      width: 2,
      channels: 3,
      classes: ["cat", "dog"],
      examples: [
        { pixels: Uint8Array.of(1, 2, 3, 1, 2, 3), label: 0 },
        { pixels: Uint8Array.of(7, 7, 7, 7, 7, 7), label: 1 },
        { pixels: Uint8Array.of(4, 5, 6, 4, 5, 6), label: 1 },
      ],
    });
    const options = { channels: 1, classes: ["dog", "cat"], name: "pets" } as const;
    const grey = await readImageFolder(folder, options);
    assertEquals([grey.name, grey.channels, grey.classes], ["pets", 1, ["dog", "cat"]]);
    assertEquals(grey.examples.map(({ pixels, label }) => [pixels[0], label]), [[7, 0], [5, 0], [
      2,
      1,
    ]]);
  }));

Deno.test("readImageFolder() reads sixteen bits as eight", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { "a/1.png": png(1, 1, [0xabcd, 0x1234, 0xffff], 16) });
    const { examples } = await readImageFolder(folder);
    assertEquals(examples[0]!.pixels, Uint8Array.of(0xab, 0x12, 0xff));
  }));

const damagedPng = png(20, 20, [1, 2, 3]);
damagedPng[60]! ^= 255;

const wide = png(1, 1, [1]);
new DataView(wide.buffer, wide.byteOffset).setUint32(16, 0x7fffffff);

const interlaced = png(20, 20, [1]);
interlaced.set([4, 3, 0, 0, 1], 24); // four bits of a palette

/** The start of a JPEG: the size of 8 × 8 pixels of four colors. */
const fourColored = Uint8Array.of(0xff, 0xd8, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 17, 0, 2);

/** Files of a folder, and what is said of them; FOLDER is the folder. */
const refusedFolders: Readonly<Record<string, readonly [Record<string, Uint8Array>, string]>> = {
  "another size": [
    { "a/1.png": png(28, 28, [1]), "b/2.jpg": jpeg },
    "Cannot use the image FOLDER/b/2.jpg: it has 21 × 13 pixels, and all must have the 28 × 28 of FOLDER/a/1.png",
  ],
  "no folders": [
    { "1.png": jpeg },
    "Cannot read FOLDER: it has no folders, and each class must have one",
  ],
  "a class without images": [
    { "a/1.jpg": jpeg, "b/1.gif": jpeg },
    'Cannot use the class "b" of FOLDER: it has no file *.png, *.jpg, *.jpeg',
  ],
  "what is no image": [
    { "a/1.png": Uint8Array.of(71, 73, 70, 56) },
    "Cannot read FOLDER/a/1.png: it must be a PNG or a JPEG, and its bytes are neither",
  ],
  "an empty file": [{ "a/1.png": new Uint8Array() }, "its bytes are neither"],
  "a PNG that is cut short": [
    { "a/1.png": png(20, 20, [1, 2, 3]).slice(0, 50) },
    "Cannot read the image FOLDER/a/1.png: ",
  ],
  "a damaged PNG": [{ "a/1.png": damagedPng }, "Cannot read the image FOLDER/a/1.png: "],
  "a JPEG that is cut short": [
    { "a/1.jpg": jpeg.slice(0, -40) },
    "Cannot read the image FOLDER/a/1.jpg: ",
  ],
  "a JPEG with its head alone": [{ "a/1.jpg": jpeg.slice(0, 200) }, "Cannot read "],
  "a PNG that is partly transparent": [
    { "a/1.png": png(1, 1, [1, 2, 3, 254]) },
    "Cannot read the image FOLDER/a/1.png: it is partly transparent",
  ],
  "an interlaced PNG of a few bits": [
    { "a/1.png": interlaced },
    "Cannot read the image FOLDER/a/1.png: it is interlaced and has fewer than 8 bits",
  ],
  "a JPEG of four colors": [
    { "a/1.jpg": fourColored },
    "Cannot read the image FOLDER/a/1.jpg: it has four colors (CMYK), and must be grey",
  ],
  "a header of two thousand million pixels": [
    { "a/1.png": wide },
    "Cannot read FOLDER/a/1.png: it has 2147483647 × 1 pixels, and at most 16777216 are read",
  ],
};

for (const [name, [files, sentence]] of Object.entries(refusedFolders)) {
  Deno.test(`readImageFolder() refuses ${name} in a sentence`, () =>
    inFolder(async (folder) => {
      await writeFiles(folder, files);
      const { message } = await assertRejects(() => readImageFolder(folder), RangeError);
      const found = message.replaceAll(folder, "FOLDER");
      assert(found.includes(sentence), found);
    }));
}

Deno.test("readImageFolder() refuses other classes, channels and paths", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { "cats/1.jpg": jpeg });
    const refused: readonly (readonly [() => Promise<unknown>, string])[] = [
      [
        () => readImageFolder(folder, { classes: ["cat", "dog"] }),
        `Cannot use the class "cats" of ${folder}: did you mean "cat"? the classes are cat, dog`,
      ],
      [
        () => readImageFolder(folder, { classes: ["cats", "dog"] }),
        'Cannot use the class "dog" of',
      ],
      [
        () => readImageFolder(folder, { channels: 4 as 3 }),
        'Cannot use channels = "4": it must be one of 1, 3',
      ],
      [() => readImageFolder(`${folder}/none`), "/none: there is no such file"],
      [() => readImageFolder(`${folder}/cats/1.jpg`), "it is a file"],
    ];
    for (const [act, message] of refused) await assertRejects(act, RangeError, message);
  }));

Deno.test("a JPEG is read after one that was refused", () =>
  inFolder(async (folder) => {
    await writeFiles(folder, { "a/a/1.jpg": jpeg.slice(0, -40), "b/a/1.jpg": jpeg });
    await assertRejects(() => readImageFolder(`${folder}/a`), RangeError);
    assertEquals((await readImageFolder(`${folder}/b`)).width, 21);
  }));

/** The bytes of an IDX file. */
function idx(sizes: readonly number[], data: readonly number[], type = 8): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type * 256 + sizes.length);
  sizes.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(data, 4 + 4 * sizes.length);
  return bytes;
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const images = idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);

Deno.test("readIdx() reads images and labels, as they are and compressed", () =>
  inFolder(async (folder) => {
    const labels = idx([2], [3, 0]);
    const files = {
      images,
      labels,
      "images.gz": await gzip(images),
      "labels.gz": await gzip(labels),
    };
    await writeFiles(folder, files);
    const plain = await readIdx(`${folder}/images`, `${folder}/labels`);
    assertEquals(plain, {
      name: `${folder}/images`,
      height: 2,
      width: 3,
      channels: 1,
      classes: ["0", "1", "2", "3"],
      examples: [
        { pixels: Uint8Array.of(1, 2, 3, 4, 5, 6), label: 3 },
        { pixels: Uint8Array.of(7, 8, 9, 10, 11, 12), label: 0 },
      ],
    });
    const options = { name: plain.name };
    assertEquals(await readIdx(`${folder}/images.gz`, `${folder}/labels.gz`, options), plain);
  }));

/** The files of images and labels, and what is said of them. */
const refusedIdx: Readonly<Record<string, readonly [Uint8Array, Uint8Array, string]>> = {
  "fewer labels": [
    images,
    idx([1], [0]),
    "Cannot pair IMAGES with LABELS: there are 2 images and 1 labels; each image needs one",
  ],
  "no image": [idx([0, 2, 2], []), idx([0], []), "there are 0 images and 0 labels"],
  "a label outside of the classes": [
    images,
    idx([2], [0, 7]),
    "Cannot use label 7 of image 2 in LABELS: there are 3 classes, from 0 to 2",
  ],
  "labels for images": [
    idx([2], [0, 1]),
    images,
    "Cannot read IMAGES: it must be an IDX file of bytes with 3 axes, which starts with 00 00 08 03",
  ],
  "numbers that are no bytes": [
    idx([1, 1, 1], [1], 0x0d),
    idx([1], [0]),
    "it must be an IDX file of bytes",
  ],
  "a file that is cut short": [
    images.slice(0, -1),
    idx([2], [0, 1]),
    "Cannot read IMAGES: 2 × 2 × 3 bytes are announced, and 11 follow",
  ],
  "an empty file": [new Uint8Array(), idx([2], [0, 1]), "it must be an IDX file of bytes"],
  "damaged gzip": [
    (await gzip(images)).slice(0, -9),
    idx([2], [0, 1]),
    "Cannot read IMAGES: it is damaged gzip",
  ],
};

for (const [name, [first, second, sentence]] of Object.entries(refusedIdx)) {
  Deno.test(`readIdx() refuses ${name} in a sentence`, () =>
    inFolder(async (folder) => {
      await writeFiles(folder, { images: first, labels: second });
      const paths = [`${folder}/images`, `${folder}/labels`] as const;
      const classes = ["zero", "one", "two"];
      const { message } = await assertRejects(() => readIdx(...paths, { classes }), RangeError);
      const found = message.replaceAll(paths[0], "IMAGES").replaceAll(paths[1], "LABELS");
      assert(found.includes(sentence), found);
    }));
}

Deno.test("mnistDigits() are ten thousand digits, a tenth of them held out", async () => {
  const { train, heldOut } = await mnistDigits();
  assertEquals([train.height, train.width, train.channels], [28, 28, 1]);
  assertEquals([train.examples.length, heldOut.examples.length], [9000, 1000]);
  const all = [...train.examples, ...heldOut.examples];
  assertEquals(new Set(all.map(({ pixels }) => pixels.length)), new Set([784]));
  const counts = train.classes.map((_, at) => all.filter(({ label }) => label === at).length);
  assert(counts.every((count) => count > 850 && count < 1150), counts.join());
  const mean = all.reduce((sum, { pixels }) => sum + pixels.reduce((a, b) => a + b), 0) / 784e4;
  assert(Math.abs(mean / 255 - 0.1307) < 0.003, `MNIST's mean is 0.1307, and not ${mean / 255}`);
});

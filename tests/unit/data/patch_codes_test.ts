// patchCodebook(): groups that are there are found, centers are the means of their patches, and codes the nearest of them.

import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random } from "../../../lib/core/mod.ts";
import { type ImageDataset, mnistDigits, patchCodebook } from "../../../lib/data/mod.ts";

/** Four patches of 2 × 2 grey pixels, far apart. */
const patterns = [[0, 0, 0, 0], [250, 250, 0, 0], [0, 250, 0, 250], [250, 250, 250, 250]];

/** Images of 4 × 6 pixels: two by three such patches, with noise; the label is that of the first. */
function mosaics(count: number): { images: ImageDataset; kinds: number[][] } {
  const random = new Random(5);
  const kinds = Array.from(
    { length: count },
    () => Array.from({ length: 6 }, () => random.integer(4)),
  );
  const examples = kinds.map((own) => {
    const pixels = new Uint8Array(4 * 6 * 3);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 6; column++) {
        const kind = own[Math.floor(row / 2) * 3 + Math.floor(column / 2)]!;
        const value = patterns[kind]![(row % 2) * 2 + column % 2]!;
        pixels.fill(value + random.integer(6), (row * 6 + column) * 3, (row * 6 + column + 1) * 3);
      }
    }
    return { pixels, label: 0 };
  });
  const size = { height: 4, width: 6, channels: 3 } as const;
  return { images: { name: "mosaics", ...size, classes: ["a"], examples }, kinds };
}

Deno.test("patchCodebook() finds the groups that there are, patches row by row", () => {
  const { images, kinds } = mosaics(60);
  const { centers, codesOf } = patchCodebook(images, { patchSize: 2, codes: 4 });
  const codes = images.examples.map((image) => [...codesOf(image)]);
  const codeOf = new Map(
    kinds.flatMap((own, image) => own.map((kind, at) => [kind, codes[image]![at]!] as const)),
  );
  assertEquals([...codeOf.values()].sort(), [0, 1, 2, 3]);
  assertEquals(codes, kinds.map((own) => own.map((kind) => codeOf.get(kind)!)));
  for (const [kind, code] of codeOf) {
    patterns[kind]!.forEach((value, at) => {
      for (const lane of [0, 1, 2]) {
        const found = centers[code]![3 * at + lane]!;
        assert(found >= value && found <= value + 5, `${kind}: ${found} for ${value}`);
      }
    });
  }
});

Deno.test("patchCodebook()'s centers are the means of what is nearest to them, of digits too", async () => {
  const { heldOut } = await mnistDigits({ heldOutShare: 0.01 });
  const images = { ...heldOut, examples: heldOut.examples.slice(0, 30) };
  const options = { patchSize: 7, codes: 8, seed: 2 };
  const { centers, codesOf } = patchCodebook(images, options); // of all 480 patches
  const sums = centers.map(() => ({ count: 0, sum: new Float64Array(49) }));
  for (const image of images.examples) {
    for (const [at, code] of codesOf(image).entries()) {
      const own = sums[code]!;
      own.count++;
      for (let place = 0; place < 49; place++) {
        const [row, column] = [
          Math.floor(at / 4) * 7 + Math.floor(place / 7),
          (at % 4) * 7 + place % 7,
        ];
        own.sum[place]! += image.pixels[row * 28 + column]!;
      }
    }
  }
  for (const [code, { count, sum }] of sums.entries()) {
    assert(count > 0, `code ${code}`);
    sum.forEach((total, place) =>
      assert(Math.abs(total / count - centers[code]![place]!) < 1e-3, `code ${code}, ${place}`)
    );
  }
  assertEquals(patchCodebook(images, options).centers, centers);
  assertNotEquals(patchCodebook(images, { ...options, seed: 3 }).centers, centers);
});

Deno.test("patchCodebook() says what it cannot make codes of", () => {
  const { images } = mosaics(3);
  const blank = { ...images, examples: [{ pixels: new Uint8Array(72), label: 0 }] };
  const refused: readonly (readonly [() => unknown, string])[] = [
    [
      () => patchCodebook(images, { patchSize: 3, codes: 2 }),
      "Cannot cut images of 6 × 4 into patches of 3: the side of a patch must divide theirs",
    ],
    [
      () => patchCodebook(blank, { patchSize: 2, codes: 2 }),
      "Cannot make 2 codes: 6 patches were drawn, of which 1 are different",
    ],
    [
      () => patchCodebook({ ...images, examples: [] }, { patchSize: 2, codes: 2 }),
      "Cannot make 2 codes: 0 patches were drawn, of which 0 are different",
    ],
    [() => patchCodebook(images, { patchSize: 2, codes: 1 }), "Cannot use codes = 1"],
    [() => patchCodebook(images, { patchSize: 2, codes: 9000 }), "Cannot use codes = 9000"],
    [
      () => patchCodebook(blank, { patchSize: 2, codes: 5000 }),
      "Cannot make 5000 codes: 6 patches",
    ],
    [() => patchCodebook(images, { patchSize: 2, codes: 4, patches: 3 }), "Cannot use patches = 3"],
    [() => patchCodebook(images, { patchSize: 2, codes: 2, seed: -1 }), "Cannot use seed = -1"],
  ];
  for (const [act, message] of refused) assertThrows(act, RangeError, message);
});

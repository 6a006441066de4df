// Captions of images: what is hidden, what a model reads of it, and what the text alone gives.

import { assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { saveModel } from "../../../lib/convert/save.ts";
import { disposeTree, Random } from "../../../lib/core/mod.ts";
import type { CaptionDataset } from "../../../lib/data/mod.ts";
import { openModel } from "../../../lib/families/open.ts";
import { transformerModel } from "../../../lib/families/own_model.ts";
import { loadForTask } from "../../../lib/tasks/fine_tune_task.ts";
import { imageText } from "../../../lib/tasks/image_text.ts";
import type { Task } from "../../../lib/tasks/task.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { transformer } from "../../../lib/transformer/kinds.ts";
import { onBackend } from "../../support/backends.ts";
import { inFolder } from "../checkpoint/files.ts";

const dataset = (captions: readonly string[], side = 2): CaptionDataset => ({
  name: "captions",
  ...{ height: 2, width: side, channels: 1 },
  examples: captions.map((caption, at) => ({ caption, pixels: new Uint8Array(4).fill(at) })),
});

// padding 0, mask 1; then the words in the order of the alphabet: one 2, over 3, two 4
const train = dataset(["two over one", "one over one two", "one over two"]);
const heldOut = dataset(["two over two", "one one over two"]);
const objective = { patchSize: 1 };

Deno.test("imageText() hides every word, so that only a caption's length is left of it", () =>
  onBackend("cpu", () => {
    const task = imageText({ train, heldOut }, objective);
    assertEquals(task.sizes, {
      ...{ imageSize: 2, channels: 1, patchSize: 1 },
      ...{ vocabulary: 5, context: 4 },
    });
    assertEquals(task.length, 4);
    const batch = task.draw("train", 12, new Random(1));
    assertEquals(new Set(batch.lengths), new Set([3, 4]));
    batch.lengths.forEach((length, row) => {
      const own = batch.tokens.subarray(4 * row, 4 * row + 4);
      assertEquals([...own], [1, 1, 1, length === 4 ? 1 : 0]);
      const { caption } = batch.images[row]!;
      const ids: Readonly<Record<string, number>> = { one: 2, over: 3, two: 4 };
      const words = caption.split(" ").map((word) => ids[word]!);
      const labels = [...batch.labels.subarray(4 * row, 4 * row + 4)];
      assertEquals(labels, [...words, ...Array(4 - length).fill(-1)]);
    });
    const { inputs, keyLengths } = task.inputs(batch);
    assertEquals(inputs.tokens, { ids: batch.tokens, size: [12, 4] });
    assertEquals(inputs.pixels!.shape, [12, 1, 2, 2]);
    assertEquals(keyLengths, batch.lengths.map((length) => 4 + length));
    disposeTree(inputs.pixels);
  }));

Deno.test("imageText() hides a share of the words, one at least, and shows the others", () => {
  for (const [share, hidden] of [[0.5, 2], [0.01, 1]] as const) {
    const { draw } = imageText({ train, heldOut }, { ...objective, share });
    const { tokens, labels, lengths } = draw("train", 12, new Random(2));
    lengths.forEach((length, row) => {
      const places = Array.from({ length }, (_, at) => 4 * row + at);
      const masks = places.filter((at) => tokens[at] === 1);
      assertEquals(masks.length, hidden);
      assertEquals(places.filter((at) => labels[at] !== -1), masks);
    });
    const seen = new Set([...labels.keys()].filter((at) => labels[at] !== -1).map((at) => at % 4));
    assertEquals(seen.size > 2, true, "at different places");
  }
});

Deno.test("imageText() is to beat the words at each place of captions of each length", () => {
  const { baseline } = imageText({ train, heldOut }, objective);
  // by hand; each of the three words counts once more than it stands there. Length 3: two or one, over, one or two; length 4: one, over, one, two
  const tie = Math.log(5 / 2); // (1 + 1) / (2 + 3) for either
  const over = Math.log(5 / 3);
  const nats = [tie, over, tie, Math.log(4 / 2), Math.log(4), Math.log(4), Math.log(4 / 2)];
  assertAlmostEquals(baseline.measured["nats"]!, nats.reduce((a, b) => a + b) / 7, 1e-12);
  // the first of equals, one, at the ends of three words; at the places of four words one, over, one, two
  const right = [false, true, false, true, false, false, true];
  assertAlmostEquals(baseline.measured["accuracy"]!, right.filter(Boolean).length / 7, 1e-12);
});

Deno.test("imageText() takes a folder of its own kind to train further, of its words and places", () =>
  onBackend("cpu", () =>
    inFolder(async (folder) => {
      const task = imageText({ train, heldOut }, objective);
      const config = {
        ...{ kind: "image-text" as const, width: 4, heads: 1, depth: 1 },
        ...{ imageSize: 2, channels: 1, patchSize: 1, vocabulary: 5, context: 4 },
      };
      const parameters = drawStarts(transformer(config).starts, 1);
      await saveModel(folder, await transformerModel(parameters, config));
      using model = await openModel(folder);
      const loaded = await loadForTask(model, task as Task, 1);
      assertEquals([...Object.keys(loaded.parameters)].sort(), Object.keys(parameters).sort());
      disposeTree([parameters, loaded.parameters]);
      const longer = imageText({ train: dataset(["one two over two one"]), heldOut }, objective);
      await assertRejects(() => loadForTask(model, longer as Task, 1), RangeError, "5 tokens");
    })));

Deno.test("imageText() refuses captions that it cannot learn from, and images that are not square", () => {
  const cases: readonly (readonly [() => unknown, string])[] = [
    [() => imageText({ train, heldOut: dataset(["three over two"]) }), 'the word "three"'],
    [() => imageText({ train, heldOut: dataset([" "]) }), "an empty caption"],
    [() => imageText({ train: dataset(["one"], 3), heldOut: dataset(["one"], 3) }), "square"],
    [() => imageText({ train, heldOut }, { share: 0 }), "share = 0"],
    [() => imageText({ train, heldOut }, { patchSize: 3 }), "patches of 3 × 3"],
    [() => imageText({ train, heldOut }, { shares: 1 } as never), '"share"'],
  ];
  for (const [make, message] of cases) assertThrows(make, RangeError, message);
});

// Parameters in files: what is written is read again bit for bit, the bytes are safetensors, and other files are refused.

import * as tf from "@tensorflow/tfjs";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { SafetensorsError } from "../../../lib/checkpoint/mod.ts";
import { readDecoder, readParameters, writeParameters } from "../../../lib/decoder/mod.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { numbersByPath } from "../train/tiny_run.ts";
import { fileOf, inFolder } from "../checkpoint/files.ts";

/** Gives the test a file of its own in an empty folder. */
async function withFile(test: (path: string, folder: string) => Promise<void>): Promise<void> {
  await inFolder((folder) => test(`${folder}/model.safetensors`, folder));
}

onEachBackend(
  "writeParameters() and readParameters() give a model back bit for bit",
  () =>
    withFile(async (path, folder) => {
      const config = {
        vocabulary: 5,
        context: 4,
        width: 8,
        depth: 2,
        heads: 2,
        residual: "sub-ln+gpas",
      };
      const [model, like] = [initDecoder(config, 1), initDecoder(config, 2)];
      await writeParameters(path, model);
      const read = await readParameters(path, like);
      assertEquals(await numbersByPath(read), await numbersByPath(model));
      assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["model.safetensors"]);
      disposeTree([model, like, read]);
    }),
);

onEachBackend("writeParameters() keeps values that print badly", () =>
  withFile(async (path) => {
    const values = [NaN, Infinity, -Infinity, -0, 1e-40, 3.4028234663852886e38, 0.1];
    const tree = { odd: tf.tensor1d(values) };
    await writeParameters(path, tree);
    const read = await readParameters(path, tree);
    assertEquals(await numbersByPath(read), await numbersByPath(tree));
    disposeTree([tree, read]);
  }));

onEachBackend("writeParameters() writes the safetensors format", () =>
  withFile(async (path) => {
    const tree = { a: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), list: [tf.scalar(-7.5)] };
    await writeParameters(path, tree);
    const file = await Deno.readFile(path);
    const view = new DataView(file.buffer);
    const length = Number(view.getBigUint64(0, true));
    assertEquals(length % 8, 0);
    const text = new TextDecoder().decode(file.subarray(8, 8 + length));
    assertEquals(text.trimEnd().at(-1), "}"); // padded with spaces
    assertEquals(JSON.parse(text), {
      "a": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      "list.1": { dtype: "F32", shape: [], data_offsets: [24, 28] },
    });
    assertEquals(file.length, 8 + length + 28);
    const numbers = Array.from({ length: 7 }, (_, i) => view.getFloat32(8 + length + 4 * i, true));
    assertEquals(numbers, [1, 2, 3, 4, 5, 6, -7.5]);
    disposeTree(tree);
  }));

onEachBackend(
  "readParameters() reads a file that another program wrote, metadata and all",
  () =>
    withFile(async (path) => {
      const data = new Uint8Array(Float32Array.of(9, 1.5, -2).buffer);
      const header = {
        __metadata__: { format: "pt" },
        b: { dtype: "F32", shape: [2], data_offsets: [4, 12] },
        a: { dtype: "F32", shape: [], data_offsets: [0, 4] },
      };
      await Deno.writeFile(path, fileOf(header, data));
      const like = { a: tf.scalar(0), b: tf.zeros([2]) };
      const read = await readParameters(path, like);
      assertEquals(await numbersByPath(read), { a: [9], b: [1.5, -2] });
      disposeTree([like, read]);
    }),
);

onEachBackend(
  "readParameters() names the tensor that is missing, left over or of another shape",
  () =>
    withFile(async (path) => {
      const tree = { a: tf.zeros([2, 3]), b: tf.zeros([2]) };
      await writeParameters(path, tree);
      const c = tf.zeros([1]);
      const cases = [
        [{ ...tree, c }, `Cannot read c from ${path}: found nothing, expected F32 [1]`],
        [{ a: tree.a }, `Cannot read ${path}: the model has no parameter b`],
        [{ ...tree, b: c }, `Cannot read b from ${path}: found F32 [2], expected F32 [1]`],
      ] as const;
      for (const [like, message] of cases) {
        await assertRejects(() => readParameters<unknown>(path, like), RangeError, message);
      }
      disposeTree([tree, c]);
    }),
);

onEachBackend(
  "readParameters() refuses a truncated file before it makes a tensor",
  () =>
    withFile(async (path) => {
      const tree = { a: tf.ones([2, 3]), b: tf.ones([2]) };
      await writeParameters(path, tree);
      const file = await Deno.readFile(path);
      await Deno.writeFile(path, file.subarray(0, -1));
      await assertRejects(
        () => readParameters(path, tree),
        SafetensorsError,
        `Cannot read ${path}: its tensors end at 32, and 31 bytes follow the header`,
      );
      disposeTree(tree);
    }),
);

onEachBackend(
  "readParameters() refuses files that are no safetensors",
  () =>
    withFile(async (path) => {
      const like = { a: tf.zeros([1]) };
      const half = { a: { dtype: "F32" } };
      const files: readonly (readonly [Uint8Array, string])[] = [
        [new Uint8Array(), "the length of its header takes 8"],
        [new TextEncoder().encode("PK a zip file, perhaps"), "it is not a safetensors file"],
        [fileOf("{{{{"), "its header is not a table of tensors"],
        [fileOf(Uint8Array.of(0x7b, 0xff)), "its header is not a table of tensors"],
        [fileOf("null"), "its header does not start with {"],
        [fileOf(half, new Uint8Array(4)), 'the shape of the tensor "a" is not a list'],
      ];
      for (const [file, message] of files) {
        await Deno.writeFile(path, file);
        await assertRejects(() => readParameters(path, like), SafetensorsError, message);
      }
      const integers = { a: { dtype: "I32", shape: [1], data_offsets: [0, 4] } };
      await Deno.writeFile(path, fileOf(integers, new Uint8Array(4)));
      await assertRejects(
        () => readParameters(path, like),
        RangeError,
        "found I32 [1], expected F32 [1]",
      );
      await assertRejects(() => readParameters(`${path}.absent`, like), Deno.errors.NotFound);
      disposeTree(like);
    }),
);

onEachBackend(
  "writeParameters() that fails leaves no temporary file",
  () =>
    withFile(async (path, folder) => {
      const tree = { a: tf.zeros([1]) };
      await Deno.mkdir(`${path}/occupied`, { recursive: true }); // no file can take its place
      await assertRejects(() => writeParameters(path, tree));
      const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
      assertEquals(left, ["model.safetensors"]);
      assert((await Deno.stat(path)).isDirectory);
      disposeTree(tree);
    }),
);

onEachBackend(
  "readDecoder() gives a model back, and makes nothing of a size that the file does not have",
  () =>
    withFile(async (path) => {
      const config = { vocabulary: 5, context: 4, width: 8, depth: 2, heads: 2 };
      const model = initDecoder(config, 1);
      await writeParameters(path, model);
      const read = await readDecoder(path, config);
      assertEquals(await numbersByPath(read), await numbersByPath(model));
      disposeTree([model, read]);
      const before = tf.memory().numTensors;
      const large = 2 ** 20; // more than a backend would hold
      const wrong = [
        [{ vocabulary: large }, "wte from"],
        [{ context: large }, "wpe from"],
        [{ width: 2 ** 13 }, "wte from"],
        [{ hidden: large }, "blocks.1.feedForward.w1 from"],
        [{ depth: 1024 }, "blocks.3.attention.wq from"],
        [{ positions: "rotary" }, "the model has no parameter wpe"],
      ] as const;
      for (const [change, message] of wrong) {
        await assertRejects(() => readDecoder(path, { ...config, ...change }), RangeError, message);
      }
      assertEquals(tf.memory().numTensors, before);
    }),
);

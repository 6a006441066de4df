// Open checkpoints: files and folders, rows of every dtype, many reads at a time, and files that disagree.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeNumbers, dtypes, encodeNumbers } from "../../../lib/checkpoint/dtype.ts";
import { SafetensorsError } from "../../../lib/checkpoint/error.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { Random } from "../../../lib/core/random.ts";
import { countingBytes, fileOf, inFolder } from "./files.ts";

const u8 = (start: number, end: number): object => ({
  dtype: "U8",
  shape: [end - start],
  data_offsets: [start, end],
});

Deno.test("openCheckpoint() opens a file, with names in the order of storage", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const header = {
      b: { dtype: "F32", shape: [2, 1], data_offsets: [4, 12] },
      __metadata__: { format: "pt" },
      a: { dtype: "F32", shape: [], data_offsets: [0, 4] },
    };
    await Deno.writeFile(path, fileOf(header, new Uint8Array(Float32Array.of(9, 1.5, -2).buffer)));
    using checkpoint = await openCheckpoint(path);
    assertEquals(checkpoint.names, ["a", "b"]);
    assertEquals(checkpoint.metadata, { format: "pt" });
    assertEquals(checkpoint.info("b"), { dtype: "F32", shape: [2, 1] });
    assertEquals([checkpoint.has("b"), checkpoint.has("c")], [true, false]);
    assertEquals(await readTensor(checkpoint, "a"), Float64Array.of(9));
    assertEquals(await checkpoint.rows("b", 1, 1), Float64Array.of(-2));
    assertEquals(await checkpoint.bytes("b"), new Uint8Array(Float32Array.of(1.5, -2).buffer));
  }));

Deno.test("Checkpoint reads rows of every dtype and of every rank", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    for (const dtype of dtypes) {
      const data = encodeNumbers(dtype, Float64Array.from({ length: 24 }, (_, at) => at % 2));
      for (const shape of [[24], [4, 6], [4, 3, 2], [2, 3, 2, 2], [1, 24], [24, 1]]) {
        const entry = { dtype, shape, data_offsets: [0, data.length] };
        await Deno.writeFile(path, fileOf({ x: entry }, data));
        using checkpoint = await openCheckpoint(path);
        const rows = shape.length === 1 ? 1 : shape[0]!;
        const rowBytes = data.length / rows;
        for (
          const [first, count] of [[0, rows], [rows - 1, 1], [rows, 0], [rows >> 1, 1]] as const
        ) {
          const part = data.subarray(first * rowBytes, (first + count) * rowBytes);
          assertEquals(await checkpoint.bytes("x", first, count), part.slice());
          assertEquals(await checkpoint.rows("x", first, count), decodeNumbers(dtype, part));
        }
        assertEquals(await checkpoint.bytes("x", 1 % rows), data.slice(1 % rows * rowBytes));
      }
    }
  }));

Deno.test("Checkpoint reads tensors without numbers", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const none = (shape: number[]): object => ({ dtype: "F32", shape, data_offsets: [0, 0] });
    await Deno.writeFile(path, fileOf({ a: none([0]), b: none([0, 5]), c: none([5, 0]) }));
    using checkpoint = await openCheckpoint(path);
    for (const name of ["a", "b", "c"]) {
      assertEquals((await readTensor(checkpoint, name)).length, 0);
      assertEquals(await Array.fromAsync(checkpoint.chunks(name)), []);
    }
    await assertRejects(() => checkpoint.rows("b", 0, 1), RangeError, "count = 1");
  }));

Deno.test("Checkpoint refuses tensors and rows that it does not have", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const entry = { dtype: "U8", shape: [3, 2], data_offsets: [0, 6] };
    await Deno.writeFile(path, fileOf({ x: entry }, countingBytes(6)));
    using checkpoint = await openCheckpoint(path);
    const message = `Cannot read "y": ${path} has no such tensor`;
    assertThrows(() => checkpoint.info("y"), RangeError, message);
    await assertRejects(() => checkpoint.bytes("y"), RangeError, message);
    await assertRejects(() => checkpoint.rows("y", 0, 1), RangeError, message);
    await assertRejects(() => Array.fromAsync(checkpoint.chunks("y")), RangeError, message);
    const cases = [
      [-1, 1, "Cannot use first = -1: it must be a whole number ≥ 0 and ≤ 3"],
      [4, 0, "Cannot use first = 4: it must be a whole number ≥ 0 and ≤ 3"],
      [0.5, 1, "Cannot use first = 0.5"],
      [1, 3, "Cannot use count = 3: it must be a whole number ≥ 0 and ≤ 2"],
      [1, -1, "Cannot use count = -1"],
    ] as const;
    for (const [first, count, message] of cases) {
      await assertRejects(() => checkpoint.bytes("x", first, count), RangeError, message);
    }
    assertEquals(await checkpoint.bytes("x", 1), Uint8Array.of(2, 3, 4, 5)); // and goes on
  }));

Deno.test("Checkpoint.chunks() gives all bytes in pieces of at most 4 MiB", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const length = 2 ** 23 + 5;
    const data = new Uint8Array(length);
    for (let at = 0; at < length; at++) data[at] = at * 2654435761 >>> 24;
    await Deno.writeFile(path, fileOf({ x: u8(0, length) }, data));
    using checkpoint = await openCheckpoint(path);
    const chunks = await Array.fromAsync(checkpoint.chunks("x"));
    assertEquals(chunks.map((chunk) => chunk.length), [2 ** 22, 2 ** 22, 5]);
    const same = (chunk: Uint8Array, at: number): boolean =>
      chunk.every((byte, offset) => byte === data[at * 2 ** 22 + offset]);
    assert(chunks.every(same));
  }));

Deno.test("Checkpoint serves many reads at a time", () =>
  inFolder(async (folder) => {
    const [rows, width] = [500, 97];
    const data = new Uint8Array(4 * rows * width);
    const numbers = new Int32Array(data.buffer);
    numbers.forEach((_, at) => numbers[at] = at);
    const half = data.length / 2;
    const entry = { dtype: "I32", shape: [rows / 2, width], data_offsets: [0, half] };
    const second = { ...entry, data_offsets: [half, data.length] };
    await Deno.writeFile(`${folder}/x.safetensors`, fileOf({ a: entry, b: second }, data));
    using checkpoint = await openCheckpoint(`${folder}/x.safetensors`);
    const random = new Random(5);
    await Promise.all(Array.from({ length: 400 }, async () => {
      const name = random.integer(2) === 0 ? "a" : "b";
      const first = random.integer(rows / 2);
      const count = random.integer(rows / 2 - first + 1);
      const start = (first + (name === "b" ? rows / 2 : 0)) * width;
      const read = await checkpoint.rows(name, first, count);
      assertEquals(read.length, count * width);
      assert(read.every((number, at) => number === start + at), `${name} ${first} ${count}`);
    }));
  }));

Deno.test("Checkpoint is closed once, by close() or at the end of a scope", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await Deno.writeFile(path, fileOf({ x: u8(0, 3) }, countingBytes(3)));
    const checkpoint = await openCheckpoint(path);
    checkpoint.close();
    checkpoint.close();
    checkpoint[Symbol.dispose]();
    await assertRejects(() => checkpoint.bytes("x"), Deno.errors.BadResource);
    assertEquals(checkpoint.names, ["x"]);
  }));

Deno.test("Checkpoint refuses a file that has become shorter", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const file = fileOf({ x: u8(0, 100) }, countingBytes(100));
    await Deno.writeFile(path, file);
    using checkpoint = await openCheckpoint(path);
    await Deno.truncate(path, file.length - 40);
    const read = checkpoint.bytes("x");
    await assertRejects(
      () => read,
      SafetensorsError,
      `Cannot read ${path}: it ended at ${file.length - 40} while it was read`,
    );
  }));

Deno.test("openCheckpoint() refuses files that are cut or that lie, and leaves none open", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const file = fileOf({ x: u8(0, 100) }, countingBytes(100));
    const huge = fileOf("{}");
    new DataView(huge.buffer).setBigUint64(0, 99_999_999n, true);
    const exabyte = { dtype: "F32", shape: [2 ** 50], data_offsets: [0, 2 ** 52] };
    const cases: readonly (readonly [Uint8Array, string])[] = [
      [new Uint8Array(), "it has 0 bytes, and the length of its header takes 8"],
      [file.subarray(0, 5), "it has 5 bytes, and the length of its header takes 8"],
      [
        new TextEncoder().encode("PK a zip file, perhaps"),
        "it is not a safetensors file: its header would take",
      ],
      [huge, "its header would not fit: it takes 99999999 bytes, and the file has 2 for it"],
      [
        file.subarray(0, 30),
        "its header would not fit: it takes 57 bytes, and the file has 22 for it",
      ],
      [file.subarray(0, -1), "its tensors end at 100, and 99 bytes follow the header"],
      [
        fileOf({ x: u8(0, 100) }, countingBytes(101)),
        "its tensors end at 100, and 101 bytes follow the header",
      ],
      [
        fileOf({ x: exabyte }, countingBytes(4)),
        "its tensors end at 4503599627370496, and 4 bytes follow the header",
      ],
    ];
    for (const [content, reason] of cases) {
      await Deno.writeFile(path, content);
      await assertRejects(() => openCheckpoint(path), SafetensorsError, reason);
    }
    await assertRejects(() => openCheckpoint(`${folder}/absent`), Deno.errors.NotFound);
  }));

/** Writes files of U8 tensors, each with its values, and an index. */
async function writeFolderOf(
  folder: string,
  files: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>,
  index: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [file, tensors] of Object.entries(files)) {
    let end = 0;
    const header = Object.fromEntries(
      Object.entries(tensors).map(([name, { length }]) => [name, u8(end, end += length)]),
    );
    const about = { __metadata__: { format: "pt", file } };
    const data = Uint8Array.from(Object.values(tensors).flat());
    await Deno.writeFile(`${folder}/${file}`, fileOf({ ...about, ...header }, data));
  }
  const text = JSON.stringify({ metadata: { total_size: 0 }, weight_map: index });
  await Deno.writeTextFile(`${folder}/model.safetensors.index.json`, text);
}

Deno.test("openCheckpoint() opens a folder with one file, before an index", () =>
  inFolder(async (folder) => {
    await writeFolderOf(folder, { "model.safetensors": { x: [7] } }, { y: "absent.safetensors" });
    for (const path of [folder, `${folder}/`, `${folder}//`]) {
      using checkpoint = await openCheckpoint(path);
      assertEquals(checkpoint.names, ["x"]);
    }
  }));

Deno.test("openCheckpoint() opens a folder with several files", () =>
  inFolder(async (folder) => {
    const files = {
      "model-2.safetensors": { c: [3], extra: [4] },
      "model-1.safetensors": { b: [1], a: [2, 2] },
    };
    await writeFolderOf(folder, files, {
      c: "model-2.safetensors",
      a: "model-1.safetensors",
      b: "model-1.safetensors",
    });
    using checkpoint = await openCheckpoint(folder);
    assertEquals(checkpoint.names, ["b", "a", "c", "extra"]); // a tensor that the index forgot is there all the same
    assertEquals(checkpoint.metadata, { format: "pt", file: "model-2.safetensors" });
    const [a, c] = await Promise.all(["a", "c"].map((name) => readTensor(checkpoint, name)));
    assertEquals([a, c], [Float64Array.of(2, 2), Float64Array.of(3)]);
  }));

Deno.test("openCheckpoint() refuses folders whose index and files disagree, and leaves no file open", () =>
  inFolder(async (folder) => {
    const files = { "1.safetensors": { a: [1] }, "2.safetensors": { b: [2], a: [2] } };
    const index = `${folder}/model.safetensors.index.json`;
    const one = { "1.safetensors": { a: [1] }, "2.safetensors": { b: [2] } };
    const cases = [
      [
        files,
        { a: "1.safetensors", b: "2.safetensors" },
        `the tensor "a" is in ${folder}/1.safetensors and in ${folder}/2.safetensors`,
      ],
      [one, { a: "2.safetensors", b: "2.safetensors" }, 'the tensor "a" is not in 2.safetensors'],
      [one, { a: "1.safetensors", c: "1.safetensors" }, 'the tensor "c" is not in 1.safetensors'],
      [one, { a: "1.safetensors", b: "3.safetensors" }, `there is no ${folder}/3.safetensors`],
      [
        one,
        { a: "../1.safetensors" },
        'the file of the tensor "a" is "../1.safetensors", and must be one in the same folder',
      ],
    ] as const;
    for (const [files, map, reason] of cases) {
      await writeFolderOf(folder, files, map);
      const error = await assertRejects(() => openCheckpoint(folder), SafetensorsError);
      assertEquals(error.message, `Cannot read ${index}: ${reason}`);
    }
    await Deno.writeFile(`${folder}/2.safetensors`, Uint8Array.of(1));
    await writeFolderOf(folder, { "1.safetensors": { a: [1] } }, {
      a: "1.safetensors",
      b: "2.safetensors",
    });
    const error = await assertRejects(() => openCheckpoint(folder), SafetensorsError);
    assertEquals(error.path, `${folder}/2.safetensors`);
  }));

Deno.test("openCheckpoint() follows links, as in the cache of a hub", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/blobs`);
    await Deno.mkdir(`${folder}/snapshot`);
    await Deno.writeFile(`${folder}/blobs/0a1b`, fileOf({ x: u8(0, 2) }, countingBytes(2)));
    await Deno.symlink("../blobs/0a1b", `${folder}/snapshot/model.safetensors`);
    using checkpoint = await openCheckpoint(`${folder}/snapshot`);
    assertEquals(await checkpoint.bytes("x"), Uint8Array.of(0, 1));
  }));

Deno.test("openCheckpoint() says what a folder without a checkpoint lacks", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => openCheckpoint(folder),
      Deno.errors.NotFound,
      `Cannot open ${folder}: it has neither model.safetensors nor model.safetensors.index.json`,
    );
  }));

Deno.test("openCheckpoint() refuses more files than a process may open", () =>
  inFolder(async (folder) => {
    const files = Array.from({ length: 2001 }, (_, index) => [`t${index}`, `f${index}`]);
    const index = `${folder}/model.safetensors.index.json`;
    await Deno.writeTextFile(index, JSON.stringify({ weight_map: Object.fromEntries(files) }));
    const error = await assertRejects(() => openCheckpoint(folder), SafetensorsError);
    assertEquals(
      error.message,
      `Cannot read ${index}: it names 2001 files, and at most 2000 are opened`,
    );
  }));

Deno.test("openCheckpoint() refuses files whose headers are too long together", () =>
  inFolder(async (folder) => {
    const header = new Uint8Array(60e6).fill(0x20); // each is allowed alone
    header.set([0x7b, 0x7d]);
    for (const name of ["1.safetensors", "2.safetensors"]) {
      await Deno.writeFile(`${folder}/${name}`, fileOf(header));
    }
    const index = `${folder}/model.safetensors.index.json`;
    const map = { a: "1.safetensors", b: "2.safetensors" };
    await Deno.writeTextFile(index, JSON.stringify({ weight_map: map }));
    const error = await assertRejects(() => openCheckpoint(folder), SafetensorsError);
    assertEquals(
      error.message,
      `Cannot read ${index}: the headers of its files take more than 100000000 bytes together`,
    );
  }));

Deno.test("Checkpoint refuses to read more than memory is for, and reads rows of it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    const size = 2 ** 40;
    const file = fileOf({ x: { dtype: "U8", shape: [size / 4, 4], data_offsets: [0, size] } });
    await Deno.writeFile(path, file);
    await Deno.truncate(path, file.length + size); // sparse
    using checkpoint = await openCheckpoint(path);
    await assertRejects(
      () => readTensor(checkpoint, "x"),
      RangeError,
      `Cannot read ${size} bytes of "x" at once: at most 2147483648`,
    );
    assertEquals(await checkpoint.rows("x", size / 4 - 1, 1), new Float64Array(4));
  }));

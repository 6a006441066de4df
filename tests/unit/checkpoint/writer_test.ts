// Written files: read again bit for bit, divided as transformers divides them, and whole or not there at all.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type DType, dtypes, encodeNumbers } from "../../../lib/checkpoint/dtype.ts";
import { parseHeader, tensorBytes } from "../../../lib/checkpoint/header.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import {
  type PlannedTensor,
  writeSafetensors,
  writeShards,
} from "../../../lib/checkpoint/writer.ts";
import { Random } from "../../../lib/core/random.ts";
import { inFolder, namesIn } from "./files.ts";
import { bytesFor, planned } from "./planned.ts";
import { tensors as childTensors } from "./writer_child.ts";

/** Requires that a checkpoint holds exactly these tensors. */
async function assertHolds(path: string, tensors: readonly PlannedTensor[]): Promise<void> {
  using checkpoint = await openCheckpoint(path);
  assertEquals(checkpoint.names.toSorted(), tensors.map(({ name }) => name).sort());
  for (const tensor of tensors) {
    const { name, dtype, shape } = tensor;
    assertEquals(checkpoint.info(name), { dtype, shape });
    assertEquals(await checkpoint.bytes(name), bytesFor(name, tensorBytes(tensor)));
  }
}

Deno.test("writeSafetensors() writes every dtype and shape so that it is read again", () =>
  inFolder(async (folder) => {
    const shapes = [[], [3], [2, 5], [0, 4], [2, 3, 2]];
    const tensors = shapes.flatMap((shape, at) =>
      dtypes.map((dtype) => planned(`${dtype}.${at}`, dtype, shape))
    );
    const path = `${folder}/a/b/x.safetensors`; // folders are made
    await writeSafetensors(path, tensors, { metadata: { format: "pt" } });
    await assertHolds(path, tensors);
    using checkpoint = await openCheckpoint(path);
    assertEquals(checkpoint.metadata, { format: "pt" });
    assertEquals(namesIn(`${folder}/a/b`), ["x.safetensors"]);
  }));

/** What the reference implementation (Rust, 0.8.0) writes for four tensors and metadata. */
const referenceFile =
  "10010000000000007b225f5f6d657461646174615f5f223a7b22666f726d6174223a227074227d" +
  "2c2273746570223a7b226474797065223a22493634222c227368617065223a5b315d2c22646174615f6f66667365747322" +
  "3a5b302c385d7d2c22c3a9223a7b226474797065223a22463332222c227368617065223a5b5d2c22646174615f6f666673" +
  "657473223a5b382c31325d7d2c2261223a7b226474797065223a2242463136222c227368617065223a5b302c335d2c2264" +
  "6174615f6f666673657473223a5b31322c31325d7d2c22682e776569676874223a7b226474797065223a2242463136222c" +
  "227368617065223a5b312c325d2c22646174615f6f666673657473223a5b31322c31365d7d7d2020202020202007000000" +
  "000000000000003f803f20c0";

Deno.test("writeSafetensors() writes the bytes that the reference implementation writes", () =>
  inFolder(async (folder) => {
    const tensor = (
      name: string,
      dtype: DType,
      shape: readonly number[],
      ...numbers: number[]
    ): PlannedTensor => ({
      name,
      dtype,
      shape,
      chunks: async function* () {
        yield await Promise.resolve(encodeNumbers(dtype, Float64Array.from(numbers)));
      },
    });
    await writeSafetensors(`${folder}/x`, [
      tensor("h.weight", "BF16", [1, 2], 1, -2.5),
      tensor("é", "F32", [], 0.5),
      tensor("step", "I64", [1], 7),
      tensor("a", "BF16", [0, 3]),
    ], { metadata: { format: "pt" } });
    assertEquals((await Deno.readFile(`${folder}/x`)).toHex(), referenceFile);
  }));

Deno.test("writeSafetensors() aligns every tensor to its numbers", () =>
  inFolder(async (folder) => {
    const tensors = dtypes.toReversed().map((dtype) => planned(dtype, dtype, [3]));
    await writeSafetensors(`${folder}/x`, tensors);
    const file = await Deno.readFile(`${folder}/x`);
    const length = Number(new DataView(file.buffer).getBigUint64(0, true));
    const { tensors: stored } = parseHeader(
      "x",
      file.subarray(8, 8 + length),
      file.length - 8 - length,
    );
    for (const { name, start, end } of stored) {
      assertEquals([length % 8, start % ((end - start) / 3)], [0, 0], name);
    }
  }));

Deno.test("writeSafetensors() reports bytes after each chunk", () =>
  inFolder(async (folder) => {
    const calls: unknown[] = [];
    const tensors = [planned("b", "U8", [7]), planned("a", "F32", [2])];
    await writeSafetensors(`${folder}/x`, tensors, {
      onProgress: (...call) => calls.push(call),
    });
    assertEquals(calls, [[5, 15, "a"], [8, 15, "a"], [13, 15, "b"], [15, 15, "b"]]);
  }));

Deno.test("writeSafetensors() replaces a file only by a complete one", () =>
  inFolder(async (folder) => {
    const path = `${folder}/x.safetensors`;
    await writeSafetensors(path, [planned("old", "U8", [9])]);
    await writeSafetensors(path, [planned("new", "U8", [3])]);
    await assertHolds(path, [planned("new", "U8", [3])]);
    const failing: PlannedTensor = {
      name: "failing",
      dtype: "U8",
      shape: [9],
      chunks: async function* () {
        yield await Promise.resolve(new Uint8Array(4));
        assertEquals(namesIn(folder).length, 2, "it is being written beside the file");
        throw new Error("the source is gone");
      },
    };
    await assertRejects(() => writeSafetensors(path, [failing]), Error, "the source is gone");
    assertEquals(namesIn(folder), ["x.safetensors"]);
    await assertHolds(path, [planned("new", "U8", [3])]);
    await assertRejects(() => writeSafetensors(`${folder}/y`, [failing]), Error);
    assertEquals(namesIn(folder), ["x.safetensors"]);
  }));

Deno.test("writeSafetensors() refuses chunks of another length, and ends what gives them", () =>
  inFolder(async (folder) => {
    let ended = 0;
    const given = (...lengths: number[]): PlannedTensor => ({
      name: "x",
      dtype: "F32",
      shape: [2, 1],
      chunks: async function* () {
        try {
          for (const length of lengths) yield await Promise.resolve(new Uint8Array(length));
        } finally {
          ended++;
        }
      },
    });
    const rest = "bytes, and F32 [2, 1] takes 8";
    const cases = [
      [[], `Cannot write the tensor "x": its chunks have 0 ${rest}`],
      [[4, 3], `Cannot write the tensor "x": its chunks have 7 ${rest}`],
      [[4, 5, 1], `Cannot write the tensor "x": its chunks have 9 or more ${rest}`],
    ] as const;
    for (const [lengths, message] of cases) {
      const write = (): Promise<void> => writeSafetensors(`${folder}/x`, [given(...lengths)]);
      await assertRejects(write, RangeError, message);
      assertEquals(namesIn(folder), []);
    }
    assertEquals(ended, 3);
    await writeSafetensors(`${folder}/x`, [given(0, 8, 0)]);
    assertEquals(namesIn(folder), ["x"]);
  }));

Deno.test("writeSafetensors() refuses equal names before it writes anything", () =>
  inFolder(async (folder) => {
    const twice = [planned("x", "U8", [1]), planned("x", "F32", [1])];
    await assertRejects(
      () => writeSafetensors(`${folder}/new/x`, twice),
      RangeError,
      'Cannot write a tensor "x": the name is already taken',
    );
    assertEquals(namesIn(folder), []);
  }));

Deno.test("writeShards() writes one file where it is small enough", () =>
  inFolder(async (folder) => {
    const tensors = [planned("b", "F32", [2, 2]), planned("a", "U8", [3])];
    await writeShards(`${folder}/model`, tensors, { maxShardBytes: 19 });
    assertEquals(namesIn(`${folder}/model`), ["model.safetensors"]);
    await assertHolds(`${folder}/model`, tensors);
    await writeShards(`${folder}/none`, []);
    await assertHolds(`${folder}/none`, []);
  }));

Deno.test("writeShards() divides tensors in their order, and writes an index", () =>
  inFolder(async (folder) => {
    const tensors = [
      planned("d", "U8", [4]),
      planned("c", "U8", [6]), // 10 together: full
      planned("large", "F32", [3]), // 12: a file of its own, before the one that is open, as in transformers
      planned("b", "U8", [1]),
      planned("a", "F64", [1]),
      planned("z", "U8", [2]), // 11 together: too many
    ];
    const calls: unknown[] = [];
    await writeShards(folder, tensors, {
      maxShardBytes: 10,
      metadata: { format: "pt" },
      onProgress: (...call) => calls.push(call),
    });
    const file = (number: number): string => `model-0000${number}-of-00004.safetensors`;
    assertEquals(namesIn(folder), [
      ...[1, 2, 3, 4].map(file),
      "model.safetensors.index.json",
    ]);
    const index = JSON.parse(await Deno.readTextFile(`${folder}/model.safetensors.index.json`));
    assertEquals(index, {
      metadata: { total_size: 33 },
      weight_map: { a: file(3), b: file(3), c: file(2), d: file(2), large: file(1), z: file(4) },
    });
    await assertHolds(folder, tensors);
    using checkpoint = await openCheckpoint(folder);
    assertEquals(checkpoint.metadata, { format: "pt" });
    assertEquals(calls.at(-1), [33, 33, "z"]);
    assertEquals(calls.length, 3 + 1 + 2 + 1 + 2 + 1);
  }));

Deno.test("writeShards() refuses folders with a checkpoint, and sizes that make no sense", () =>
  inFolder(async (folder) => {
    const tensors = [planned("a", "U8", [3]), planned("b", "U8", [3])];
    await writeShards(`${folder}/one`, tensors);
    await writeShards(`${folder}/two`, tensors, { maxShardBytes: 3 });
    await assertRejects(
      () => writeShards(`${folder}/one`, tensors),
      RangeError,
      `Cannot write a checkpoint to ${folder}/one: it already has model.safetensors`,
    );
    await assertRejects(
      () => writeShards(`${folder}/two`, tensors),
      RangeError,
      `Cannot write a checkpoint to ${folder}/two: it already has model.safetensors.index.json`,
    );
    for (const maxShardBytes of [0, -1, NaN]) {
      await assertRejects(
        () => writeShards(`${folder}/new`, tensors, { maxShardBytes }),
        RangeError,
        `Cannot use maxShardBytes = ${maxShardBytes}: it must be a finite number ≥ 1`,
      );
    }
  }));

Deno.test("writeShards() refuses one name in two files before it writes anything", () =>
  inFolder(async (folder) => {
    const twice = [planned("a", "U8", [3]), planned("a", "U8", [3])];
    await assertRejects(
      () => writeShards(folder, twice, { maxShardBytes: 3 }),
      RangeError,
      'Cannot write a tensor "a": the name is already taken',
    );
    assertEquals(namesIn(folder), []);
  }));

Deno.test("writeShards() that fails removes the files that it wrote, and no others", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, "{}");
    const failing: PlannedTensor = {
      name: "failing",
      dtype: "U8",
      shape: [3],
      // deno-lint-ignore require-yield
      chunks: async function* () {
        await Promise.resolve();
        assertEquals(namesIn(folder).length, 3, "one file is done, one under way");
        throw new Error("the source is gone");
      },
    };
    const tensors = [planned("a", "U8", [3]), failing];
    await assertRejects(
      () => writeShards(folder, tensors, { maxShardBytes: 3 }),
      Error,
      "the source is gone",
    );
    assertEquals(namesIn(folder), ["config.json"]);
  }));

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    assert(error instanceof TypeError || error instanceof Deno.errors.NotFound); // it has ended
  }
}

/** Starts the child, lets it write so many chunks, and kills it while it goes on; with all chunks, perhaps after its end. */
async function killAfter(chunks: number, args: readonly string[]): Promise<void> {
  const script = `${import.meta.dirname}/writer_child.ts`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script, ...args],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const answers = child.stdin.getWriter();
  let seen = 0;
  for await (const { length } of child.stdout) {
    seen += length;
    if (seen > chunks || seen > 64) continue; // killed while it wrote another dot, or done
    await answers.write(new Uint8Array(1));
    if (seen === chunks) kill(child);
  }
  await answers.close().catch(() => {}); // a killed process reads no more
  await child.status;
}

/** Requires that nothing is there, or everything. */
async function assertWholeOrAbsent(path: string, files: readonly string[]): Promise<boolean> {
  try {
    await Deno.lstat(path);
  } catch (error) {
    assert(error instanceof Deno.errors.NotFound);
    return false;
  }
  if (files.length > 0) assertEquals(namesIn(path), files);
  using checkpoint = await openCheckpoint(path);
  assertEquals(checkpoint.names, childTensors.map(({ name }) => name));
  for (const [tensor, name] of checkpoint.names.entries()) {
    const bytes = await checkpoint.bytes(name);
    assert(bytes.every((byte, at) => byte === 16 * tensor + (at >> 18)), name);
  }
  return true;
}

const kills = new Random(2025);

for (
  const [what, files] of [
    ["file", []],
    ["folder", [
      ...[1, 2, 3, 4].map((number) => `model-0000${number}-of-00004.safetensors`),
      "model.safetensors.index.json",
    ]],
  ] as const
) {
  Deno.test(`a process that is killed leaves no ${what} or a complete one`, () =>
    inFolder(async (folder) => {
      const moments = [
        1,
        ...Array.from({ length: 4 }, () => 2 + kills.integer(62)),
        64,
        64,
        64,
        65,
      ];
      for (const [at, chunks] of moments.entries()) {
        const path = `${folder}/${at}`;
        await killAfter(chunks, [what, path]);
        const isThere = await assertWholeOrAbsent(path, files);
        if (chunks !== 64) assertEquals(isThere, chunks > 64, `killed after ${chunks} chunks`);
      }
    }));
}

Deno.test("writeSafetensors() asks for a chunk while the one before is written, and waits for it where that fails", () =>
  inFolder(async (folder) => {
    const events: string[] = [];
    const tensor = (fails: boolean): PlannedTensor => ({
      name: "a",
      dtype: "U8",
      shape: [3],
      chunks: async function* () {
        try {
          for (const at of [0, 1, 2]) {
            events.push(`asked for ${at}`);
            if (fails && at === 1) throw new Error("it cannot be computed");
            yield await Promise.resolve(Uint8Array.of(at));
          }
        } finally {
          events.push("ended");
        }
      },
    });
    const onProgress = (done: number): void => void events.push(`wrote ${done}`);
    await writeSafetensors(`${folder}/a.safetensors`, [tensor(false)], { onProgress });
    assertEquals(events, [
      ...["asked for 0", "asked for 1", "wrote 1", "asked for 2", "wrote 2", "ended", "wrote 3"],
    ]);
    events.length = 0;
    await assertRejects(
      () => writeSafetensors(`${folder}/b.safetensors`, [tensor(true)], { onProgress }),
      Error,
      "it cannot be computed",
    );
    assertEquals(events.slice(-2), ["ended", "wrote 1"]);
    assertEquals(namesIn(folder), ["a.safetensors"]);
  }));

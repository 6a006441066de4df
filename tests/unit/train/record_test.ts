// Records of runs in files: what is written is read again, and files are whole or not there.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { readRun, readRuns, type Row, type RunRecord, writeRun } from "../../../lib/train/mod.ts";
import { readPackedRuns } from "../../../lib/train/packed_runs.ts";
import { packRuns } from "../../../lib/train/read_runs.ts";
import { tiny } from "./tiny_run.ts";

const record: RunRecord = {
  manifest: {
    variant: "pre-ln+gpas",
    settings: tiny,
    defaults: { accumulate: 1, model: { hidden: 32 } },
    determines: "11",
    corpus: {
      name: "é 鯨\n🐋",
      trainTokens: 9,
      heldOutTokens: 9,
      bytesPerToken: 1.25,
      characters: ' \n"\\a🐋',
      sha256: "00",
    },
    parameters: 17,
    backend: "cpu",
    versions: { normkit: "0.1.0" },
    hardware: "a machine",
    started: "2025-01-01T00:00:00.000Z",
    wallSeconds: 0.1,
    stopped: { reason: "non-finite", step: 3, message: "The loss at step 3 is NaN" },
  },
  rows: [
    { kind: "step", step: 1, loss: 2.302585092994046, rate: 1e-4 },
    { kind: "warning", step: 2, message: 'two\nlines, "quoted"' },
    { kind: "step", step: 3, loss: NaN, gradientNorm: Infinity, other: -Infinity },
  ],
};

/** Gives the test a folder of its own. */
async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "normkit-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const listOf = (folder: string): string[] =>
  Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("writeRun() and readRun() give a record back, numbers that JSON lacks included", () =>
  inFolder(async (folder) => {
    await writeRun(`${folder}/new/deeper`, record);
    assertEquals(await readRun(`${folder}/new/deeper`, "pre-ln+gpas"), record);
    assertEquals(listOf(`${folder}/new/deeper`), ["pre-ln+gpas.json", "pre-ln+gpas.jsonl"]);
  }));

Deno.test("writeRun() writes one JSON object on each line, and replaces an older record", () =>
  inFolder(async (folder) => {
    await writeRun(folder, record, "a");
    await writeRun(folder, { ...record, rows: record.rows.slice(0, 2) }, "a");
    const lines = (await Deno.readTextFile(`${folder}/a.jsonl`)).split("\n");
    assertEquals(lines.length, 3);
    assertEquals(lines.slice(0, 2).map((line) => JSON.parse(line)), record.rows.slice(0, 2));
    assertEquals(lines[2], "");
  }));

Deno.test("writeRun() of a run without rows is read as one", () =>
  inFolder(async (folder) => {
    await writeRun(folder, { ...record, rows: [] }, "empty");
    assertEquals((await readRun(folder, "empty")).rows, []);
  }));

Deno.test("writeRun() that fails leaves the old record and no temporary file", () =>
  inFolder(async (folder) => {
    await writeRun(folder, record, "a");
    const unwritable = { kind: "step", step: 1, loss: 1n } as unknown as Row;
    await assertRejects(() => writeRun(folder, { ...record, rows: [unwritable] }, "a"), TypeError);
    assertEquals(await readRun(folder, "a"), record);
    await Deno.mkdir(`${folder}/b.jsonl/occupied`, { recursive: true }); // no file can take its place
    await assertRejects(() => writeRun(folder, record, "b"));
    assertEquals(listOf(folder), ["a.json", "a.jsonl", "b.jsonl"]);
    assertEquals(listOf(`${folder}/b.jsonl`), ["occupied"]);
  }));

Deno.test("readRun() names the file and the line that is not JSON", () =>
  inFolder(async (folder) => {
    await writeRun(folder, record, "a");
    await Deno.writeTextFile(`${folder}/a.jsonl`, '{"kind":"step","step":1}\n{"kind":"st');
    await assertRejects(
      () => readRun(folder, "a"),
      SyntaxError,
      `Cannot read ${folder}/a.jsonl, line 2: it is not JSON`,
    );
    await writeRun(folder, record, "a");
    await Deno.writeTextFile(`${folder}/a.json`, "{");
    const message = `Cannot read ${folder}/a.json: it is not JSON`;
    await assertRejects(() => readRun(folder, "a"), SyntaxError, message);
  }));

Deno.test("readRuns() reads every record by file name", () =>
  inFolder(async (folder) => {
    for (const name of ["b", "a", "c"]) {
      const manifest = { ...record.manifest, variant: name };
      await writeRun(folder, { ...record, manifest });
    }
    await Deno.writeTextFile(`${folder}/notes.txt`, "not a run");
    const names = (await readRuns(folder)).map(({ manifest }) => manifest.variant);
    assertEquals(names, ["a", "b", "c"]);
  }));

Deno.test("readRuns() and readRun() refuse folders without records", () =>
  inFolder(async (folder) => {
    await assertRejects(
      () => readRuns(folder),
      RangeError,
      `Cannot read runs from ${folder}: it holds no .jsonl file`,
    );
    await assertRejects(() => readRuns(`${folder}/absent`), Deno.errors.NotFound);
    await assertRejects(() => readRun(folder, "absent"), Deno.errors.NotFound);
    await writeRun(folder, record, "a");
    await Deno.remove(`${folder}/a.json`);
    await assertRejects(() => readRun(folder, "a"), Deno.errors.NotFound);
    assert(listOf(folder).length === 1);
  }));

Deno.test("readRun() refuses rows that are longer than any run's, or lie too deep", () =>
  inFolder(async (folder) => {
    await writeRun(folder, record, "a");
    await Deno.writeTextFile(`${folder}/a.jsonl`, `{"kind":"step","step":1}\n${"[".repeat(1e5)}`);
    await assertRejects(
      () => readRun(folder, "a"),
      SyntaxError,
      `Cannot read ${folder}/a.jsonl, line 2: more than 127 levels`,
    );
    await Deno.truncate(`${folder}/a.jsonl`, 2 ** 40); // sparse
    await assertRejects(() => readRun(folder, "a"), RangeError, "it has more than 268435456 bytes");
  }));

Deno.test("packed runs are read as they were written, beside runs that have files of their own", () =>
  inFolder(async (folder) => {
    const other = { ...record, rows: [] };
    for (const name of ["b", "a"]) await writeRun(folder, record, name);
    await writeRun(folder, other, "c");
    await packRuns(folder, ["a", "c", "absent"]);
    assertEquals(listOf(folder), ["b.json", "b.jsonl", "manifests.jsonl", "rows.jsonl"]);
    assertEquals(await readRuns(folder), [record, record, other]);
    assertEquals(await readRun(folder, "a"), record);
    assertEquals(await readRun(folder, "c"), other);
    await assertRejects(() => readRun(folder, "absent"), Deno.errors.NotFound);
    await packRuns(folder, ["b"]);
    assertEquals(listOf(folder), ["manifests.jsonl", "rows.jsonl"]);
    assertEquals(await readRuns(folder), [record, record, other]);
    const rows = (await Deno.readTextFile(`${folder}/rows.jsonl`)).split("\n");
    assertEquals(rows.slice(0, 2), ['{"run":"a"}', JSON.stringify(record.rows[0])]);
  }));

Deno.test("a run that was made again replaces the packed one", () =>
  inFolder(async (folder) => {
    for (const name of ["a", "b"]) await writeRun(folder, record, name);
    await packRuns(folder, ["a", "b"]);
    const newer = { ...record, rows: record.rows.slice(1) };
    await writeRun(folder, newer, "a");
    assertEquals(await readRuns(folder), [newer, record]);
    await packRuns(folder, ["a"]);
    assertEquals(await readRuns(folder), [newer, record]);
    assertEquals(listOf(folder), ["manifests.jsonl", "rows.jsonl"]);
  }));

Deno.test("packing that is cut off after any of its writes loses no run and mixes none", () =>
  inFolder(async (folder) => {
    const newer = {
      manifest: { ...record.manifest, determines: "22" },
      rows: record.rows.slice(1),
    };
    const rename = Deno.renameSync;
    for (const writes of [0, 1, 2]) {
      const own = `${folder}/${writes}`;
      for (const name of ["a", "b"]) await writeRun(own, record, name);
      await packRuns(own, ["a", "b"]);
      await writeRun(own, newer, "a");
      let left = writes;
      Deno.renameSync = (from, to) => {
        if (left-- === 0) throw new Deno.errors.Interrupted("cut off");
        rename(from, to);
      };
      try {
        await assertRejects(() => packRuns(own, ["a"]), Deno.errors.Interrupted);
      } finally {
        Deno.renameSync = rename;
      }
      assertEquals(await readRuns(own), [newer, record], `after ${writes} writes`);
      const packed = await readPackedRuns(own);
      assertEquals(packed.get("b"), record);
      assert(
        ["undefined", JSON.stringify(record)].includes(String(JSON.stringify(packed.get("a")))),
      );
      await packRuns(own, ["a"]);
      assertEquals(await readRuns(own), [newer, record]);
      assertEquals(listOf(own), ["manifests.jsonl", "rows.jsonl"]);
    }
  }));

Deno.test("runs with parameters beside them are not packed, and no run is named like the packed files", () =>
  inFolder(async (folder) => {
    const weighty = { ...record, manifest: { ...record.manifest, weights: { sha256: "0" } } };
    await writeRun(folder, weighty, "a");
    await assertRejects(() => packRuns(folder, ["a"]), RangeError, "its parameters lie beside it");
    assertEquals(listOf(folder), ["a.json", "a.jsonl"]);
    for (const name of ["rows", "manifests"]) {
      await assertRejects(
        () => writeRun(folder, record, name),
        RangeError,
        `${name}.jsonl is a file`,
      );
    }
  }));

Deno.test("damaged packed runs are refused by file and line", () =>
  inFolder(async (folder) => {
    await writeRun(folder, record, "a");
    await packRuns(folder, ["a"]);
    const rows = await Deno.readTextFile(`${folder}/rows.jsonl`);
    const cases: [file: string, content: string, message: string][] = [
      ["rows", rows + "{", "rows.jsonl, line 5: it is not JSON"],
      ["rows", rows.slice(rows.indexOf("\n") + 1), "its first line names no run"],
      ["rows", '{"run":"b"}\n', "rows.jsonl has no rows of a"],
      ["manifests", '{"variant":"pre-ln"}\n', "line 1 names no run"],
    ];
    for (const [file, content, message] of cases) {
      await Deno.writeTextFile(`${folder}/${file}.jsonl`, content);
      await assertRejects(() => readRuns(folder), Error, message);
      await Deno.writeTextFile(`${folder}/rows.jsonl`, rows);
    }
  }));

// Notebook files: round trip, whole or not at all, and clear words about files that are no notebooks.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  joined,
  readNotebook,
  writeNotebook,
} from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { code, notebook, prose } from "./notebooks.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function read(content: string): Promise<unknown> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, content);
    return await readNotebook(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("writeNotebook() and readNotebook() keep a notebook", () =>
  inFolder(async (folder) => {
    const given = notebook(prose("# ε ≤ 1\n\ntext"), code("1 +\n 1", "a-tag"));
    given.cells[1]!.outputs = [
      { output_type: "stream", name: "stdout", text: "one\ntwo\n" },
      {
        output_type: "execute_result",
        data: { "text/plain": "2" },
        metadata: {},
        execution_count: 1,
      },
    ];
    const path = `${folder}/a.ipynb`;
    await writeNotebook(path, given);
    const again = await readNotebook(path);
    assertEquals(again.cells.map((cell) => joined(cell.source)), ["# ε ≤ 1\n\ntext", "1 +\n 1"]);
    const first = await Deno.readTextFile(path);
    await writeNotebook(path, again);
    assertEquals(await Deno.readTextFile(path), first);
    assert(first.startsWith('{\n "') && first.endsWith("}\n"));
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
    assertEquals(names, ["a.ipynb"]);
  }));

Deno.test("readNotebook() refuses what is no notebook", async () => {
  await assertRejects(() => read("{"), SyntaxError, "not JSON");
  await assertRejects(() => read("null"), RangeError, "nbformat");
  await assertRejects(() => read('{"nbformat": 3, "cells": []}'), RangeError, "nbformat is 3");
  const odd = { nbformat: 4, cells: [{ cell_type: "song", source: "" }] };
  await assertRejects(() => read(JSON.stringify(odd)), RangeError, '"song"');
  for (const cell of [null, 3, "x", []]) {
    const text = JSON.stringify({ nbformat: 4, cells: [cell] });
    await assertRejects(() => read(text), RangeError, "cell 1 of type");
  }
  for (
    const output of [
      { output_type: "stream" },
      { output_type: "display_data" },
      { output_type: "execute_result", data: null },
      { output_type: "error", ename: "E" },
      { output_type: "song" },
      null,
    ]
  ) {
    const cell = { cell_type: "code", source: "", outputs: [output] };
    const text = JSON.stringify({ nbformat: 4, cells: [cell] });
    await assertRejects(() => read(text), RangeError, "the outputs of cell 1 must be");
  }
});

Deno.test("readNotebook() refuses a notebook that lies too deep, or is no file", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.ipynb`;
    const deep = `${"[".repeat(1e5)}${"]".repeat(1e5)}`;
    await Deno.writeTextFile(path, `{"nbformat":4,"cells":[],"metadata":${deep}}`);
    await assertRejects(() => readNotebook(path), SyntaxError, "more than 127 levels of arrays");
    await assertRejects(
      () => readNotebook(folder),
      RangeError,
      `Cannot read ${folder}: it is a folder, and must be a regular file`,
    );
  }));

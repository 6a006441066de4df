// Every notebook type-checks and runs in the real kernel, on a copy: no cell fails, no output is lost, the last cell speaks.

import { assert, assertEquals } from "@std/assert";
import { basename } from "node:path";
import { checkout } from "../lib/workshop/checkout.ts";
import { checkAndExecute, listNotebooks, picturesToPng } from "../lib/workshop/notebooks.ts";
import {
  joined,
  type Notebook,
  type Output,
  readNotebook,
  textOf,
} from "../lib/workshop/jupyter/notebook_file.ts";
import { firstDifference } from "./support/same_numbers.ts";

const folder = `${checkout}/notebooks`;

/** Trained in the notebook, a number may differ from machine to machine; errors of float32 are all alike. */
const closeness = { relative: 0.05, absolute: 2e-4 };

/** What each code cell shows: the kinds of its outputs, and their words for readers without pictures. */
function shown({ cells }: Notebook): string {
  return cells.filter((cell) => cell.cell_type === "code").flatMap((cell) => [
    `[${cell.id}]`,
    ...(cell.outputs ?? []).map((output) => {
      if (output.output_type === "stream") return joined(output.text);
      if (!("data" in output)) return output.evalue;
      const { data } = output;
      const words = data["text/markdown"] ?? data["text/plain"] ?? "";
      return `${Object.keys(data).sort().join("+")}\n${joined(words as string | string[])}`;
    }),
  ]).join("\n");
}

/** The numbers of the equations that a notebook tags, and those that its prose refers to; exercises are numbered too. */
function equations({ cells }: Notebook): { tags: number[]; references: number[] } {
  const prose = cells.filter((cell) => cell.cell_type === "markdown")
    .map((cell) => joined(cell.source)).join("\n");
  const words = prose.replace(/Exercises[^]*$/, "").replaceAll(/\$\$[^]*?\$\$|\$[^$]*\$/g, "");
  const found = (text: string, pattern: RegExp): number[] =>
    [...text.matchAll(pattern)].map(([, number]) => Number(number));
  return { tags: found(prose, /\\tag\{(\d+)\}/g), references: found(words, /\((\d{1,2})\)/g) };
}

/** What `deno fmt` would write; its `--check` reports every notebook, formatted or not. */
async function formatted(path: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext=ipynb", "-"],
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(await Deno.readFile(path));
  await writer.close();
  return new TextDecoder().decode((await child.output()).stdout);
}

for (const path of await listNotebooks(folder)) {
  const name = basename(path);

  Deno.test(`${name} is formatted and under 600 kB`, async () => {
    const text = await Deno.readTextFile(path);
    assertEquals(text, await formatted(path), "run deno fmt");
    assert(text.length < 600_000, `${text.length} characters`);
  });

  Deno.test(`${name} says of each picture what it shows`, async () => {
    const { cells } = await readNotebook(path);
    const pictures = cells.flatMap(({ outputs = [] }) => outputs).filter((output) =>
      "data" in output && output.data["image/png"] !== undefined
    );
    for (const picture of pictures) {
      const { data, metadata } = picture as Output & { output_type: "display_data" };
      const { alt } = metadata["image/png"] as { alt?: string };
      assertEquals(alt, textOf(data, "text/plain")?.split("\n")[0], "run deno task notebooks");
      assert(alt !== undefined && alt.length > 10);
    }
  });

  Deno.test(`${name} numbers its equations in order and refers to no other`, async () => {
    const { tags, references } = equations(await readNotebook(path));
    assertEquals(tags, tags.map((_, index) => index + 1));
    if (tags.length > 0) {
      assertEquals(references.filter((number) => number < 1 || number > tags.length), []);
    }
  });

  Deno.test(`${name} type-checks, runs, and shows what is committed`, async () => {
    const before = await Deno.readTextFile(path);
    const executed = await checkAndExecute(path);
    const outputs = executed.cells.filter((cell) => cell.cell_type === "code").flatMap((cell) =>
      cell.outputs ?? []
    );
    assert(outputs.every((output) => output.output_type !== "error"), "no cell shows an error");
    const last = executed.cells.findLast((cell) => cell.cell_type === "code")?.outputs?.at(-1);
    assert(
      last?.output_type === "stream" && joined(last.text).startsWith("checked "),
      "the last cell must speak",
    );
    await picturesToPng(executed);
    assertEquals(
      firstDifference(shown(await readNotebook(path)), shown(executed), closeness),
      undefined,
      "run deno task notebooks to renew the outputs",
    );
    assertEquals(await Deno.readTextFile(path), before, "the test must not write");
  });
}

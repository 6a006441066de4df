// Every notebook type-checks and runs in the real kernel, on a copy: no cell fails, no output is lost, the last cell speaks.

import { assert, assertEquals } from "@std/assert";
import { checkAndExecute, listNotebooks, picturesToPng } from "../lib/cli/notebooks.ts";
import { joined, type Notebook, readNotebook } from "../lib/jupyter/notebook_file.ts";

const folder = new URL("../notebooks", import.meta.url).pathname;

/** What each code cell shows: kinds of outputs, and the text of the streams. */
function shape({ cells }: Notebook): string[] {
  return cells.filter((cell) => cell.cell_type === "code").map((cell) =>
    (cell.outputs ?? []).map((output) =>
      output.output_type === "stream"
        ? joined(output.text)
        : "data" in output
        ? Object.keys(output.data).sort().join("+")
        : output.evalue
    ).join(" | ")
  );
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
  const name = path.slice(path.lastIndexOf("/") + 1);

  Deno.test(`${name} is formatted and under 300 kB`, async () => {
    const text = await Deno.readTextFile(path);
    assertEquals(text, await formatted(path), "run deno fmt");
    assert(text.length < 300_000, `${text.length} characters`);
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
      shape(executed),
      shape(await readNotebook(path)),
      "run deno task notebooks to renew the outputs",
    );
    assertEquals(await Deno.readTextFile(path), before, "the test must not write");
  });
}

// `deno task start` and the site: what they replace and what they leave alone.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { runTask } from "../../../lib/workshop/task.ts";
import { siteCommand } from "../../../lib/workshop/site.ts";
import { removeOwnRuns, startCommand } from "../../../lib/workshop/start.ts";
import { printedBy } from "../../support/cli.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

const start = (...words: string[]) => printedBy(() => runTask("start", startCommand, words));

Deno.test("start takes no folder as a word, and refuses a folder that exists", async () => {
  const before = namesIn(`${checkout}/data`);
  const word = await start("data");
  assertEquals(word.code, 2);
  assertStringIncludes(word.err, "Cannot run with data: it takes no word");
  for (const out of [`${checkout}/data`, `${checkout}/data/`, "/dev/null"]) {
    const { code, err } = await start("--out", out);
    assertEquals(code, 3);
    assertStringIncludes(err, "it exists already");
  }
  assertEquals(namesIn(`${checkout}/data`), before);
});

Deno.test("removeOwnRuns() removes what an earlier start made, and nothing else", () =>
  inFolder(async (folder) => {
    const runs: readonly (readonly [string, string])[] = [
      ["own", '{"command": "deno task start"}'],
      ["other", '{"command": "normkit train other"}'],
      ["broken", "{"],
      ["null", "null"],
    ];
    for (const [name, manifest] of runs) {
      await Deno.writeTextFile(`${folder}/${name}.json`, manifest);
      await Deno.writeTextFile(`${folder}/${name}.jsonl`, "");
    }
    await Deno.writeTextFile(`${folder}/own.safetensors`, "");
    await Deno.writeTextFile(`${folder}/own.txt`, "");
    await removeOwnRuns(folder);
    assertEquals(
      namesIn(folder),
      ["broken", "null", "other"].flatMap((name) => [`${name}.json`, `${name}.jsonl`])
        .concat("own.txt").sort(),
    );
    await removeOwnRuns(`${folder}/nowhere`);
  }));

Deno.test("site replaces its own pages, and refuses to write over another file before it does anything", () =>
  inFolder(async (folder) => {
    const site = () => printedBy(() => runTask("site", siteCommand, ["--out", folder]));
    await Deno.writeTextFile(`${folder}/index.html`, "<p>mine</p>");
    const { code, err } = await site();
    assertEquals(code, 3);
    assertStringIncludes(err, `Cannot write ${folder}/index.html: it is there`);
    assertEquals(namesIn(folder), ["index.html"]);
    await Deno.remove(`${folder}/index.html`);
    assertEquals([(await site()).code, (await site()).code], [0, 0]);
  }));

// The studies that ship: files that can be run as they are, and records of those that are recorded.

import { assert, assertEquals } from "@std/assert";
import { madeRuns } from "../../../lib/sweep/made.ts";
import { readSweep } from "../../../lib/sweep/sweep.ts";
import { readRuns } from "../../../lib/train/mod.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { namesIn } from "../checkpoint/files.ts";

const folder = `${checkout}/data/studies`;
const studies = namesIn(folder).filter((name) => name.endsWith(".json"));

for (const file of studies) {
  Deno.test(`the study ${file} can be run as it is`, async () => {
    const { cells, trainer, file: { title, $schema } } = await readSweep(`${folder}/${file}`);
    assert(title !== undefined && cells.length > 0);
    await Deno.stat(`${folder}/${$schema}`);
    const out = `${folder}/${file.slice(0, -".json".length)}`;
    const isRecorded = namesIn(folder).some((name) => `${name}.json` === file);
    const readme = await Deno.readTextFile(`${folder}/README.md`);
    const row = readme.split("\n").find((line) => line.startsWith(`| \`${file}\``));
    const said = row?.split("|").at(-2)?.trim().startsWith(isRecorded ? "yes" : "no");
    assert(said, `README.md must say whether ${file} is recorded`);
    if (!isRecorded) return;
    assertEquals((await madeRuns(cells, { out, trainer })).size, cells.length);
    assertEquals((await readRuns(out)).length, cells.length);
  });
}

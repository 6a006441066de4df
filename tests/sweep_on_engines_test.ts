// A sweep's cells on the engines of clusters, Snakemake and Slurm: what they leave in one folder is what `normkit sweep run` leaves.

import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../lib/workshop/checkout.ts";
import { cliFile, reportOf } from "./support/cli.ts";
import { systemHas } from "./support/programs.ts";
import { canRunSlurm, startSlurm } from "./support/slurm.ts";
import { inFolder, namesIn } from "./unit/checkpoint/files.ts";
import { recordsIn, tinySweep } from "./unit/sweep/tiny_sweep.ts";

/** Where CI installs it: `python3 -m venv .normkit/snakemake; .normkit/snakemake/bin/pip install snakemake`. */
const ownSnakemake = `${checkout}/.normkit/snakemake/bin/snakemake`;

const snakemake = [ownSnakemake, "snakemake"].find((program) =>
  program.startsWith("/") ? isFile(program) : systemHas(program)
);

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Has a sweep run by an engine, and compares what it leaves. The folder's name has a space and a brace, which engines may stumble over. */
async function compared(
  folder: string,
  run: (folder: string) => Promise<{ readonly success: boolean; readonly said: string }>,
): Promise<void> {
  const path = `${folder}/a sweep.json`;
  const [out, whole] = [`${folder}/a sweep`, `${folder}/whole`];
  await Deno.writeTextFile(path, JSON.stringify(tinySweep));
  const { cells } = await reportOf("sweep", "run", path, "--out", whole, "--workers", "1");
  assertEquals(cells, 8);
  await reportOf("sweep", "workflow", path, "--jobs", "3");
  const { success, said } = await run(folder);
  assertEquals(success, true, said);
  assertEquals(namesIn(out), namesIn(whole));
  assertEquals(await recordsIn(out), await recordsIn(whole));
}

// an address has no space to quote: Snakemake takes quotes off the ends of a value
const call = `${Deno.execPath()} run -A --quiet ${pathToFileURL(cliFile).href}`;

Deno.test({
  name: "Snakemake's local executor makes what `sweep run` makes",
  ignore: snakemake === undefined,
  fn: () =>
    inFolder((folder) =>
      compared(folder, async (cwd) => {
        const args = [
          "-s",
          "a sweep.workflow/Snakefile",
          "--cores",
          "2",
          "--config",
          `normkit=${call}`,
        ];
        const { success, stderr } = await new Deno.Command(snakemake!, { args, cwd }).output();
        return { success, said: new TextDecoder().decode(stderr) };
      })
    ),
});

Deno.test({
  name: "a job array of Slurm makes what `sweep run` makes",
  ignore: !canRunSlurm,
  fn: () =>
    inFolder((folder) =>
      inFolder(async (own) => {
        await using cluster = await startSlurm(own);
        await compared(folder, (cwd) => cluster.submit("a sweep.workflow/array.sh", cwd));
      })
    ),
});

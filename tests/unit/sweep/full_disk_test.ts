// A sweep on a disk without room: its cells fail with the reason, nobody is at them afterwards, and once there is room they are trained.

import { assertEquals, assertMatch } from "@std/assert";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { makeSweep, resultsOf, trainSweep } from "../../../lib/sweep/mod.ts";
import { mounts, onDisk, withMounts } from "../../support/small_disk.ts";
import { inFolder } from "../checkpoint/files.ts";
import { tinySweep } from "./tiny_sweep.ts";

await useBackend("cpu");

/** Takes all room of a disk; the result is the file that has it. */
async function fill(disk: string): Promise<string> {
  const path = `${disk}/filler`;
  using file = await Deno.create(path);
  const block = new Uint8Array(1024);
  for (let left = true; left;) left = await file.write(block).then(() => true, () => false);
  return path;
}

Deno.test({
  name:
    `cells on a full disk fail with the reason, and are trained once there is room${withMounts}`,
  ignore: !mounts,
  fn: () =>
    inFolder((folder) =>
      onDisk(folder, "size=1m", async (disk) => {
        const out = `${disk}/runs`;
        const sweep = await makeSweep(tinySweep);
        await Deno.mkdir(out);
        const filler = await fill(disk);
        const { failed } = await trainSweep(sweep, out);
        assertEquals(failed.size, 8);
        for (const message of failed.values()) {
          assertMatch(message, /^Cannot write .*: no space is left on its disk$/);
        }
        const states = async () => new Set((await resultsOf(sweep, out)).map(({ state }) => state));
        assertEquals(await states(), new Set(["to do"]));
        await Deno.remove(filler);
        assertEquals((await trainSweep(sweep, out)).failed.size, 0);
        assertEquals(await states(), new Set(["done"]));
      })
    ),
});

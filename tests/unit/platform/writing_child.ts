// A process that writes folders and files one after another until a signal ends it: the first argument is where.

import { writeAtomically, writeFolder, writeStream } from "../../../lib/platform/files.ts";
import { underSignals } from "../../../lib/platform/signals.ts";

const [place] = Deno.args as [string];
const options = { inOrder: false, onFirst: () => {}, onEnd: () => {} };
await underSignals(options, async () => {
  for (let n = 0;; n++) {
    await writeFolder(`${place}/around/${n}`, async (folder) => {
      for (const name of ["a", "b", "c"]) {
        await writeStream(`${folder}/inner/${name}`, (file) => file.write(new Uint8Array(64)));
        await writeAtomically(`${folder}/${name}.json`, "{}");
      }
    });
    Deno.removeSync(`${place}/around`, { recursive: true });
  }
});

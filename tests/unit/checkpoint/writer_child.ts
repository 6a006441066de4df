// A process that the writer's test kills. After each chunk it prints a dot and waits for a byte; a bar says that all is done.

import { writeFolder } from "../../../lib/platform/files.ts";
import {
  type PlannedTensor,
  writeSafetensors,
  writeShards,
} from "../../../lib/checkpoint/writer.ts";

const chunkBytes = 2 ** 18;

/** What the process writes: 4 tensors of 16 chunks of 256 KiB, each chunk full of one number. */
export const tensors: readonly PlannedTensor[] = Array.from({ length: 4 }, (_, tensor) => ({
  name: `tensor.${tensor}`,
  dtype: "U8",
  shape: [16, chunkBytes],
  chunks: async function* () {
    for (let chunk = 0; chunk < 16; chunk++) {
      yield await Promise.resolve(new Uint8Array(chunkBytes).fill(16 * tensor + chunk));
    }
  },
}));

if (import.meta.main) {
  const [what, path] = Deno.args;
  const say = (text: string): void => void Deno.stdout.writeSync(new TextEncoder().encode(text));
  const onProgress = (): void => {
    say(".");
    Deno.stdin.readSync(new Uint8Array(1));
  };
  if (what === "file") await writeSafetensors(path!, tensors, { onProgress });
  else {
    await writeFolder(
      path!,
      (folder) => writeShards(folder, tensors, { onProgress, maxShardBytes: 16 * chunkBytes }),
    );
  }
  say("|");
}

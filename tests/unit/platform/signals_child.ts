// A process that signals end, with a temporary file: the first argument names it; the second says whether it ends by itself.

import { undoneAtEnd } from "../../../lib/platform/cleanup.ts";
import { underSignals } from "../../../lib/platform/signals.ts";

const [path, how] = Deno.args as [string, string];
const options = {
  inOrder: how === "in order",
  onFirst: () => console.log("first"),
  onEnd: (signal: string) => console.log(`ended by ${signal}`),
};
await underSignals(options, async (signal) => {
  using _undo = undoneAtEnd(() => Deno.removeSync(path));
  await Deno.writeTextFile(path, "temporary");
  console.log("ready");
  signal.addEventListener("abort", () => console.log("told"));
  await new Promise((resolve) => setTimeout(resolve, 60_000)); // as long as it takes to be ended
});

// A kernel ends with its process: nothing of it stays where a signal ends that.

import { assertEquals } from "@std/assert";
import { inCheckout, runScript } from "../../../support/script.ts";
import { inFolder, namesIn } from "../../checkpoint/files.ts";

Deno.test({
  name: "undoAll() ends a kernel and removes its connection file",
  ignore: Deno.build.os === "windows", // its temporary folder is named otherwise
  fn: () =>
    inFolder(async (folder) => {
      const script = `import { undoAll } from ${inCheckout("lib/platform/cleanup.ts")};
import { Kernel } from ${inCheckout("lib/workshop/jupyter/kernel.ts")};
const files = () => [...Deno.readDirSync(Deno.env.get("TMPDIR"))].map(({ name }) => name.split("-")[0]);
const kernel = await Kernel.start({ cwd: Deno.cwd() });
console.log(files().includes("kernel"));
undoAll();
await kernel.execute("1 + 1").catch((error) => console.log(error.name, error.message));
console.log(files().includes("kernel"));
await kernel.close();`;
      const { code, out, err } = await runScript(script, { env: { TMPDIR: folder } });
      assertEquals([code, err], [0, ""]);
      const [there, message, after] = out.trim().split("\n");
      assertEquals([there, after], ["true", "false"]);
      assertEquals(message!.startsWith("KernelError The kernel ended"), true, message);
      assertEquals(namesIn(folder), []);
    }),
});

// A kernel ends with its process: nothing of it stays where a signal ends that.

import { assertEquals, assertRejects } from "@std/assert";
import { undoAll } from "../../../../lib/platform/cleanup.ts";
import { Kernel, KernelError } from "../../../../lib/workshop/jupyter/kernel.ts";
import { inFolder, namesIn } from "../../checkpoint/files.ts";

Deno.test({
  name: "undoAll() ends a kernel and removes its connection file",
  ignore: Deno.build.os === "windows", // its temporary folder is named otherwise
  fn: () =>
    inFolder(async (folder) => {
      const usual = Deno.env.get("TMPDIR");
      Deno.env.set("TMPDIR", folder);
      try {
        const kernel = await Kernel.start({ cwd: folder });
        try {
          assertEquals(namesIn(folder).some((name) => name.startsWith("kernel-")), true);
          undoAll();
          await assertRejects(() => kernel.execute("1 + 1"), KernelError, "The kernel ended");
          assertEquals(namesIn(folder).some((name) => name.startsWith("kernel-")), false);
        } finally {
          await kernel.close();
        }
      } finally {
        if (usual === undefined) Deno.env.delete("TMPDIR");
        else Deno.env.set("TMPDIR", usual);
      }
    }),
});

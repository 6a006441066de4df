// The examples that readers copy: the README's and those of the entry points, run as they stand.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";

Deno.test("the examples of README.md and of the entry points run", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--doc",
      "README.md",
      "mod.ts",
      "lib/data/mod.ts",
      "lib/plots/mod.ts",
      "lib/tasks/mod.ts",
    ],
    cwd: checkout,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stdout) + text(stderr));
  assertStringIncludes(text(stdout), "ok | 5 passed | 0 failed");
});

Deno.test("CONTRIBUTING.md names every folder of lib, README.md every residual variant", async () => {
  const readme = await Deno.readTextFile(`${checkout}/README.md`);
  const contributing = await Deno.readTextFile(`${checkout}/CONTRIBUTING.md`);
  for await (const { name } of Deno.readDir(`${checkout}/lib`)) {
    assertStringIncludes(contributing, `${name}/`);
  }
  const { residuals } = await import("@normkit/normkit");
  for (const { label } of residuals) assertStringIncludes(readme, label.split(",")[0]!);
});

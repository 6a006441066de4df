// The first hour of a new user in a new project of Deno: the package is added from JSR (here a registry on this machine), and the
// programs that README and tests/first_hour have are written, type-checked and run.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { left, programs, programText, says } from "./support/first_hour.ts";
import { packageOnJsr, publishHere } from "./support/jsr.ts";

Deno.test("the first hour in a new project of Deno", async (t) => {
  await using registry = await publishHere();
  const root = await Deno.makeTempDir();
  const folder = join(root, "my project ä");
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  await Deno.mkdir(join(root, "cache"));
  await Deno.symlink(npmCache, join(root, "cache/npm"), { type: "junction" });
  const env = { DENO_DIR: join(root, "cache"), JSR_URL: registry.url, NO_COLOR: "1" };
  const deno = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      ...{ args, env, cwd: folder, stdin: "null" },
    }).output();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    assertEquals(code, 0, `deno ${args.join(" ")}: ${text(stdout)}${text(stderr)}`);
    return text(stdout);
  };
  try {
    await Deno.mkdir(join(folder, "my folder"), { recursive: true });
    await Deno.writeTextFile(join(folder, "deno.json"), "{}");

    await t.step("deno add finds the package", async () => {
      await deno("add", "jsr:@normkit/normkit");
      const config = await Deno.readTextFile(join(folder, "deno.json"));
      assertStringIncludes(config, "@normkit/normkit");
    });

    await t.step("every program type-checks", async () => {
      for (const name of ["readme", ...programs] as const) {
        await Deno.writeTextFile(join(folder, `${name}.ts`), await programText(name, "wasm"));
      }
      await deno("check", "--quiet", ...["readme", ...programs].map((name) => `${name}.ts`));
    });

    for (const name of ["readme", ...programs] as const) {
      await t.step(`the program ${name} runs`, async () => {
        assertMatch(await deno("run", "-A", "--quiet", `${name}.ts`), says[name]);
      });
    }

    await t.step("the command line inspects what a program wrote", async () => {
      const words = ["run", "-A", "--quiet", `${packageOnJsr}/cli`, "inspect", "my folder/rms"];
      assertStringIncludes(await deno(...words), "norms          rms");
    });

    for (const [path, start] of Object.entries(left)) {
      const bytes = await Deno.readFile(join(folder, path));
      assertEquals(String.fromCharCode(...bytes.subarray(0, start.length)), start, path);
    }

    await t.step("a project that keeps its packages in its own folder runs the same", async () => {
      const path = join(folder, "deno.json");
      const settings = { nodeModulesDir: "auto", vendor: true };
      const config = { ...JSON.parse(await Deno.readTextFile(path)), ...settings };
      await Deno.writeTextFile(path, JSON.stringify(config));
      for (const name of ["convert", "chart_png", "texts"] as const) {
        await Deno.remove(join(folder, "my folder"), { recursive: true });
        assertMatch(await deno("run", "-A", "--quiet", `${name}.ts`), says[name]);
      }
      await Deno.stat(join(folder, "vendor"));
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

// What editors read: the dev container, VS Code's settings, and the kernel that a notebook asks for, started as VS Code's Jupyter
// extension starts it: by the words of its kernel.json, without Python.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import { checkout } from "../lib/workshop/checkout.ts";
import { Kernel } from "../lib/workshop/jupyter/kernel.ts";
import { readNotebook } from "../lib/workshop/jupyter/notebook_file.ts";
import config from "../deno.json" with { type: "json" };

const json = (path: string): Record<string, unknown> =>
  JSON.parse(Deno.readTextFileSync(`${checkout}/${path}`));

const extensions = ["denoland.vscode-deno", "ms-toolsai.jupyter"];

Deno.test("the dev container has CI's Deno and Node, the kernel, and both extensions", async () => {
  const { image, postCreateCommand, customizations } = json(".devcontainer/devcontainer.json");
  const ci = await Deno.readTextFile(`${checkout}/.ci/run`);
  const workflow = await Deno.readTextFile(`${checkout}/.github/workflows/ci.yml`);
  const [, version] = /^deno_version=(.*)$/m.exec(ci)!;
  const [, node] = /^ +container: node:(\S+)$/m.exec(workflow)!;
  assertEquals(image, `mcr.microsoft.com/devcontainers/javascript-node:${node}`);
  const commands = String(postCreateCommand).split(" && ");
  assertEquals(commands.slice(0, 2), [
    `npm install --global deno@${version}`,
    "deno jupyter --install",
  ]);
  assertEquals(customizations, { vscode: { extensions } });
});

Deno.test("VS Code recommends the extensions, enables Deno, and its tasks are Deno's", () => {
  assertEquals(json(".vscode/extensions.json"), { recommendations: extensions });
  assertEquals(json(".vscode/settings.json")["deno.enable"], true);
  const { tasks } = json(".vscode/tasks.json") as {
    tasks: readonly { command: string; args: readonly string[] }[];
  };
  for (const { command, args: [word, name] } of tasks) {
    assertEquals(command, "deno");
    assert(word === "jupyter" || (word === "task" && Object.hasOwn(config.tasks, name!)), name);
  }
});

/** A folder in which the only program is Deno. */
async function pathOfDeno(root: string): Promise<string> {
  await Deno.mkdir(`${root}/bin`);
  await Deno.symlink(Deno.execPath(), `${root}/bin/deno`);
  return `${root}/bin`;
}

Deno.test({
  name: "the kernel that deno jupyter installs runs a notebook's first cell, without Python",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "a home ä " });
    try {
      const path = await pathOfDeno(root);
      const { success } = await new Deno.Command("deno", {
        args: ["jupyter", "--install"],
        env: { HOME: root, XDG_DATA_HOME: root, PATH: path },
        stderr: "null",
      }).output();
      assert(success);
      const spec = JSON.parse(await Deno.readTextFile(`${root}/jupyter/kernels/deno/kernel.json`));
      // the words by which Kernel.start() starts it
      assertEquals(spec.argv.slice(1), ["jupyter", "--kernel", "--conn", "{connection_file}"]);
      assertStringIncludes(spec.argv[0], "deno");
      const file = `${checkout}/notebooks/00_start_here.ipynb`;
      const { metadata, cells } = await readNotebook(file);
      assertEquals((metadata as { kernelspec: { name: string } }).kernelspec.name, "deno");
      const first = cells.find(({ cell_type }) => cell_type === "code")!;
      const kernel = await Kernel.start({ cwd: dirname(file), env: { PATH: path } });
      try {
        const { reply } = await kernel.execute([first.source].flat().join(""));
        assertEquals(reply.content["status"], "ok", JSON.stringify(reply.content));
      } finally {
        await kernel.close();
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

Deno.test("notebooks ask for Deno's kernel", async () => {
  for await (const { name } of Deno.readDir(`${checkout}/notebooks`)) {
    if (!name.endsWith(".ipynb")) continue;
    const { metadata } = await readNotebook(join(checkout, "notebooks", name));
    assertEquals((metadata as { kernelspec: { name: string } }).kernelspec.name, "deno", name);
  }
});

// JupyterLab's programs on each system, and how a server in their place is ended.

import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../../../../lib/workshop/checkout.ts";
import { refuseNews } from "../../../../lib/workshop/jupyter/lab.ts";
import { programIn } from "../../../../lib/workshop/jupyter/virtual_environment.ts";

Deno.test("programIn() finds a program in a virtual environment of every system", () => {
  assertEquals(programIn("/my notebooks/.venv", "pip", "linux"), "/my notebooks/.venv/bin/pip");
  assertEquals(programIn("C:\\n\\.venv", "pip", "windows"), "C:\\n\\.venv\\Scripts\\pip.exe");
});

/** Where JupyterLab keeps what a user answered about news. */
const newsIn = (settings: string): string =>
  `${settings}/@jupyterlab/apputils-extension/notification.jupyterlab-settings`;

Deno.test("JupyterLab asks for no news at its first start, and keeps what a user answers later", async () => {
  const settings = await Deno.makeTempDir();
  try {
    const file = newsIn(settings);
    await refuseNews(settings);
    assertEquals(JSON.parse(await Deno.readTextFile(file)), { fetchNews: "false" });
    await Deno.writeTextFile(file, '{ "fetchNews": "true" }');
    await refuseNews(settings);
    assertEquals(JSON.parse(await Deno.readTextFile(file)), { fetchNews: "true" });
  } finally {
    await Deno.remove(settings, { recursive: true });
  }
});

/** A server that says when it runs, and writes which signals it gets; it ends at SIGTERM. */
const server = `#!/bin/sh
trap 'echo INT >> signals' INT
trap 'echo TERM >> signals; exit 0' TERM
echo ready
while :; do sleep 0.05; done
`;

Deno.test({
  name: "a terminal's Ctrl-C reaches the server once and as SIGTERM, which ends its kernels too",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "a checkout " });
    try {
      for (const folder of ["notebooks", ".venv/bin"]) {
        await Deno.mkdir(`${root}/${folder}`, { recursive: true });
      }
      for (const [name, text] of [["jupyter", "#!/bin/sh\n"], ["jupyter-lab", server]]) {
        await Deno.writeTextFile(programIn(`${root}/.venv`, name!), text!, { mode: 0o755 });
      }
      const library = pathToFileURL(`${checkout}/lib/workshop/jupyter/lab.ts`);
      const signals = pathToFileURL(`${checkout}/lib/platform/signals.ts`);
      const program = `import { runLab } from "${library}";
        import { underSignals } from "${signals}";
        const how = { inOrder: true, onFirst() {}, onEnd() {} };
        const root = ${JSON.stringify(root)};
        Deno.exit(await underSignals(how, (signal) => runLab({ root, signal })));`;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["eval", "--config", `${checkout}/deno.json`, program],
        stdout: "piped",
        detached: true, // a group of its own, as in a terminal
      }).spawn();
      let said = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        if (!said.includes("ready") && (said += text).includes("ready")) {
          await new Deno.Command("kill", { args: ["-INT", "--", `-${child.pid}`] }).output();
        }
      }
      assertEquals((await child.status).code, 0);
      assertEquals(await Deno.readTextFile(`${root}/notebooks/signals`), "TERM\n");
      await Deno.stat(newsIn(`${root}/.jupyter/lab/settings`));
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

// The first hour in JupyterLab, from nothing: a clone in a folder with a space and an ä, an empty home, `deno task lab`, the first
// notebook opened in Chromium, all its cells run, its charts seen, its file saved. By hand, since pip takes minutes:
// `deno test -A tests/jupyterlab/first_hour.ts`. Without Python or Chromium on the machine it is ignored, by name.

import { assert, assertEquals } from "@std/assert";
import type { Page } from "puppeteer-core";
import { checkout } from "../../lib/workshop/checkout.ts";
import { joined, type Output, readNotebook } from "../../lib/workshop/jupyter/notebook_file.ts";
import { chromium, withPage } from "../support/chromium.ts";

const name = "00_start_here.ipynb";

/** The longest time that the browser waits for something, in milliseconds: a busy machine takes minutes. */
const patience = 600_000;

/** Runs a program to its end; the result says whether it did what it should. */
async function succeeds(program: string, ...args: readonly string[]): Promise<boolean> {
  const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

const absent = [
  ...(await succeeds("python3", "-c", "import ensurepip, venv") ? [] : ["Python 3 with venv"]),
  ...(chromium === undefined ? ["Chromium"] : []),
];

/** Where Deno keeps packages, which it need not fetch again for an empty home. */
async function packagesOfDeno(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** `deno task lab` in a clone, once its server answers; it ends with this. */
async function startLab(folder: string, home: string): Promise<AsyncDisposable & { url: string }> {
  const port = freePort();
  const server = new Deno.Command(Deno.execPath(), {
    args: [
      ...["task", "lab", "--no-browser", "--port", `${port}`, "--", "--allow-root"],
      ...["--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True"],
    ],
    cwd: folder,
    env: { HOME: home, DENO_DIR: await packagesOfDeno() },
    ...{ stdin: "null", stdout: "null", stderr: "inherit" },
  }).spawn();
  const ended = server.status.then(({ code }) => `deno task lab ended with ${code}`);
  let failure: string | undefined;
  ended.then((why) => failure = why);
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    const response = await fetch(`${url}/api`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) break;
    if (failure !== undefined) throw new Error(failure);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const end = async (): Promise<void> => {
    if (failure === undefined) server.kill("SIGTERM");
    await ended;
  };
  return { url, [Symbol.asyncDispose]: end };
}

/** What a page of JupyterLab tells of itself to tests. */
interface Lab {
  readonly jupyterapp: {
    readonly commands: { execute(command: string): Promise<unknown> };
    readonly shell: {
      readonly currentWidget: { readonly sessionContext?: { readonly isReady: boolean } } | null;
    };
  };
  ended?: string;
}

/** Waits until a page says so; asked anew each time, since a busy machine takes longer than one question of the browser's may. */
async function until(page: Page, isSo: () => unknown): Promise<void> {
  while (!await page.evaluate(isSo)) await new Promise((resolve) => setTimeout(resolve, 500));
}

/** Runs a command of JupyterLab, as its menus do, to its end. */
async function execute(page: Page, command: string): Promise<void> {
  await page.evaluate((command) => {
    const lab = globalThis as unknown as Lab;
    lab.ended = "";
    lab.jupyterapp.commands.execute(command).then(
      () => lab.ended = "done",
      (error) => lab.ended = String(error),
    );
  }, command);
  const ended = (): Promise<string | undefined> =>
    page.evaluate(() => (globalThis as unknown as Lab).ended);
  await until(page, () => (globalThis as unknown as Lab).ended);
  assertEquals(await ended(), "done", command);
}

/** Opens the notebook, runs all cells, and saves it. */
async function runAll(page: Page, lab: string): Promise<void> {
  await page.goto(`${lab}/lab/tree/${name}`);
  await until(
    page,
    () => (globalThis as unknown as Lab).jupyterapp?.shell.currentWidget?.sessionContext?.isReady,
  );
  await execute(page, "notebook:run-all-cells");
  await execute(page, "docmanager:save");
}

/** Scrolls through the notebook until so many charts have been drawn, which JupyterLab does where a cell is in sight; gives their widths. */
async function widthsOfCharts(page: Page, count: number): Promise<number[]> {
  const widths = new Map<string, number>();
  while (widths.size < count) {
    const seen = await page.$$eval(
      ".jp-RenderedSVG img",
      (charts) =>
        (charts as HTMLImageElement[]).filter(({ complete }) => complete)
          .map((chart) => [chart.src, chart.getBoundingClientRect().width] as const),
    );
    for (const [chart, width] of seen) widths.set(chart, width);
    await page.$eval(".jp-WindowedPanel-outer", (panel) => {
      const isEnd = panel.scrollTop + panel.clientHeight >= panel.scrollHeight - 1;
      panel.scrollTop = isEnd ? 0 : panel.scrollTop + 300;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [...widths.values()];
}

/** The outputs of each code cell of a notebook. */
async function outputsIn(folder: string): Promise<(readonly Output[])[]> {
  const { cells } = await readNotebook(`${folder}/notebooks/${name}`);
  return cells.filter(({ cell_type }) => cell_type === "code").map(({ outputs = [] }) => outputs);
}

const isChart = (output: Output): boolean =>
  "data" in output && Object.keys(output.data).some((type) => type.startsWith("image/"));

/** What a cell shows, without what another run may change: an image is an image, a line its first words. */
const shownBy = (outputs: readonly Output[]): string[] =>
  outputs.flatMap((output) =>
    output.output_type === "stream"
      ? joined(output.text).trim().split("\n").map((line) => line.split(":")[0]!)
      : [output.output_type]
  );

Deno.test({
  name: `the first hour in JupyterLab${absent.length === 0 ? "" : ` (no ${absent.join(", ")})`}`,
  ignore: absent.length > 0,
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "normkit lab ä " });
    const [folder, home] = [`${root}/my clone`, `${root}/home`];
    try {
      await Deno.mkdir(home);
      assert(await succeeds("git", "clone", "--quiet", checkout, folder), "git clone");
      const recorded = await outputsIn(folder);
      {
        await using lab = await startLab(folder, home);
        await withPage({}, async (page) => {
          page.setDefaultTimeout(patience);
          await page.setViewport({ width: 1280, height: 900 });
          await runAll(page, lab.url);
          assertEquals(await page.$$(".jp-toast-message"), [], "JupyterLab asks nothing");
          const charts = recorded.flat().filter(isChart).length;
          const widths = await widthsOfCharts(page, charts);
          assert(charts > 0 && widths.every((width) => width > 200), `${widths}`);
        });
      }
      assertEquals((await outputsIn(folder)).map(shownBy), recorded.map(shownBy));
      const made = await Array.fromAsync(Deno.readDir(home), ({ name }) => name);
      const jupyters = made.filter((name) => [".jupyter", ".ipython", ".local"].includes(name));
      assertEquals(jupyters, [], "all of Jupyter's files are in the clone");
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});

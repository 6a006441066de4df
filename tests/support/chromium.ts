/** Pages in a real browser without a network: Chromium, headless, where the machine has it. */

import { pathToFileURL } from "node:url";

async function find(): Promise<string | undefined> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
        .output();
      return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** The name of the browser's program, or undefined where there is none. */
export const chromium: string | undefined = await find();

/** What a page is seen in. */
export interface Window {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Whether the system prefers dark colors. */
  readonly dark?: boolean;
  /** The port of this machine to which the name of every host leads; nowhere by default. */
  readonly everyHost?: number;
}

/**
 * What a function returns that runs in a page 300 ms after it has loaded.
 *
 * @param html The page.
 * @param window The window.
 * @param probe The function; it may use nothing outside itself. Its result travels as JSON.
 * @returns The result.
 */
export async function inBrowser<Result>(
  html: string,
  window: Window,
  probe: () => Result,
): Promise<Result> {
  const script = `<script>addEventListener("load", () => setTimeout(() => {
  let result;
  const { documentElement } = parent.document;
  try { result = { value: (${probe})() }; } catch (error) { result = { error: String(error.stack) }; }
  documentElement.setAttribute("data-probe", encodeURIComponent(JSON.stringify(result)));
}, 300));</script>`;
  const folder = await Deno.makeTempDir();
  try {
    // A frame has any width; a headless window has at least 500 pixels. Its system's colors are those of the page around it.
    // The script stands before the page's policy, which would forbid it.
    const source = html.replace("<head>", () => `<head>${script}`)
      .replaceAll("&", "&amp;").replaceAll('"', "&quot;");
    await Deno.writeTextFile(
      `${folder}/page.html`,
      `<!doctype html><html style="color-scheme: light dark"><body>
<iframe style="border: 0; width: ${window.width}px; height: ${window.height}px" srcdoc="${source}"></iframe>`,
    );
    const { stdout } = await new Deno.Command(chromium!, {
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        `--host-resolver-rules=MAP * ${
          window.everyHost === undefined ? "~NOTFOUND" : `127.0.0.1:${window.everyHost}`
        }`,
        `--user-data-dir=${folder}/profile`,
        "--window-size=1400,1000",
        ...(window.dark === true ? ["--force-dark-mode"] : []),
        "--virtual-time-budget=5000",
        "--dump-dom",
        pathToFileURL(`${folder}/page.html`).href,
      ],
      stderr: "null",
    }).output();
    const [, found] = / data-probe="([^"]*)"/.exec(new TextDecoder().decode(stdout)) ?? [];
    if (found === undefined) throw new Error("The browser gave no result: the page did not load");
    const { value, error } = JSON.parse(decodeURIComponent(found));
    if (error !== undefined) throw new Error(`The page threw ${error}`);
    return value;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

// `deno task bench:pages`: how long the laboratory takes, in Chromium on this machine, from the click to the first step of training of
// both designs, and how many bytes it loads before and after the click. Each try is a browser of its own, with nothing in its cache.

import { type Command, numberOption, requireWords, stringOptions } from "../../lib/cli/command.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { runTask } from "../../lib/workshop/task.ts";
import { buildPages } from "../../lib/workshop/web/pages.ts";
import { withPage } from "../support/chromium.ts";
import { serveFiles } from "../support/file_server.ts";

/** One try: seconds from the click to the first loss of both designs, and bytes until then. */
interface Try {
  readonly seconds: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

async function firstStep(files: Awaited<ReturnType<typeof buildPages>>): Promise<Try> {
  await using server = serveFiles(files);
  return await withPage({}, async (page) => {
    const address = `${server.address}laboratory.html?size=small&device=wasm`;
    await page.goto(address, { waitUntil: "networkidle0" });
    const bytesBefore = server.sent();
    const milliseconds = await page.evaluate(async () => {
      const start = performance.now();
      document.querySelector<HTMLElement>("[type=submit]")!.click();
      const hasStep = (at: number): boolean =>
        /^[1-9]/.test(document.querySelector(`.numbers td:nth-child(${at})`)?.textContent ?? "");
      while (!hasStep(2) || !hasStep(3)) await new Promise((resolve) => setTimeout(resolve, 10));
      return performance.now() - start;
    });
    return { seconds: milliseconds / 1000, bytesBefore, bytesAfter: server.sent() };
  });
}

/** `deno task bench:pages`: its help, its options, and the run. */
const firstStepCommand: Command = {
  summary: "time the laboratory from the click to its first step",
  help: `Usage: deno task bench:pages [options]

Opens the laboratory in Chromium, starts two small designs on WebAssembly, and waits until both have made a step.

  --tries N    browsers, one after the other (5)
  --json       one JSON object

Examples:
  deno task bench:pages --tries 3`,
  options: { ...stringOptions("tries"), json: { type: "boolean" } },
  run: async (args) => {
    requireWords(args, []);
    const tries = requireInteger("--tries", numberOption(args, "tries") ?? 5, { min: 1 });
    const files = await buildPages({ made: "Made by a benchmark" });
    const found: Try[] = [];
    for (let at = 0; at < tries; at++) found.push(await firstStep(files));
    const sorted = found.toSorted((a, b) => a.seconds - b.seconds);
    const { seconds, bytesBefore, bytesAfter } = sorted[Math.floor(tries / 2)]!;
    return {
      report: { cores: navigator.hardwareConcurrency, tries: found },
      text: `${seconds.toFixed(2)} s from the click to the first step (median of ${tries}, ` +
        `${navigator.hardwareConcurrency} cores), ${
          Math.round(bytesBefore / 1000)
        } kB before the click, ` +
        `${Math.round(bytesAfter / 1000)} kB with it`,
    };
  },
};

if (import.meta.main) Deno.exit(await runTask("bench:pages", firstStepCommand, Deno.args));

// The tasks in a copy of the checkout whose path has a space, letters that a URL encodes, and the separator of a fragment.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { copyOfCheckout } from "./support/checkout_copy.ts";

/** Runs a task of deno.json in a folder; it must succeed. */
async function task(folder: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", ...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  assertEquals(code, 0, `${args.join(" ")}\n${text(stdout)}${text(stderr)}`);
  return text(stdout);
}

Deno.test("the tasks run in a folder with a space, ä, # and % in its path", async () => {
  await using copy = await copyOfCheckout("ein Ordner mit ä # 100%");
  const inCopy = (...args: string[]): Promise<string> => task(copy.path, ...args);

  assertStringIncludes(await inCopy("claims", "--check"), "are current");
  const page = pathToFileURL(await Deno.realPath(copy.path)).href + "/.normkit/site/index.html";
  assertStringIncludes(await inCopy("site"), `Open ${page}`);
  assertEquals((await Deno.stat(new URL(page))).isFile, true);
  assertStringIncludes(await inCopy("reproduce", "warmup", "--dry-run"), "made ");
  const tries = [
    "--only",
    "pre-ln_lr0.001_warmup1_",
    "--steps",
    "1",
    "--jobs",
    "2",
    "--out",
    "my runs",
  ];
  assertStringIncludes(await inCopy("reproduce", "warmup", ...tries), "runs in my runs");
  await inCopy("notebooks", "00");
});

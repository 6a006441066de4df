// What a new user does in the first hour: README's example and the programs of tests/first_hour, which import the package by its name.

import { assert } from "@std/assert";
import { checkout } from "../../lib/workshop/checkout.ts";

/** The programs of tests/first_hour, in the order in which they follow from each other. */
export const programs = [
  "convert",
  "inspect",
  "checkpoint",
  "chart_svg",
  "chart_png",
  "texts",
] as const;

/** The name of a program; `readme` is README's example, `readme_short` the same with few steps. */
export type Program = typeof programs[number] | "readme" | "readme_short";

/**
 * The text of a program.
 *
 * @param name Which.
 * @param backend The backend that README's example uses; by default what there is.
 */
export async function programText(name: Program, backend?: "cpu" | "wasm"): Promise<string> {
  if (!name.startsWith("readme")) {
    return await Deno.readTextFile(`${checkout}/tests/first_hour/${name}.ts`);
  }
  const readme = await Deno.readTextFile(`${checkout}/README.md`);
  const [, example] = /^```ts\n([^]*?)^```$/m.exec(readme)!;
  assert(example!.includes("await useBackend();"), "README's example chooses a backend");
  const chosen = backend === undefined ? "" : JSON.stringify(backend);
  const text = example!.replace("useBackend()", `useBackend(${chosen})`);
  return name === "readme" ? text : text.replaceAll("steps: 60", "steps: 6");
}

/** Text that a program writes when it has done what it should. */
export const says: Readonly<Record<Program, RegExp>> = {
  readme: /bitsPerByte/,
  readme_short: /bitsPerByte/,
  convert: /PASSED: all \d+ checks/,
  inspect: /Float64Array\(2\)/,
  checkpoint: /\[ ?"gain", "weight" ?\] Float64Array\(4\)|\[ 'gain', 'weight' \] Float64Array\(4\)/,
  chart_svg: /Pre-LN: 2 at step 20/,
  chart_png: /Pre-LN/,
  texts: /source: ['"]/,
};

/** Files that the programs leave, and how each begins. */
export const left: Readonly<Record<string, string>> = {
  "my folder/runs/pre-ln.json": "{",
  "my folder/rms/config.json": "{",
  "my folder/loss.svg": "<svg",
  "my folder/loss.png": "\x89PNG",
};

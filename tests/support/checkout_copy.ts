/** Copies of what the tasks of the checkout need, to run or to break them elsewhere. */

import { cp } from "node:fs/promises";
import { checkout } from "../../lib/workshop/checkout.ts";

const code = ["deno.json", "deno.lock", "mod.ts", "lib", "notebooks", "data"];
/** What the site makes pages of, or links to. */
const read = [
  "README.md",
  "DESIGN.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "CITATION.cff",
  "LICENSE",
  "tests",
];

/**
 * Copies what the tasks need.
 *
 * @param name What the copy's folder is called.
 * @returns Its path; it is removed at the end of the scope.
 */
export async function copyOfCheckout(name: string): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/${name}`;
  for (const part of [...code, ...read]) {
    await cp(`${checkout}/${part}`, `${path}/${part}`, { recursive: true });
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

// Runs in Node: what a bundled test file registers in the place of `Deno.test`. Started with the paths of such files, it runs their tests and
// writes a line for each.

import { pathToFileURL } from "node:url";
import { platform } from "../../lib/platform/mod.ts";

/** What `Deno.test` takes, as far as tests that run in Node use it. */
interface Definition {
  readonly name: string;
  readonly ignore?: boolean;
  readonly fn: () => void | Promise<void>;
}

/** What became of a test. */
export interface NodeOutcome {
  /** Its name. */
  readonly name: string;
  /** Whether it was left out. */
  readonly ignored: boolean;
  /** What it threw, with the place. */
  readonly error?: string;
}

/** What a line with an outcome begins with; others are what the tests write. */
export const outcomeMark = "@outcome ";

const registered: Definition[] = [];

Object.assign(globalThis, {
  nodeRunner: {
    test: (first: string | Definition, fn?: Definition["fn"]): void =>
      void registered.push(typeof first === "string" ? { name: first, fn: fn! } : first),
    variable: (name: string): string | undefined => process.env[name],
  },
});

async function outcomeOf({ name, ignore = false, fn }: Definition): Promise<NodeOutcome> {
  if (ignore) return { name, ignored: true };
  try {
    await fn();
    return { name, ignored: false };
  } catch (error) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    return { name, ignored: false, error: text };
  }
}

await platform.gpu(); // tests look for it among the globals, as in a page
for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
for (const definition of registered) {
  console.log(outcomeMark + JSON.stringify(await outcomeOf(definition)));
}

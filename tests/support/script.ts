// Scripts in processes of their own: what a process shares (its folder, its variables) is not changed in that of the tests.

import { checkout } from "../../lib/workshop/checkout.ts";
import type { Outcome } from "./cli.ts";

/** Where and with which rights a script runs. */
export interface ScriptOptions {
  /** Flags of `deno run`; all rights by default. */
  readonly flags?: readonly string[];
  /** Variables besides the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder. */
  readonly cwd?: string;
}

/** The address of a file of the checkout, to import in a script. */
export function inCheckout(path: string): string {
  return JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
}

/** Runs TypeScript as a module, with the checkout's import map. */
export async function runScript(
  script: string,
  { flags = ["-A"], env = {}, cwd = checkout }: ScriptOptions = {},
): Promise<Outcome> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, script);
    const config = `${checkout}/deno.json`;
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, "--no-prompt", "--no-check", "--config", config, file],
      env: { NO_COLOR: "1", ...env },
      cwd,
    }).output();
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

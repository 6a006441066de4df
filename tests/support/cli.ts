// The command line in this process, and in a process of its own.

import { assertEquals } from "@std/assert";
import { checkout } from "../../lib/workshop/checkout.ts";
import { main } from "../../lib/cli/mod.ts";

/** The file of the command line. */
export const cliFile = `${checkout}/lib/cli/mod.ts`;

/** What a command left. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a `main` here; what it prints is kept. */
export async function printedBy(run: () => Promise<number>): Promise<Outcome> {
  const { log, error } = console;
  const lines: Record<"out" | "err", string[]> = { out: [], err: [] };
  console.log = (...words: unknown[]) => lines.out.push(words.join(" "));
  console.error = (...words: unknown[]) => lines.err.push(words.join(" "));
  try {
    const code = await run();
    return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
  } finally {
    [console.log, console.error] = [log, error];
  }
}

/** Runs a command of `normkit` here; what it prints is kept. */
export function runHere(...args: string[]): Promise<Outcome> {
  return printedBy(() => main(args));
}

/** Runs a command of `normkit` here, which must not fail; the result is its report. */
export async function reportOf(...args: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, out, err } = await runHere(...args, "--json");
  assertEquals(code, 0, `${args.join(" ")}: ${err}${out}`);
  return JSON.parse(out);
}

/** A command as a process with variables of its own, not started. */
export function childOf(env: Readonly<Record<string, string>>, ...args: string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", cliFile, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs a command as a user does. */
export async function runChild(...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await childOf({}, ...args).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

/**
 * Starts a training in a process of its own.
 *
 * @param env Variables of its environment besides those of this process.
 * @param args What stands behind `normkit`.
 * @returns The process, once its bar is there, and what it ends with.
 */
export async function startTraining(
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<{
  readonly child: Deno.ChildProcess;
  readonly ended: () => Promise<
    Deno.CommandStatus & { readonly out: string; readonly err: string }
  >;
}> {
  const child = childOf(env, ...args).spawn();
  const out = new Response(child.stdout).text();
  const begun = Promise.withResolvers<void>();
  const listen = async (): Promise<string> => {
    let err = "";
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += piece;
      if (err.includes("[")) begun.resolve(); // the bar
    }
    begun.reject(new Error(err));
    return err;
  };
  const err = listen();
  await begun.promise;
  return { child, ended: async () => ({ ...await child.status, out: await out, err: await err }) };
}

/**
 * The command line: `deno run -A jsr:@normkit/normkit/cli COMMAND`.
 *
 * Exit codes: 0 done, 1 failed or stopped early, 2 the command line was not understood, 3 a model, file or value was refused;
 * 128 + n where signal n ended it at once.
 *
 * @module
 */

import { version } from "../core/version.ts";
import { platform } from "../platform/mod.ts";
import { type Command, flag, UsageError } from "./command.ts";
import { commands } from "./commands.ts";
import { exitCodes, type Program, runProgram } from "./run.ts";

const list = [...commands].map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`);

const overview = `normkit ${version}: Transformer normalization and residual design

Usage: normkit COMMAND [options]

${list.join("\n")}

Every command takes --help (-h) and --json, which writes one JSON object to stdout, errors too:
{"error": {"kind", "code", "message"}}. Numbers that JSON does not have are the strings "NaN", "Infinity" and "-Infinity".

Examples:
  normkit doctor
  normkit train post-ln pre-ln --steps 300
  normkit generate .normkit/runs/pre-ln --prompt "Call me "
  normkit convert gpt2 gpt2-rms --to pre-rmsnorm`;

/** What `normkit` does without a command. */
const top: Command = {
  summary: "",
  help: overview,
  options: { json: { type: "boolean" }, version: { type: "boolean" } },
  run: (args) => {
    const [word] = args.words;
    if (word !== undefined) {
      throw new UsageError(`Cannot run "${word}": commands are ${[...commands.keys()].join(", ")}`);
    }
    if (flag(args, "version")) return Promise.resolve({ report: { version }, text: version });
    const error = { kind: "usage", code: exitCodes.usage, message: "Cannot run without a command" };
    return Promise.resolve({ code: exitCodes.usage, report: { error }, text: overview });
  },
};

/** The command that is meant, and its words. */
function chosen([first, ...rest]: readonly string[]): [Program, readonly string[]] {
  if (first === "help") {
    const [other, ...more] = rest;
    return other === undefined || other.startsWith("-")
      ? [{ name: "normkit", call: "normkit", command: top }, ["--help", ...rest]]
      : chosen([other, "--help", ...more]);
  }
  const command = commands.get(first ?? "");
  if (command !== undefined) {
    return [{ name: "normkit", call: `normkit ${first}`, command }, rest];
  }
  const program = { name: "normkit", call: "normkit", command: top };
  if (first === undefined || first.startsWith("-")) {
    return [program, first === undefined ? [] : [first, ...rest]];
  }
  return [program, [first, ...rest.filter((word) => word === "--json")]]; // others are its own
}

/**
 * Runs the command line.
 *
 * @param args The words after `normkit`.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram(...chosen(args));
}

if (import.meta.main) platform.exit(await main(platform.words()));

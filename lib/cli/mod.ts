/**
 * The command line: `deno run -A jsr:@normkit/normkit/cli COMMAND`.
 *
 * Exit codes: 0 done, 1 failed or stopped early, 2 wrong usage.
 *
 * @module
 */

import { version } from "../core/version.ts";
import { type Command, parse, UsageError } from "./command.ts";
import { convertCommand } from "./convert.ts";
import { doctor } from "./doctor.ts";
import { foldCommand } from "./fold.ts";
import { generateCommand } from "./generate.ts";
import { inspectCommand } from "./inspect.ts";
import { logitsCommand } from "./logits.ts";
import { trainCommand } from "./train.ts";
import { verifyCommand } from "./verify.ts";

const commands: Readonly<Record<string, Command>> = {
  doctor,
  train: trainCommand,
  generate: generateCommand,
  inspect: inspectCommand,
  convert: convertCommand,
  fold: foldCommand,
  verify: verifyCommand,
  logits: logitsCommand,
};

function overview(): string {
  const list = Object.entries(commands).map(([name, { summary }]) =>
    `  ${name.padEnd(10)} ${summary}`
  );
  return `normkit ${version}: Transformer normalization and residual design

Usage: normkit COMMAND [options]

${list.join("\n")}

Every command takes --json and --help.

Examples:
  normkit doctor
  normkit train post-ln pre-ln --steps 300
  normkit generate .normkit/runs/pre-ln --prompt "Call me "
  normkit convert gpt2 gpt2-rms --to pre-rmsnorm`;
}

/**
 * Runs the command line.
 *
 * @param args The words after `normkit`.
 * @returns The exit code.
 */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "help") {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    console.log(version);
    return 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) {
      throw new UsageError(
        `Cannot run "${name}": commands are ${Object.keys(commands).join(", ")}`,
      );
    }
    const parsed = parse(rest, command.options);
    if (parsed.values["help"] === true) {
      console.log(command.help);
      return 0;
    }
    return await command.run(parsed);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(`normkit: ${error.message}`);
    const usage = error instanceof UsageError || error instanceof RangeError;
    if (usage) {
      console.error(`Try: normkit ${Object.hasOwn(commands, name) ? `${name} ` : ""}--help`);
    }
    return usage ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

// How every program of ours runs: arguments, help, signals, the one object of `--json`, errors in a sentence, exit codes.

import { BackendUnavailableError } from "../backend/backend.ts";
import { jsonText } from "../core/json.ts";
import { platform } from "../platform/mod.ts";
import { type Command, flag, type Outcome, parse, UsageError } from "./command.ts";
import { underSignals } from "../platform/signals.ts";

/** A program: a command and what it is called. */
export interface Program {
  /** The name before its errors, such as `normkit`. */
  readonly name: string;
  /** How it is called, such as `normkit train` or `deno task start`. */
  readonly call: string;
  /** What it does. */
  readonly command: Command;
}

/** What a program of this package returns to the shell. */
export const exitCodes = {
  /** It ran and failed: models differ, a file could not be written, it was stopped early. */
  failed: 1,
  /** The command line was not understood. */
  usage: 2,
  /** It was understood, and a model, a file or a value in it cannot be used. */
  refused: 3,
} as const;

/** The exit codes, at the end of every help text. */
const exitCodesHelp =
  "Exit codes: 0 done, 1 failed or stopped early, 2 the command line was not understood, 3 a model, file or value was refused;\n" +
  "128 + n where signal n ended it at once (130 after Ctrl-C).";

interface Failure {
  readonly kind: keyof typeof exitCodes;
  readonly message: string;
}

/** Errors that only a mistake of ours can cause. */
const mistakes: readonly unknown[] = [TypeError, ReferenceError, EvalError, URIError];

function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { kind: "usage", message: error.message };
  const refusals = [RangeError, SyntaxError, BackendUnavailableError];
  const fault = platform.faultOf(error);
  const isRefusal = fault === "absent" || fault === "not-granted" ||
    refusals.some((kind) => error instanceof kind);
  if (error instanceof Error && isRefusal) {
    return { kind: "refused", message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && !mistakes.includes(error.constructor)) {
    return { kind: "failed", message };
  }
  return {
    kind: "failed",
    message: `Something went wrong inside of normkit: ${message} (NORMKIT_DEBUG=1 shows where)`,
  };
}

/** Whether the words ask for JSON, before they are understood. */
function wantsJson({ options }: Command, words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return Object.hasOwn(options, "json") &&
    (end < 0 ? words : words.slice(0, end)).includes("--json");
}

function errorReport({ kind, message }: Failure, code: number = exitCodes[kind]): object {
  return { error: { kind, code, message } };
}

async function outcomeOf({ name, command }: Program, words: readonly string[]): Promise<Outcome> {
  const args = parse(words, command.options);
  if (flag(args, "help")) {
    const help = `${command.help}\n\n${exitCodesHelp}`;
    return { report: { help }, text: help };
  }
  const inOrder = command.stopsInOrder === true;
  return await underSignals({
    inOrder,
    onFirst: () =>
      console.error(`\n${name}: stopping after the step under way; a second Ctrl-C ends at once`),
    onEnd: (signal, code) => {
      const failure: Failure = { kind: "failed", message: `Ended by ${signal}` };
      if (wantsJson(command, words)) console.log(jsonText(errorReport(failure, code)));
      console.error(`\n${name}: ${failure.message}`);
    },
  }, (signal) => command.run(args, signal));
}

/**
 * Runs a program.
 *
 * @param program The program.
 * @param words Its arguments.
 * @returns The exit code: 0 done, 1 failed or stopped early, 2 not understood, 3 refused.
 */
export async function runProgram(program: Program, words: readonly string[]): Promise<number> {
  const { name, call, command } = program;
  const json = wantsJson(command, words);
  try {
    const { code = 0, report, text } = await outcomeOf(program, words);
    if (json) console.log(jsonText(report));
    else if (text !== undefined) console.log(text);
    return code;
  } catch (error) {
    const failure = failureOf(error);
    if (json) console.log(jsonText(errorReport(failure)));
    console.error(`${name}: ${failure.message}`);
    if (failure.kind === "usage") console.error(`Try: ${call} --help`);
    if (platform.environment("NORMKIT_DEBUG") !== undefined) console.error(error);
    return exitCodes[failure.kind];
  }
}

// How a task of deno.json runs: as a command of `normkit` does, under the name by which the task is called.

import type { Command } from "../cli/command.ts";
import { runProgram } from "../cli/run.ts";

/**
 * Runs a task of deno.json.
 *
 * @param name The task.
 * @param command What it does.
 * @param words Its arguments.
 * @returns The exit code, as of {@linkcode runProgram}.
 */
export function runTask(name: string, command: Command, words: readonly string[]): Promise<number> {
  return runProgram({ name, call: `deno task ${name}`, command }, words);
}

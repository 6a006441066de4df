// What every command is: a name, a help text with examples, options, and what it does. Options are parsed by node:util.

import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command line was not understood; the message says what is wrong. Exit code 2. */
export class UsageError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "UsageError";
}

/** Values of options and the words besides them. */
export interface Arguments {
  /** Options by name. */
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  /** Words that are not options. */
  readonly words: readonly string[];
}

/** A command of `normkit`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Usage, options and examples. */
  readonly help: string;
  /** The options, as `node:util` takes them. */
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** What it does; the result is the exit code. */
  run(args: Arguments): Promise<number>;
}

/**
 * Parses the arguments of a command.
 *
 * @param args The words after the command's name.
 * @param options The options that the command knows.
 * @returns Values and words.
 * @throws {UsageError} If an option is unknown or lacks its value.
 */
export function parse(args: readonly string[], options: Command["options"]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...options, help: { type: "boolean" } },
      allowPositionals: true,
    });
    return { values: values as Arguments["values"], words: positionals };
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message.split(". To specify")[0]! : String(error),
    );
  }
}

/**
 * The number in an option.
 *
 * @param args The arguments.
 * @param name The option.
 * @returns The number, or undefined where the option is absent.
 * @throws {UsageError} If it is not a number.
 */
export function numberOption({ values }: Arguments, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (typeof text !== "string" || text.trim() === "" || Number.isNaN(value)) {
    throw new UsageError(`Cannot read --${name} ${text}: it must be a number`);
  }
  return value;
}

/**
 * The text in an option.
 *
 * @param args The arguments.
 * @param name The option.
 * @returns The text, or undefined where the option is absent.
 */
export function textOption({ values }: Arguments, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Whether a flag is set.
 *
 * @param args The arguments.
 * @param name The flag.
 * @returns Whether it is set.
 */
export function flag({ values }: Arguments, name: string): boolean {
  return values[name] === true;
}

/**
 * The words of a command that takes a fixed number of them.
 *
 * @param args The arguments.
 * @param names What they are, such as `["DIR", "OUT"]`.
 * @returns The words.
 * @throws {UsageError} If there are more or fewer.
 */
export function requireWords({ words }: Arguments, names: readonly string[]): string[] {
  if (words.length === names.length) return [...words];
  const found = words.length === 0 ? "nothing" : words.join(" ");
  throw new UsageError(`Cannot run with ${found}: it takes ${names.join(" ")}`);
}

/**
 * The tokens in an option such as `--tokens 1,2,3`.
 *
 * @param args The arguments.
 * @returns The tokens, or undefined where the option is absent.
 * @throws {UsageError} If it is no list of whole numbers.
 */
export function tokensOption(args: Arguments): number[] | undefined {
  const text = textOption(args, "tokens");
  if (text === undefined) return undefined;
  if (!/^\d+(,\d+)*$/.test(text)) {
    throw new UsageError(`Cannot read --tokens ${text}: it must be whole numbers, such as 1,2,3`);
  }
  return text.split(",").map(Number);
}

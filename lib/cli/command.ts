// What every command is: a help text with examples, options, and what it does. Options are parsed by node:util.

import { parseArgs, type ParseArgsConfig } from "node:util";
import { type NumberLimits, requireInteger, requireOneOf } from "../core/check.ts";
import type { OpenOptions } from "../families/open.ts";
import type { BackendName } from "../backend/backend.ts";

/**
 * The command line was not understood; the message says what is wrong.
 *
 * Cause: an option or a word that the command does not have, or one that is missing.
 * Remedy: read `normkit COMMAND --help`, whose examples run as they stand.
 */
export class UsageError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "UsageError";
}

/** Values of options and the words besides them. */
export interface Arguments {
  /** Options by name. */
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Words that are not options. */
  readonly words: readonly string[];
  /** All words, as they were given. */
  readonly given: readonly string[];
}

/** What a command has done. */
export interface Outcome {
  /** The exit code; 0 by default, 1 where it has failed or was stopped early. */
  readonly code?: number;
  /** The object that `--json` writes. */
  readonly report: object;
  /** What is written for people; nothing where the command has said it already. */
  readonly text?: string;
}

/** A command: of `normkit`, or a task. */
export interface Command {
  /** One line for a list of commands. */
  readonly summary: string;
  /** Usage, options and examples. */
  readonly help: string;
  /** The options, as `node:util` takes them, without `--help`. */
  readonly options: NonNullable<ParseArgsConfig["options"]>;
  /** Whether it ends by itself after the first signal, with what it has; otherwise the process ends at once. */
  readonly stopsInOrder?: boolean;
  /**
   * What it does.
   *
   * @param args Its arguments.
   * @param signal Comes with Ctrl-C, SIGTERM and SIGHUP.
   */
  run(args: Arguments, signal: AbortSignal): Promise<Outcome>;
}

/**
 * Options that take a text.
 *
 * @param names Their names, with spaces between them.
 * @returns The options, as `node:util` takes them.
 */
export function stringOptions(names: string): Record<string, { readonly type: "string" }> {
  return Object.fromEntries(names.split(" ").map((name) => [name, { type: "string" }] as const));
}

/** Joins an option with a negative number behind it, which `node:util` would take for another option. */
function joinNegative(words: readonly string[], options: Command["options"]): string[] {
  const joined: string[] = [];
  let literal = false;
  for (const word of words) {
    const name = /^--(.+)$/.exec(joined.at(-1) ?? "")?.[1];
    const takesText = name !== undefined && Object.hasOwn(options, name) &&
      options[name]!.type === "string";
    if (!literal && takesText && /^-[.\d]|^-Infinity$/.test(word)) {
      joined.push(`${joined.pop()}=${word}`);
    } else joined.push(word);
    literal ||= word === "--";
  }
  return joined;
}

/**
 * Parses the arguments of a command.
 *
 * @param words The words after the command's name.
 * @param options The options that the command knows.
 * @returns Values and words.
 * @throws {UsageError} If an option is unknown or lacks its value, or a word or a value is empty.
 */
export function parse(words: readonly string[], options: Command["options"]): Arguments {
  const args = { ...parsed(joinNegative(words, options), options), given: words };
  if (args.words.includes("")) throw new UsageError('Cannot use "": a word must not be empty');
  const empty = Object.keys(args.values).find((name) => [args.values[name]].flat().includes(""));
  if (empty !== undefined) {
    throw new UsageError(`Cannot use --${empty} "": its value must not be empty`);
  }
  return args;
}

function parsed(words: string[], options: Command["options"]): Omit<Arguments, "given"> {
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    return { values: values as Arguments["values"], words: positionals };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(message.split(/\. To specify|\nDid you forget/)[0]!);
  }
}

/**
 * Reads a word of the command line: what is wrong with it is wrong usage.
 *
 * @param read Reads it.
 * @returns What it gives.
 * @throws {UsageError} If it throws a RangeError.
 */
export function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message, { cause: error });
    throw error;
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
 * A whole number in an option.
 *
 * @param args The arguments.
 * @param name The option.
 * @param limits Its bounds; from 1 on by default.
 * @returns The number, or undefined where the option is absent.
 * @throws {UsageError} If it is no such number.
 */
export function countOption(
  args: Arguments,
  name: string,
  limits: NumberLimits = { min: 1 },
): number | undefined {
  const value = numberOption(args, name);
  if (value === undefined) return undefined;
  return understood(() => requireInteger(`--${name}`, value, limits));
}

/**
 * The numbers in those of some options that are given.
 *
 * @param args The arguments.
 * @param names The options.
 * @returns The numbers by name.
 * @throws {UsageError} If one is not a number.
 */
export function numberOptions(args: Arguments, names: readonly string[]): Record<string, number> {
  const found = names.map((name) => [name, numberOption(args, name)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined)) as Record<
    string,
    number
  >;
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
 * The texts of an option that may be given several times.
 *
 * @param args The arguments.
 * @param name The option.
 * @returns The texts in their order.
 */
export function listOption({ values }: Arguments, name: string): readonly string[] {
  const value = values[name];
  return Array.isArray(value) ? value : [];
}

/**
 * One of some words in an option.
 *
 * @param args The arguments.
 * @param name The option.
 * @param allowed The words.
 * @returns The word, or undefined where the option is absent.
 * @throws {UsageError} If it is another word.
 */
export function choiceOption<T extends string>(
  args: Arguments,
  name: string,
  allowed: readonly T[],
): T | undefined {
  const word = textOption(args, name);
  return word === undefined ? undefined : understood(() => requireOneOf(name, word, allowed));
}

/**
 * The backend in the option `--backend`.
 *
 * @param args The arguments.
 * @returns Its name; `auto` where the option is absent.
 * @throws {UsageError} If there is none of this name.
 */
export function backendOption(args: Arguments): BackendName | "auto" {
  return choiceOption(args, "backend", ["auto", "webgpu", "wasm", "cpu"]) ?? "auto";
}

/** The help on {@linkcode openOptions}. */
export const openHelp =
  `  --alibi NAME         Falcon's slopes: exact, or bfloat16 as transformers rounds them (what config.json says, or exact)`;

/**
 * How models are opened.
 *
 * @param args The arguments.
 * @returns The options of `openModel`.
 * @throws {UsageError} If slopes are to be taken otherwise.
 */
export function openOptions(args: Arguments): OpenOptions {
  const alibi = choiceOption(args, "alibi", ["exact", "bfloat16"]);
  return alibi === undefined ? {} : { alibi };
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
  const wanted = names.length === 0 ? "no word" : names.join(" ");
  throw new UsageError(`Cannot run with ${found}: it takes ${wanted}`);
}

/**
 * The tokens in an option such as `--tokens 1,2,3`.
 *
 * @param args The arguments.
 * @param name The option.
 * @returns The tokens, or undefined where the option is absent.
 * @throws {UsageError} If it is no list of whole numbers.
 */
export function tokensOption(args: Arguments, name = "tokens"): number[] | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  if (!/^\d+(,\d+)*$/.test(text)) {
    throw new UsageError(`Cannot read --${name} ${text}: it must be whole numbers, such as 1,2,3`);
  }
  return text.split(",").map(Number);
}

// `deno task guides`: the page of errors in notebooks/guides, written from the docstrings of the classes and of what throws them.

import { readdir } from "node:fs/promises";
import { writeAtomically } from "../platform/files.ts";
import { readTextFile } from "../platform/text_file.ts";
import { type Command, requireWords } from "../cli/command.ts";
import { checkout } from "./checkout.ts";
import { formatted } from "./formatted.ts";
import { runTask } from "./task.ts";

/** An exported class of errors, as its docstring has it. */
export interface ErrorClass {
  /** The class. */
  readonly name: string;
  /** The class that it extends. */
  readonly base: string;
  /** Its file, from the top of the repository. */
  readonly file: string;
  /** What has happened. */
  readonly meaning: string;
  /** What makes it happen. */
  readonly cause: string;
  /** What to do. */
  readonly remedy: string;
}

/** A docstring's lines, without its stars. */
const linesOf = (doc: string): string[] =>
  doc.split("\n").map((line) =>
    line.replace(/^\s*(?:\/\*\*|\*\/|\*) ?/, "").replace(/\s*\*\/$/, "")
  );

/** The text behind a word in a docstring, to the next such word, tag or empty line. */
function part(lines: readonly string[], word: string): string {
  const start = lines.findIndex((line) => line.startsWith(word));
  const rest = start < 0 ? [] : lines.slice(start);
  const end = rest.findIndex((line, at) => at > 0 && /^$|^@|^[A-Z][a-z]+: /.test(line));
  const own = end < 0 ? rest : rest.slice(0, end);
  return own.join(" ").slice(word.length).trim();
}

/**
 * The exported classes of errors in a file.
 *
 * @param file Its path, from the top of the repository.
 * @param text What stands in it.
 * @returns The classes in their order; a part that the docstring lacks is empty.
 */
export function errorClassesIn(file: string, text: string): ErrorClass[] {
  const pattern = /(\/\*\*(?:(?!\*\/)[^])*\*\/)\nexport class (\w+Error) extends (\w+)/g;
  return [...text.matchAll(pattern)].map(([, doc, name, base]) => {
    const lines = linesOf(doc!);
    const first = lines.findIndex((line) => line !== "");
    const end = lines.indexOf("", first);
    return {
      name: name!,
      base: base!,
      file,
      meaning: lines.slice(first, end < 0 ? undefined : end).join(" "),
      cause: part(lines, "Cause:"),
      remedy: part(lines, "Remedy:"),
    };
  });
}

/** The exported functions of a text that say that they throw a class. */
function throwersIn(text: string, name: string): string[] {
  const pattern = /(\/\*\*(?:(?!\*\/)[^])*\*\/)\nexport (?:async )?function\*? (\w+)/g;
  return [...text.matchAll(pattern)]
    .filter(([, doc]) => doc!.includes(`@throws {${name}}`))
    .map(([, , thrower]) => thrower!);
}

/** What a class of the language stands for here; each message says the value and what is allowed. */
const ofTheLanguage = `## Errors of the language

**RangeError.** A value cannot be used: an option that does not exist, a number out of bounds, a shape
that does not fit, a setting of a model that is not described. The message has the value and what is
allowed: \`Cannot use epsilon = 0: it must be a finite number > 0\`. Where a word is misspelt it has the
nearest one. Nothing was changed: the check comes first.

**TypeError.** A tensor has another dtype than the operation takes. Cast it: \`tf.cast(x, "float32")\`.

**SyntaxError.** A file is not what its format says: JSON, a configuration, a table. The message has
the file and the place in it.

**AbortError.** A signal that was given to a training or a generation was aborted. What was made until
then is in the record.
`;

function section(
  { name, base, meaning, cause, remedy }: ErrorClass,
  throwers: readonly string[],
): string {
  const by = throwers.length === 0
    ? ""
    : ` Thrown by ${throwers.map((thrower) => `\`${thrower}()\``).join(", ")}.`;
  return `### ${name}

${meaning} It extends \`${base}\`.${by}

- **Cause:** ${cause}
- **Remedy:** ${remedy}
`;
}

/**
 * The page of errors.
 *
 * @param files The text of each file of the library, by its path from the top of the repository.
 * @returns Markdown, not yet formatted.
 */
export function errorPage(files: ReadonlyMap<string, string>): string {
  const classes = [...files].flatMap(([file, text]) => errorClassesIn(file, text))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  const entries = [...files].filter(([file]) => file.endsWith("/mod.ts"))
    .map(([, text]) => text.replaceAll(/\/\*[^]*?\*\//g, ""));
  const isPublic = (name: string): boolean =>
    entries.some((text) => new RegExp(`\\b${name}\\b`).test(text));
  const sections = (inWorkshop: boolean): string =>
    classes.filter(({ file }) => file.startsWith("lib/workshop/") === inWorkshop).map((one) => {
      const throwers = [...files.values()].flatMap((text) => throwersIn(text, one.name));
      return section(one, [...new Set(throwers)].filter(isPublic).sort());
    }).join("\n");
  return `<!-- Written by deno task guides: change the docstrings of the classes, not this page. -->

# Errors, their causes and remedies

Every error says what was wrong with which value, and what is allowed. Those that a program may want
to tell apart have classes of their own.

${ofTheLanguage}
## Errors of the library

${sections(false)}
## Errors of this repository's tasks

${sections(true)}`;
}

/**
 * The files of the library.
 *
 * @returns The text of each by its path from the top of the repository, in the order of paths.
 */
export async function libraryFiles(): Promise<Map<string, string>> {
  const names = await readdir(`${checkout}/lib`, { recursive: true });
  const paths = names.map((name) => `lib/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".ts") && !path.includes("/wasm/")).sort();
  const files = new Map<string, string>();
  for (const path of paths) files.set(path, await readTextFile(`${checkout}/${path}`));
  return files;
}

/** `deno task guides`: its help, and the run. */
export const guidesCommand: Command = {
  summary: "the page of errors, from the docstrings",
  help: `Usage: deno task guides

Writes notebooks/guides/errors.md: every class of errors with its cause and its remedy.

Examples:
  deno task guides`,
  options: {},
  run: async (args) => {
    requireWords(args, []);
    const file = `${checkout}/notebooks/guides/errors.md`;
    await writeAtomically(file, await formatted(errorPage(await libraryFiles()), "md", checkout));
    return { report: { file }, text: file };
  },
};

if (import.meta.main) Deno.exit(await runTask("guides", guidesCommand, Deno.args));

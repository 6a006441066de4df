// `deno task proofs`: compiles the Coq files of notebooks/proofs in a temporary folder and refuses everything that is not proved:
// open proofs, axioms of our own, theorems that rest on more than the axioms of the standard library's reals.

import { greatest } from "../core/extent.ts";
import { readTextFile } from "../platform/text_file.ts";
import { undoneAtEnd } from "../platform/cleanup.ts";
import { checkout } from "./checkout.ts";
import { type Command, requireWords } from "../cli/command.ts";
import { runTask } from "./task.ts";

/** The axioms on which Coq's standard library builds the reals, and equality of functions that agree everywhere. */
export const allowedAxioms: readonly string[] = [
  "ClassicalDedekindReals.sig_forall_dec",
  "ClassicalDedekindReals.sig_not_dec",
  "FunctionalExtensionality.functional_extensionality_dep",
];

/** The file that prints what each theorem rests on. */
const lastFile = "Assumptions.v";

/** The name under which the files require each other. */
const library = "Normkit";

/** Commands and tactics that leave something unproved, state an axiom, or switch a check of the kernel off. */
const forbidden =
  /(?<![\w'])(?:Admitted|admit|Admit|give_up|Axioms?|Parameters?|Conjectures?|Hypothes[ie]s|Variables?|Context|Declare|Abort|Unset|bypass_check|type_in_type)(?![\w'])/g;

/**
 * Something is not proved, or Coq is missing.
 *
 * Cause: a proof that Coq refuses, a command that leaves something open, or no `coqc` on this machine.
 * Remedy: install Coq (`apt-get install coq`); mend the file and line that the message names.
 */
export class ProofError extends Error {
  /** The kind of error. */
  override readonly name = "ProofError";
}

/** A theorem: where it is stated. */
export interface Theorem {
  /** The file, such as `Norms.v`. */
  readonly file: string;
  /** The identifier that Coq knows it by. */
  readonly name: string;
  /** The line of its statement, from 1. */
  readonly line: number;
}

/** A proved theorem: what it rests on. */
export interface Proved extends Theorem {
  /** The axioms that Coq printed. */
  readonly axioms: readonly string[];
}

const lineAt = (text: string, position: number): number =>
  text.slice(0, position).split("\n").length;

const moduleOf = (file: string): string => file.replace(/\.v$/, "");

/**
 * Coq text without its comments, which may be nested, and its strings. Lines stay where they are.
 *
 * @param text The text of a .v file.
 * @returns The text with spaces in place of comments and strings.
 */
export function withoutComments(text: string): string {
  let depth = 0;
  let inString = false;
  return text.replace(/\(\*|\*\)|"|\n|[^]/g, (token) => {
    if (token === "\n") return token;
    if (token === '"') inString = !inString;
    else if (inString) return " ".repeat(token.length);
    else if (token === "(*") depth += 1;
    else if (token === "*)" && depth > 0) depth -= 1;
    else if (depth === 0) return token;
    return " ".repeat(token.length);
  });
}

/**
 * What a file contains that no proof may contain.
 *
 * @param file Its name, for the sentences.
 * @param text Its text.
 * @returns One sentence for each occurrence outside comments.
 */
export function findForbidden(file: string, text: string): string[] {
  const plain = withoutComments(text);
  return [...plain.matchAll(forbidden)].map((match) =>
    `${file}:${lineAt(plain, match.index)} contains ${match[0]}`
  );
}

/**
 * The theorems of a file; lemmas are not among them.
 *
 * @param file Its name.
 * @param text Its text.
 * @returns The theorems in order.
 */
export function theoremsOf(file: string, text: string): Theorem[] {
  const plain = withoutComments(text);
  return [...plain.matchAll(/(?<![\w'])Theorem\s+([\p{L}_][\p{L}\p{N}_']*)/gu)].map((match) => ({
    file,
    name: match[1]!,
    line: lineAt(plain, match.index),
  }));
}

/**
 * The order in which files compile: each after those that it requires.
 *
 * @param texts The text of each file by its name.
 * @returns The names in order; the file of assumptions is the last.
 * @throws {ProofError} If a required file is missing, or files require each other in a circle.
 */
export function compileOrder(texts: ReadonlyMap<string, string>): string[] {
  const order: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      throw new ProofError(`${[...path, file].join(" requires ")}: that is a circle`);
    }
    if (order.includes(file)) return;
    const text = texts.get(file);
    if (text === undefined) {
      throw new ProofError(`${path.at(-1)} requires ${file}, which is missing`);
    }
    const requires = withoutComments(text)
      .matchAll(
        new RegExp(`From\\s+${library}\\s+Require\\s+(?:Import\\s|Export\\s)?([^.]*)\\.`, "g"),
      );
    for (const [, names] of requires) {
      for (const name of names!.trim().split(/\s+/)) visit(`${name}.v`, [...path, file]);
    }
    order.push(file);
  };
  const files = [...texts.keys()].sort();
  for (const file of files.filter((name) => name !== lastFile)) visit(file, []);
  if (order.includes(lastFile)) throw new ProofError(`Another file requires ${lastFile}`);
  visit(lastFile, []);
  return order;
}

/**
 * What the file of assumptions has to be: it prints those of every theorem, in order, and does nothing else.
 *
 * @param text Its text.
 * @param theorems The theorems of all other files.
 * @returns What is wrong, one sentence each.
 */
export function checkList(text: string, theorems: readonly Theorem[]): string[] {
  const printed: string[] = [];
  const wrong: string[] = [];
  for (const sentence of withoutComments(text).split(/\.(?=\s|$)/)) {
    const words = sentence.trim().split(/\s+/).join(" ");
    const name = /^Print Assumptions ([\w'.]+)$/.exec(words)?.[1];
    if (name !== undefined) printed.push(name);
    else if (words !== "" && !new RegExp(`^From ${library} Require [\\w ]+$`).test(words)) {
      wrong.push(`${lastFile} contains "${words}": it may only print assumptions`);
    }
  }
  const expected = theorems.map(({ file, name }) => `${moduleOf(file)}.${name}`);
  for (const name of expected) {
    if (!printed.includes(name)) wrong.push(`${lastFile} does not print those of ${name}`);
  }
  for (const [place, name] of printed.entries()) {
    if (!expected.includes(name)) wrong.push(`${lastFile} prints those of ${name}, no theorem`);
    else if (printed.indexOf(name) < place) wrong.push(`${lastFile} prints ${name} twice`);
  }
  if (wrong.length === 0 && printed.join() !== expected.join()) {
    wrong.push(`${lastFile} must follow the order of the files and of their theorems`);
  }
  return wrong;
}

/**
 * Reads what `Print Assumptions` printed for one theorem after the other.
 *
 * @param output What Coq printed.
 * @returns For each theorem the names of its axioms.
 * @throws {ProofError} If the output is not of this form.
 */
export function readAssumptions(output: string): string[][] {
  const blocks: string[][] = [];
  for (const line of output.split("\n")) {
    if (line === "Axioms:" || line === "Closed under the global context") blocks.push([]);
    else if (line.trim() === "" || /^\s/.test(line) && (blocks.at(-1)?.length ?? 0) > 0) continue;
    else if (blocks.length === 0) throw new ProofError(`Cannot read Coq's output: ${line}`);
    else blocks.at(-1)!.push(/^[^\s:]+/.exec(line)?.[0] ?? line);
  }
  return blocks;
}

/**
 * Joins theorems with what they rest on.
 *
 * @param theorems The theorems, in the order of the output.
 * @param output What `Print Assumptions` printed for them.
 * @returns The theorems with their axioms.
 * @throws {ProofError} If the output has too few or too many parts, or a theorem rests on an axiom that is not allowed.
 */
export function checkAssumptions(theorems: readonly Theorem[], output: string): Proved[] {
  const blocks = readAssumptions(output);
  if (blocks.length !== theorems.length) {
    throw new ProofError(
      `Coq printed the assumptions of ${blocks.length} theorems; there are ${theorems.length}`,
    );
  }
  const proved = theorems.map((theorem, place) => ({ ...theorem, axioms: blocks[place]! }));
  const wrong = proved.flatMap(({ file, name, axioms }) =>
    axioms.filter((axiom) => !allowedAxioms.includes(axiom))
      .map((axiom) => `${moduleOf(file)}.${name} rests on ${axiom}, which is not allowed`)
  );
  if (wrong.length > 0) throw new ProofError(wrong.join("\n"));
  return proved;
}

/** Runs coqc; undefined where it is missing. */
async function coqc(
  args: readonly string[],
  cwd?: string,
): Promise<Deno.CommandOutput | undefined> {
  try {
    const options = cwd === undefined ? {} : { cwd };
    const child = new Deno.Command("coqc", {
      args: [...args],
      ...options,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    using _undo = undoneAtEnd(() => child.kill());
    return await child.output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The version of Coq on this machine.
 *
 * @returns Such as `8.16.1`, or undefined where there is no coqc.
 */
export async function coqVersion(): Promise<string | undefined> {
  const output = await coqc(["--print-version"]);
  return output?.success ? new TextDecoder().decode(output.stdout).split(" ")[0] : undefined;
}

/**
 * Proves every theorem of a folder; the folder stays as it is.
 *
 * @param folder A folder of .v files, one of which is Assumptions.v.
 * @param say Is told what is about to compile.
 * @returns The theorems with the axioms that they rest on.
 * @throws {ProofError} If coqc is missing, a file does not compile, or something in it is not proved.
 */
export async function prove(
  folder: string,
  say: (line: string) => void = () => {},
): Promise<Proved[]> {
  const texts = new Map<string, string>();
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && name.endsWith(".v")) {
      texts.set(name, await readTextFile(`${folder}/${name}`));
    }
  }
  const list = texts.get(lastFile);
  if (list === undefined) throw new ProofError(`The folder of proofs has no ${lastFile}`);
  const wrong = [...texts].flatMap(([file, text]) => findForbidden(file, text)).sort();
  if (wrong.length > 0) throw new ProofError(wrong.join("\n"));
  const order = compileOrder(texts);
  const theorems = order.slice(0, -1).flatMap((file) => theoremsOf(file, texts.get(file)!));
  const unlisted = checkList(list, theorems);
  if (unlisted.length > 0) throw new ProofError(unlisted.join("\n"));
  if (await coqVersion() === undefined) {
    throw new ProofError("Cannot find coqc: install Coq, on Debian `apt-get install coq`");
  }
  const temporary = await Deno.makeTempDir({ prefix: "normkit-proofs-" });
  using _undo = undoneAtEnd(() => Deno.removeSync(temporary, { recursive: true }));
  try {
    let printed = "";
    for (const file of order) {
      say(`Compiling ${file}`);
      await Deno.writeTextFile(`${temporary}/${file}`, texts.get(file)!);
      const { success, stdout, stderr } =
        (await coqc(["-q", "-Q", ".", library, file], temporary))!;
      if (!success) {
        throw new ProofError(`Cannot compile ${file}\n${new TextDecoder().decode(stderr).trim()}`);
      }
      printed = new TextDecoder().decode(stdout);
    }
    return checkAssumptions(theorems, printed);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

/** `deno task proofs`: its help, its options, and the run. */
export const proofsCommand: Command = {
  summary: "checks the proofs",
  help: `Usage: deno task proofs

Compiles the Coq files of notebooks/proofs in a temporary folder, and refuses everything that is not proved: open proofs, axioms of
our own, theorems that rest on more than the axioms of the standard library's reals. Needs Coq (Debian: apt-get install coq).`,
  options: {},
  run: async (args) => {
    requireWords(args, []);
    const start = performance.now();
    const proved = await prove(`${checkout}/notebooks/proofs`, console.log);
    const width = greatest(proved.map(({ name }) => name.length));
    const axioms = [...new Set(proved.flatMap((theorem) => theorem.axioms))].sort();
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    return {
      report: { proved },
      text: [
        ...proved.map(({ file, name, line }) =>
          `${name.padEnd(width)}  proved  notebooks/proofs/${file}:${line}`
        ),
        `${proved.length} theorems proved with Coq ${await coqVersion()} in ${seconds} s`,
        `They rest on nothing but ${axioms.join(", ")}`,
      ].join("\n"),
    };
  },
};

if (import.meta.main) Deno.exit(await runTask("proofs", proofsCommand, Deno.args));

// transformers in a virtual environment of the checkout: what tests/golden/check_with_transformers.py says of folders, and those that
// tests/golden/make_families.py makes.

import { assert, assertEquals } from "@std/assert";
import { checkout } from "../../lib/workshop/checkout.ts";
import { makeVenv, programIn } from "../../lib/workshop/jupyter/virtual_environment.ts";

/** The versions that the golden models were made with. */
const packages = ["torch==2.13.0", "transformers==5.24.0", "safetensors==0.8.0"];

const venv = `${checkout}/.normkit/transformers`;

/** The Python of the environment, which is made anew where it is missing, incomplete, of other versions or broken. */
async function python(): Promise<string> {
  const [program, note] = [programIn(venv, "python"), `${venv}/installed.txt`]; // written last
  const found = await Deno.readTextFile(note).catch(() => undefined);
  const isThere = await Deno.stat(program).then(() => true, () => false); // the system's may be gone
  if (isThere && found === packages.join("\n")) return program;
  await Deno.remove(venv, { recursive: true }).catch(() => {});
  await makeVenv(venv, packages);
  await Deno.writeTextFile(note, packages.join("\n"));
  return program;
}

/** A folder and what was made of it. */
export interface Pair {
  readonly source: string;
  readonly made: string;
}

/** What transformers makes of a pair. */
export interface Report extends Pair {
  /** Tensors of the second folder that are missing, unexpected or of another shape, by the kind of fault. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
  /** How far the outputs are apart, by their names; null where their shapes differ. */
  readonly relative: Readonly<Record<string, number | null>>;
  /** Whether there are no problems, and all outputs are within 1e-5. */
  readonly passed: boolean;
  /** What of its form is another than the source's: `tensors`, `config.json`. */
  readonly other: readonly string[];
}

/** Runs a script of tests/golden; the result is what it printed, line by line, until it ended or failed. */
async function run(
  script: string,
  ...args: string[]
): Promise<{ readonly lines: readonly string[]; readonly failure?: string }> {
  const { success, stdout, stderr } = await new Deno.Command(await python(), {
    args: [`${checkout}/tests/golden/${script}`, ...args],
    env: { HF_HUB_OFFLINE: "1", PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const [printed, failure] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const lines = printed!.split("\n").filter((line) => line !== "");
  return success ? { lines } : { lines, failure: failure! };
}

/**
 * Loads pairs of folders into transformers.
 *
 * @param pairs The pairs.
 * @returns A report of each, in their order.
 */
export async function checkPairs(pairs: readonly Pair[]): Promise<Report[]> {
  const folders = pairs.flatMap(({ source, made }) => [source, made]);
  const { lines, failure } = await run("check_with_transformers.py", ...folders);
  if (lines.length === pairs.length) return lines.map((line) => JSON.parse(line));
  throw new Error(`Cannot check ${pairs[lines.length]!.made}: ${failure}`);
}

/** Requires that nothing of a pair is missing or unexpected, and that outputs are equal. */
export function assertSame({ problems, relative, passed }: Report): void {
  assertEquals(problems, {});
  assert(passed, JSON.stringify(relative));
}

/**
 * Makes models of many families, each in a folder of its name.
 *
 * @param folder Where.
 */
export async function makeFamilies(folder: string): Promise<void> {
  const { failure } = await run("make_families.py", folder);
  if (failure !== undefined) throw new Error(`Cannot make models: ${failure}`);
}

// transformers in a virtual environment of the checkout, and what tests/golden/check_with_transformers.py says of folders.

import { checkout } from "../../lib/workshop/checkout.ts";
import { makeVenv, programIn } from "../../lib/workshop/jupyter/virtual_environment.ts";

/** The versions that the golden models were made with. */
const packages = ["torch==2.13.0", "transformers==5.24.0", "safetensors==0.8.0"];

const venv = `${checkout}/.normkit/transformers`;

/** The Python of the environment, which is made where it is missing, incomplete or of other versions. */
async function python(): Promise<string> {
  const note = `${venv}/installed.txt`; // written last
  const found = await Deno.readTextFile(note).catch(() => undefined);
  if (found !== packages.join("\n")) {
    if (found !== undefined) await Deno.remove(venv, { recursive: true });
    await makeVenv(venv, packages);
    await Deno.writeTextFile(note, packages.join("\n"));
  }
  return programIn(venv, "python");
}

/** A folder and what was made of it. */
export type Pair = readonly [source: string, made: string];

/** What transformers makes of a pair. */
export interface Report {
  readonly source: string;
  readonly converted: string;
  /** Tensors that are missing, unexpected or of another shape. */
  readonly problems: Readonly<Record<string, readonly string[]>>;
  /** How far the outputs are apart, by their names. */
  readonly relative?: Readonly<Record<string, number | null>>;
  /** In which form a trained folder is another than its source. */
  readonly other?: readonly string[];
  readonly passed: boolean;
}

/**
 * Loads pairs of folders into transformers.
 *
 * @param pairs The pairs.
 * @param options `--trained`, where no outputs are compared.
 * @returns A report of each, in their order.
 */
export async function checkPairs(pairs: readonly Pair[], ...options: string[]): Promise<Report[]> {
  const script = `${checkout}/tests/golden/check_with_transformers.py`;
  const { code, stdout, stderr } = await new Deno.Command(await python(), {
    args: [script, ...options, ...pairs.flat()],
    env: { HF_HUB_OFFLINE: "1", PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
  if (code > 1 || lines.length !== pairs.length) {
    throw new Error(`Cannot check folders: ${new TextDecoder().decode(stderr)}`);
  }
  return lines.map((line) => JSON.parse(line));
}

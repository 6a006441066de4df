// Machine-checked statements, as they stand in notebooks/proofs.

import { readTextFile } from "../platform/text_file.ts";
import { findRoot } from "./runs.ts";
import { type Shown, shownCode } from "./show.ts";

/**
 * The statement of a machine-checked theorem, read from its file: the comment above it, and all that stands before the proof.
 *
 * ```ts
 * import { theorem } from "@normkit/normkit/notebook";
 *
 * await theorem("Norms.v", "layerNorm_shift");
 * ```
 *
 * @param file The file in `notebooks/proofs`.
 * @param name The theorem.
 * @returns What the notebook shows.
 * @throws {RangeError} If the file does not state such a theorem, or the notebook is open outside of a checkout.
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export async function theorem(file: string, name: string): Promise<Shown> {
  const text = await readTextFile(`${await findRoot()}/notebooks/proofs/${file}`);
  const statements = text.matchAll(
    /(?:^\(\*(?:(?!\*\))[\s\S])*\*\)\n)?^(?:Theorem|Lemma|Corollary) (\w+)[\s\S]*?(?=\nProof\b)/gm,
  );
  for (const [statement, own] of statements) {
    if (own === name) return shownCode(statement, "coq");
  }
  throw new RangeError(`Cannot show ${name}: ${file} states no such theorem`);
}

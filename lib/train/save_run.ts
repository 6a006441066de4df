// A run on the disk: parameters first, the manifest with their hash last.

import { writeParameters } from "../decoder/parameters.ts";
import { tokenizerOfRun } from "../families/model_folder.ts";
import { removeIfThere, writeAtomically } from "../platform/files.ts";
import { sha256OfFile } from "../platform/hash.ts";
import { type AnyRunRecord, removeManifest, writeRun } from "./record.ts";

/**
 * Writes a run: `name.safetensors` (parameters), `name.tokenizer.json` (byte pairs of its own, where its tokens are such), `name.jsonl`
 * (rows), and last `name.json` (manifest), which names the parameters by their hash. A process that is killed at any moment leaves a run or none, and never a manifest with other parameters.
 *
 * @param folder The folder; made where it is missing.
 * @param record The run.
 * @param parameters Its parameters; they are not freed.
 * @param name The files' name; the variant's id by default.
 */
export async function saveRun(
  folder: string,
  record: AnyRunRecord,
  parameters: unknown,
  name = record.manifest.variant,
): Promise<void> {
  const weights = `${folder}/${name}.safetensors`;
  await removeManifest(folder, name);
  await writeParameters(weights, parameters);
  const tokens = tokenizerOfRun(`${folder}/${name}`);
  if (record.tokenizer === undefined) await removeIfThere(tokens);
  else await writeAtomically(tokens, `${JSON.stringify(record.tokenizer, null, 2)}\n`);
  const manifest = { ...record.manifest, weights: { sha256: await sha256OfFile(weights) } };
  await writeRun(folder, { ...record, manifest }, name);
}

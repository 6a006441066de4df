// A run on the disk: parameters first, the manifest with their hash last.

import { writeParameters } from "../decoder/parameters.ts";
import { sha256OfFile } from "../platform/hash.ts";
import { type AnyRunRecord, removeManifest, writeRun } from "./record.ts";

/**
 * Writes a run: `name.safetensors` (parameters), `name.jsonl` (rows), and last `name.json` (manifest), which names the parameters by
 * their hash. A process that is killed at any moment leaves a run or none, and never a manifest with other parameters.
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
  const manifest = { ...record.manifest, weights: { sha256: await sha256OfFile(weights) } };
  await writeRun(folder, { ...record, manifest }, name);
}

// Writing safetensors files as a stream: no more of a tensor is in memory than one of its chunks.

import { excerpt } from "../core/excerpt.ts";
import { requireNumber } from "../core/check.ts";
import { oneAhead } from "../core/one_ahead.ts";
import { exists, writeAtomically, writeStream } from "../platform/files.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { platform } from "../platform/mod.ts";
import type { OpenFile } from "../platform/platform.ts";
import { tensorBytes } from "./header.ts";
import { type NamedShape, planFile } from "./plan.ts";
import { indexText } from "./shard_index.ts";

/** A tensor that is to be written. */
export interface PlannedTensor extends NamedShape {
  /** Its bytes in order, in pieces of any length; the next is made while one is written, so that a piece may not change later. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** Options of {@linkcode writeSafetensors}. */
export interface WriteOptions {
  /** Texts about the file, such as `format: "pt"`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Is told after each chunk how many bytes of tensors are written, of how many, and whose chunk it was. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number, name: string) => void;
}

/** Options of {@linkcode writeShards}. */
export interface ShardOptions extends WriteOptions {
  /** The most bytes of tensors in one file; a larger tensor has a file of its own. 5e9 by default. */
  readonly maxShardBytes?: number;
}

const writeKinds: OptionKinds<WriteOptions> = { metadata: "object?", onProgress: "function?" };

function bytesOfAll(tensors: readonly NamedShape[]): number {
  return tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
}

/** Writes the chunks of a tensor, and requires that they are as long as planned. */
async function writeTensor(
  file: OpenFile,
  tensor: PlannedTensor,
  onChunk: (bytes: number) => void,
): Promise<void> {
  const { name, dtype, shape } = tensor;
  const planned = tensorBytes(tensor);
  let done = 0;
  for await (const chunk of oneAhead(tensor.chunks())) {
    done += chunk.length;
    if (done > planned) break;
    await file.write(chunk);
    onChunk(chunk.length);
  }
  if (done !== planned) {
    const found = done < planned ? `${done}` : `${done} or more`;
    throw new RangeError(
      `Cannot write the tensor ${excerpt(name)}: its chunks have ${found} bytes, ` +
        `and ${dtype} [${shape.join(", ")}] takes ${planned}`,
    );
  }
}

/**
 * Writes a safetensors file, whole or not at all; when it returns, the file is on the disk.
 *
 * @param path The file; its folder is made where it is missing.
 * @param tensors What it holds; they are asked for their chunks one after the other, wide dtypes first, then by name.
 * @param options Metadata and a listener to progress.
 * @throws {RangeError} If names are equal, a shape cannot be stored, or chunks have another length than planned.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly PlannedTensor[],
  options: WriteOptions = {},
): Promise<void> {
  requireOptions("writeSafetensors()", options, writeKinds);
  const plan = planFile(tensors, options.metadata);
  const total = bytesOfAll(tensors);
  let written = 0;
  await writeStream(path, async (file) => {
    await file.write(plan.header);
    for (const tensor of plan.tensors) {
      await writeTensor(file, tensor, (bytes) => {
        written += bytes;
        options.onProgress?.(written, total, tensor.name);
      });
    }
  });
}

/** Divides tensors in their order among files, as transformers does. */
function divide(tensors: readonly PlannedTensor[], most: number): PlannedTensor[][] {
  const shards: PlannedTensor[][] = [];
  let shard: PlannedTensor[] = [];
  let bytes = 0;
  for (const tensor of tensors) {
    const more = tensorBytes(tensor);
    if (more > most) {
      shards.push([tensor]);
      continue;
    }
    if (bytes + more > most) {
      shards.push(shard);
      [shard, bytes] = [[], 0];
    }
    shard.push(tensor);
    bytes += more;
  }
  return shard.length > 0 || shards.length === 0 ? [...shards, shard] : shards;
}

function shardName(at: number, count: number): string {
  if (count === 1) return "model.safetensors";
  const [number, of] = [at + 1, count].map((n) => String(n).padStart(5, "0"));
  return `model-${number}-of-${of}.safetensors`;
}

/** Refuses a folder with a checkpoint in it, whose files would be mixed with the new ones. */
async function requireNoCheckpoint(folder: string): Promise<void> {
  for (const name of ["model.safetensors", "model.safetensors.index.json"]) {
    if (await exists(`${folder}/${name}`)) {
      throw new RangeError(`Cannot write a checkpoint to ${folder}: it already has ${name}`);
    }
  }
}

/**
 * Writes `model.safetensors`, or where that would be too large `model-00001-of-0000n.safetensors` and so on with
 * `model.safetensors.index.json`, as transformers does. If it fails, the files that it wrote are removed.
 *
 * @param folder The folder; it is made where it is missing.
 * @param tensors What is written, in the order in which it is divided among files.
 * @param options Metadata for each file, the size of files and a listener to progress.
 * @throws {RangeError} If the folder has a checkpoint, names are equal, a shape cannot be stored, or chunks have another length
 * than planned.
 */
export async function writeShards(
  folder: string,
  tensors: readonly PlannedTensor[],
  options: ShardOptions = {},
): Promise<void> {
  requireOptions("writeShards()", options, { ...writeKinds, maxShardBytes: "number?" });
  const { maxShardBytes = 5e9, onProgress, metadata } = options;
  requireNumber("maxShardBytes", maxShardBytes, { min: 1 });
  await requireNoCheckpoint(folder);
  planFile(tensors, metadata); // names are equal in no two files either
  const total = bytesOfAll(tensors);
  const shards = divide(tensors, maxShardBytes);
  const files = new Map<string, string>();
  const written: string[] = [];
  let before = 0;
  try {
    for (const [at, shard] of shards.entries()) {
      const file = shardName(at, shards.length);
      await writeSafetensors(`${folder}/${file}`, shard, {
        ...(metadata === undefined ? {} : { metadata }),
        onProgress: (done, _, name) => onProgress?.(before + done, total, name),
      });
      written.push(`${folder}/${file}`);
      for (const { name } of shard) files.set(name, file);
      before += bytesOfAll(shard);
    }
    if (shards.length > 1) {
      await writeAtomically(`${folder}/model.safetensors.index.json`, indexText(files, total));
    }
  } catch (error) {
    for (const path of written) await platform.remove(path).catch(() => {});
    throw error;
  }
}

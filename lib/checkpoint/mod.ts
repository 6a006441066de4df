/**
 * Checkpoints: safetensors files and folders as Hugging Face publishes them, read in parts and written as a stream.
 *
 * @module
 */

export { planCopy } from "./copy.ts";
export { bytesPerNumber, decodeNumbers, type DType, dtypes, encodeNumbers, ulp } from "./dtype.ts";
export { SafetensorsError } from "./error.ts";
export { type MemoryTensor, memoryTensors } from "./memory.ts";
export type { NamedShape } from "./plan.ts";
export { type Checkpoint, openCheckpoint } from "./reader.ts";
export { readTensor, type TensorShape, type TensorSource } from "./tensors.ts";
export {
  type PlannedTensor,
  type ShardOptions,
  type WriteOptions,
  writeSafetensors,
  writeShards,
} from "./writer.ts";
export { listFiles, mountFolder, type NamedFiles } from "../platform/page_folders.ts";
export type {
  FileAccess,
  FileHandle,
  FolderHandle,
  WritableFile,
  WrittenPart,
} from "../platform/memory_folder.ts";

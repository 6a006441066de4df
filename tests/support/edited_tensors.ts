// Tensors of a model with some gone, and some more.

import { type MemoryTensor, memoryTensors } from "../../lib/checkpoint/memory.ts";
import type { TensorSource } from "../../lib/checkpoint/tensors.ts";

/** What is done to the tensors of a source. */
export interface TensorEdits {
  /** Names that are taken away. */
  readonly without?: RegExp;
  /** Tensors that are added. */
  readonly added?: Readonly<Record<string, MemoryTensor>>;
}

/** A source with some of its tensors gone, and some more, of the dtype that they say or F64. */
export function editedTensors(
  source: TensorSource,
  { without = /^$/, added = {} }: TensorEdits,
): TensorSource {
  const more = memoryTensors(added);
  const kept = source.names.filter((name) => !without.test(name) && !more.has(name));
  return {
    names: [...kept, ...more.names],
    has: (name) => kept.includes(name) || more.has(name),
    info: (name) => (more.has(name) ? more : source).info(name),
    rows: (name, first, count) => (more.has(name) ? more : source).rows(name, first, count),
  };
}

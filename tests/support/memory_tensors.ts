// Tensors in memory, under the name that tests use.

export { type MemoryTensor, memoryTensors } from "../../lib/checkpoint/memory.ts";

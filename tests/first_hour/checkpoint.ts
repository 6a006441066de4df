// Writes a checkpoint, and reads a part of it.

import {
  encodeNumbers,
  openCheckpoint,
  readTensor,
  writeSafetensors,
} from "@normkit/normkit/checkpoint";

async function* chunks(numbers: readonly number[]): AsyncGenerator<Uint8Array> {
  yield encodeNumbers("BF16", Float64Array.from(numbers));
}

await writeSafetensors("my folder/two.safetensors", [
  { name: "gain", shape: [2], dtype: "BF16", chunks: () => chunks([1, 2]) },
  { name: "weight", shape: [2, 2], dtype: "BF16", chunks: () => chunks([1, 2, 3, 4]) },
]);
using checkpoint = await openCheckpoint("my folder/two.safetensors");
console.log(checkpoint.names, await readTensor(checkpoint, "weight"));

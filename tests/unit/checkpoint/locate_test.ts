// Checkpoints under unusual names, and what is said where weights are in other formats.

import { assertEquals, assertRejects } from "@std/assert";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { fileOf, inFolder } from "./files.ts";

/** A file with one tensor of a name. */
const holding = (name: string): Uint8Array<ArrayBuffer> =>
  fileOf({ [name]: { dtype: "U8", shape: [1], data_offsets: [0, 1] } }, Uint8Array.of(7));

/** Fills a folder with files, each holding a tensor of the file's own name; `.json` is an index of all. */
async function fill(folder: string, names: readonly string[]): Promise<void> {
  const files = names.filter((name) => name.endsWith(".safetensors"));
  const map = Object.fromEntries(files.map((name) => [name, name]));
  for (const name of names) {
    if (name.endsWith(".json")) {
      await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify({ weight_map: map }));
    } else await Deno.writeFile(`${folder}/${name}`, holding(name));
  }
}

const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];

const found: readonly (readonly [names: string[], opened: string[], taken?: string])[] = [
  [["model.safetensors", "model.fp16.safetensors"], ["model.safetensors"]],
  [["model.safetensors", first, second], ["model.safetensors"]],
  [["model.fp16.safetensors"], ["model.fp16.safetensors"], "model.fp16.safetensors"],
  [
    ["model.non_ema.safetensors", "pytorch_model.bin"],
    ["model.non_ema.safetensors"],
    "model.non_ema.safetensors",
  ],
  [[first, second], [first, second], "model-*-of-00002.safetensors"],
  [
    [
      "model.fp16-00001-of-00002.safetensors",
      "model.fp16-00002-of-00002.safetensors",
      "model.safetensors.index.fp16.json",
    ],
    ["model.fp16-00001-of-00002.safetensors", "model.fp16-00002-of-00002.safetensors"],
    "model.safetensors.index.fp16.json",
  ],
];

for (const [names, opened, taken] of found) {
  Deno.test(`openCheckpoint() of ${names.join(", ")} reads ${opened.join(", ")}`, () =>
    inFolder(async (folder) => {
      await fill(folder, names);
      using checkpoint = await openCheckpoint(folder);
      assertEquals(checkpoint.names, opened);
      const mended = taken === undefined
        ? []
        : [`weights: ${taken}, in the place of model.safetensors`];
      assertEquals(checkpoint.mended, mended);
    }));
}

const pickle = ", a pickle of PyTorch: load the model with transformers and save it again";

const absent: readonly (readonly [names: string[], reason: string])[] = [
  [[], "it has no weights"],
  [["training_args.bin", "optimizer.pt"], "it has no weights"],
  [["pytorch_model.bin"], `it has pytorch_model.bin${pickle}`],
  [["pytorch_model-00001-of-00002.bin"], `it has pytorch_model-00001-of-00002.bin${pickle}`],
  [["consolidated.00.pth"], `it has consolidated.00.pth${pickle}`],
  [["tf_model.h5"], "it has tf_model.h5, weights of TensorFlow: load the model with transformers"],
  [["flax_model.msgpack"], "it has flax_model.msgpack, weights of Flax: load"],
  [["gpt2.Q4_K_M.gguf"], "it has gpt2.Q4_K_M.gguf, a file of llama.cpp"],
  [["model.onnx"], "it has model.onnx, a graph"],
  [
    ["adapter_model.safetensors"],
    "it has adapter_model.safetensors, an adapter without its model: merge it",
  ],
  [["adapter_model.bin"], "it has adapter_model.bin, an adapter without its model: merge it"],
  [
    ["consolidated.safetensors"],
    "it has consolidated.safetensors, which may be the model under another name",
  ],
  [
    ["model.fp16.safetensors", "model.ema.safetensors"],
    "it has model.ema.safetensors and model.fp16.safetensors: call the one that is meant model.safetensors",
  ],
  [
    [first],
    "of the 2 files model-*-of-00002.safetensors it has 1: fetch the others, and the index",
  ],
];

for (const [names, reason] of absent) {
  Deno.test(`openCheckpoint() of a folder with ${names.join(", ") || "nothing"} says what to do`, () =>
    inFolder(async (folder) => {
      await fill(folder, names);
      const error = await assertRejects(() => openCheckpoint(folder), Deno.errors.NotFound);
      const start =
        `Cannot open ${folder}: it has neither model.safetensors nor model.safetensors.index.json; `;
      assertEquals(error.message.slice(0, start.length + reason.length), start + reason);
    }));
}

const disguised: readonly (readonly [content: string, what: string])[] = [
  [
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 548105171\n",
    "a pointer of Git LFS",
  ],
  ["PK\x03\x04\0\0\b\b\0\0\0\0", "a pickle of PyTorch"],
  ["\x80\x02\x8a\nl\xfc\x9cF", "a pickle of PyTorch"],
  ["GGUF\x03\0\0\0\0", "a file of llama.cpp (GGUF)"],
  ["\x89HDF\r\n\x1a\n\0", "a file of TensorFlow (HDF5)"],
  ["<!DOCTYPE html>", "a web page"],
  ["<html><head>", "a web page"],
];

for (const [content, what] of disguised) {
  Deno.test(`openCheckpoint() names ${what} under the name of a safetensors file: ${JSON.stringify(content.slice(0, 8))}`, () =>
    inFolder(async (folder) => {
      const path = `${folder}/model.safetensors`;
      await Deno.writeFile(path, Uint8Array.from(content, (letter) => letter.charCodeAt(0)));
      const { message } = await assertRejects(() => openCheckpoint(folder), SyntaxError);
      const start = `Cannot read ${path}: it is not a safetensors file: it is ${what}`;
      assertEquals(message.slice(0, start.length), start);
    }));
}

// Weights in other formats than safetensors, by the first bytes of a file and by its name, and what makes safetensors of them.

const saveAgain =
  "load the model with transformers and save it again, model.save_pretrained(FOLDER), which writes safetensors";

/** What files of other formats begin with, a byte for each letter. */
const beginnings: readonly (readonly [beginnings: readonly string[], what: string])[] = [
  [["version "], "it is a pointer of Git LFS, not the file itself; fetch that with git lfs pull"],
  [["PK\x03\x04", "\x80\x02", "\x80\x03", "\x80\x04"], `it is a pickle of PyTorch; ${saveAgain}`],
  [["GGUF"], "it is a file of llama.cpp (GGUF); take the model's folder of safetensors"],
  [["\x89HDF"], `it is a file of TensorFlow (HDF5); ${saveAgain}`],
  [["<!", "<html", "<HTML"], "it is a web page; download the file itself"],
];

/**
 * What a file is that is no safetensors file.
 *
 * @param first Its first bytes.
 * @returns What it is and the way out, as a clause; undefined where it is not known.
 */
export function foreignFile(first: Uint8Array): string | undefined {
  const letters = String.fromCharCode(...first.subarray(0, 8));
  return beginnings.find(([list]) => list.some((one) => letters.startsWith(one)))?.[1];
}

const adapter = "an adapter without its model: merge it into that, model.merge_and_unload(), and " +
  "save the result";

/** What holds weights or a part of them in a folder, by names. */
const kinds: readonly (readonly [RegExp, what: string])[] = [
  [/^adapter_(?:config\.json|model\..*)$/, adapter],
  [
    /^(?!training_args|optimizer|scheduler).*\.(?:bin|pth?|ckpt)$/,
    `a pickle of PyTorch: ${saveAgain}`,
  ],
  [/\.h5$/, `weights of TensorFlow: ${saveAgain}`],
  [/\.msgpack$/, `weights of Flax: ${saveAgain}`],
  [/\.gguf$/, "a file of llama.cpp: take the model's folder of safetensors"],
  [/\.onnx$/, "a graph without the model's names: take the model's folder of safetensors"],
  [/\.safetensors$/, "which may be the model under another name: call it model.safetensors then"],
];

/**
 * What a folder has in place of a safetensors checkpoint.
 *
 * @param names The names in it.
 * @returns What it has and the way out, as a clause.
 */
export function foreignWeights(names: readonly string[]): string {
  for (const [kind, what] of kinds) {
    const name = names.find((one) => kind.test(one));
    if (name !== undefined) return `it has ${name}, ${what}`;
  }
  return "it has no weights";
}

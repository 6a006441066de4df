// What lies beside a model's weights and stays as it is: tokenizers, chat templates, generation settings, a licence, and the folders
// of a sentence-transformers model.

import { tokenizerOfRun } from "../families/model_folder.ts";
import { exists } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { dirname } from "../platform/path.ts";
import { isRegular } from "../platform/text_file.ts";

/** Files that a conversion makes anew; weights in other formats, which would be of another model; and what belongs to those. */
const remade: readonly RegExp[] = [
  /^(?:config\.json|certificate\.(?:json|txt)|modeling\.json|MODELING\.md)$/,
  /\.(?:safetensors|bin|pth?|ckpt|h5|msgpack|ot|pkl|gguf|ggml|tflite|mlmodel|nemo|tmp)$/,
  /\.(?:safetensors|bin|h5)\.index(?:\.\w+)?\.json$/,
  /\.onnx(?:[._]data)?$|^openvino_model\.|\.ckpt[.-]|^(?:adapter_|quant\w*_)config\.json$/,
];

/** The modules of sentence-transformers behind the model, and templates of chats besides the first. */
const folders = /^(?:[1-9]\d*_[A-Z]\w*|additional_chat_templates)$/;

const isCompanion = (name: string): boolean =>
  !name.startsWith(".") && !remade.some((pattern) => pattern.test(name));

/** The regular files among some names of a folder, behind links too. */
async function filesIn(folder: string, wanted: (name: string) => boolean): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of platform.readDir(folder)) {
    if (wanted(name) && await isRegular(`${folder}/${name}`)) names.push(name);
  }
  return names;
}

/**
 * The files that are copied.
 *
 * @param source The folder.
 * @returns Their paths in the folder.
 */
export async function companionsOf(source: string): Promise<string[]> {
  const found = await filesIn(source, isCompanion);
  for await (const { name } of platform.readDir(source)) {
    if (!folders.test(name) || !(await platform.stat(`${source}/${name}`)).isDirectory) continue;
    const inner = await filesIn(`${source}/${name}`, (one) => !one.startsWith("."));
    for (const one of inner) found.push(`${name}/${one}`);
  }
  return found.sort();
}

/**
 * Copies what a conversion does not change. In the cache of a hub these are links to files, and become files. Of a run it is the tokenizer.
 *
 * @param source The folder of the source, or a run.
 * @param folder The folder of the converted model.
 * @returns The files, by their paths in the folder.
 */
export async function copyCompanions(source: string, folder: string): Promise<string[]> {
  if (!await exists(`${source}/config.json`)) return await copyTokenizer(source, folder);
  const found = await companionsOf(source);
  for (const path of found) {
    await platform.makeFolder(dirname(`${folder}/${path}`), { around: true });
    await platform.copyFile(`${source}/${path}`, `${folder}/${path}`);
  }
  return found;
}

async function copyTokenizer(run: string, folder: string): Promise<string[]> {
  const path = tokenizerOfRun(run);
  if (!await exists(path)) return [];
  await platform.copyFile(path, `${folder}/tokenizer.json`);
  return ["tokenizer.json"];
}

/**
 * The companions that are links to nothing, such as what a hub's cache has not downloaded.
 *
 * @param source The folder.
 * @returns Their names.
 */
export async function lostCompanions(source: string): Promise<string[]> {
  const lost: string[] = [];
  for await (const { name, isFile, isDirectory } of platform.readDir(source)) {
    if (isFile || isDirectory || !isCompanion(name)) continue;
    await platform.stat(`${source}/${name}`).catch(() => lost.push(name));
  }
  return lost.sort();
}

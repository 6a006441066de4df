// Trainings that take a second, and folders for them.

import { goldenFolder } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";

/** Options of a model that trains in a second. */
export const tiny: readonly string[] =
  "--depth 2 --width 8 --heads 2 --context 8 --rows 2 --steps 4 --backend cpu".split(" ");

/** Runs a body with a folder that holds `text.txt`, and is removed after it. */
export function withText(body: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.writeTextFile(
      `${folder}/text.txt`,
      "Call me Ishmael. Some years ago, never mind how long. ".repeat(8),
    );
    await body(folder);
  });
}

/** Words of a tiny training into `runs` of such a folder. */
export function tinyTraining(folder: string, ...more: string[]): string[] {
  return ["train", ...tiny, "--text", `${folder}/text.txt`, "--out", `${folder}/runs`, ...more];
}

/** The golden GPT-2 with a tokenizer, whose tokens are the characters of the text. */
export async function writeGpt2(folder: string): Promise<string> {
  const source = `${folder}/source`;
  await Deno.mkdir(source);
  for (const file of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${goldenFolder("gpt2")}/${file}`, `${source}/${file}`);
  }
  const characters = [...new Set(await Deno.readTextFile(`${folder}/text.txt`))];
  const vocab = Object.fromEntries(characters.map((character, id) => [character, id]));
  const tokenizer = {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: "BPE", vocab, merges: [] },
  };
  await Deno.writeTextFile(`${source}/tokenizer.json`, JSON.stringify(tokenizer));
  return source;
}

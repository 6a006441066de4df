// `normkit train --from --task`: models of every kind are trained for tasks into folders that open again.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { encode } from "fast-png";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { openModel } from "../../../lib/families/open.ts";
import { runHere } from "../../support/cli.ts";
import { goldenFolder } from "../../support/golden_models.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

const special = ["<pad>", "<s>", "</s>", "<mask>"];

/** The words of a golden model with 40 tokens, some of which no text has. */
const words = [...special, ...Array.from({ length: 36 }, (_, at) => `w${at}`)];

/** A folder with a golden model whose tokens are those words, `</s>` behind each text. */
async function writeSource(folder: string, name: string): Promise<string> {
  const source = `${folder}/${name}`;
  await Deno.mkdir(source);
  for (const file of ["config.json", "model.safetensors"]) {
    await Deno.copyFile(`${goldenFolder(name)}/${file}`, `${source}/${file}`);
  }
  const added = special.map((content, id) => ({
    ...{ id, content, single_word: false, lstrip: false, rstrip: false },
    ...{ normalized: false, special: true },
  }));
  const template = (ids: readonly string[]) =>
    ids.map((id) =>
      id === "A" ? { Sequence: { id, type_id: 0 } } : { SpecialToken: { id, type_id: 0 } }
    );
  const tokenizer = {
    version: "1.0",
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: "Whitespace" },
    post_processor: {
      type: "TemplateProcessing",
      single: template(["A", "</s>"]),
      pair: template(["A", "</s>"]),
      special_tokens: { "</s>": { id: "</s>", ids: [2], tokens: ["</s>"] } },
    },
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      unk_token: "<pad>",
    },
  };
  await Deno.writeTextFile(`${source}/tokenizer.json`, JSON.stringify(tokenizer));
  const config = JSON.stringify({ mask_token: "<mask>" });
  await Deno.writeTextFile(`${source}/tokenizer_config.json`, config);
  return source;
}

/** So many sentences of words. */
const sentences = (count: number, step: number): string =>
  Array.from({ length: count }, (_, at) => `w${at % 30} w${(at * step) % 36} w3`).join("\n");

async function writeData(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/text.txt`, sentences(60, 7));
  await Deno.writeTextFile(`${folder}/train.de`, sentences(30, 5));
  await Deno.writeTextFile(`${folder}/train.en`, sentences(30, 11));
  for (const [at, name] of ["dark", "bright"].entries()) {
    await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
    for (let shade = 0; shade < 6; shade++) {
      const data = new Uint8Array(768).fill(at * 150 + shade);
      const png = encode({ width: 16, height: 16, channels: 3, data });
      await Deno.writeFile(`${folder}/photos/${name}/${shade}.png`, png);
    }
  }
}

const tiny = "--steps 2 --rows 2 --rate 0.01 --backend cpu --json".split(" ");
const pairs = (folder: string): string[] => [
  ...["--task", "translation", "--set", `data.source=${folder}/train.de`],
  ...["--set", `data.target=${folder}/train.en`],
];

/** Models with their tasks. */
const cases: Readonly<Record<string, (folder: string) => string[]>> = {
  "bert": (folder) => ["--task", "masked-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "roberta": (folder) => ["--task", "masked-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "gpt2": (folder) => ["--task", "causal-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "bart": pairs,
  "marian": pairs,
  "t5": pairs,
  "vit": (folder) => ["--task", "image-classification", "--set", `data.folder=${folder}/photos`],
};

for (const [name, options] of Object.entries(cases)) {
  Deno.test(`normkit train --from ${name} --task writes a folder with the same tensors`, () =>
    inFolder(async (folder) => {
      await writeData(folder);
      const source = await writeSource(folder, name);
      const given = ["train", "--from", source, ...options(folder), ...tiny];
      const { code, out, err } = await runHere(...given, "--out", `${folder}/out`);
      assertEquals(code, 0, err);
      const report = JSON.parse(out);
      assertEquals([report.steps, report.heldOut.nats > 0], [2, true]);
      assertEquals(namesIn(`${folder}/out`), [
        ...["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"],
        ...["training.json", "training.jsonl"],
      ]);
      using before = await openCheckpoint(source);
      using after = await openCheckpoint(`${folder}/out`);
      assertEquals([...after.names].sort(), [...before.names].sort());
      const changed: string[] = [];
      for (const tensor of after.names) {
        const [old, own] = [before.info(tensor), after.info(tensor)];
        assertEquals(own.dtype, old.dtype, tensor);
        if (tensor.startsWith("classifier.")) continue; // fresh
        assertEquals(own.shape, old.shape, tensor);
        const [was, is] = [await readTensor(before, tensor), await readTensor(after, tensor)];
        if (was.some((value, at) => value !== is[at])) changed.push(tensor);
      }
      using model = await openModel(`${folder}/out`);
      const still = after.names.filter((tensor) =>
        !changed.includes(tensor) && !tensor.startsWith("classifier.")
      );
      assertEquals(still.sort(), [...model.spec.frozen ?? []].sort(), "trained but for buffers");
      const kept = name === "vit"
        ? { id2label: { "0": "bright", "1": "dark" } }
        : JSON.parse(await Deno.readTextFile(`${source}/config.json`));
      for (const [key, value] of Object.entries(kept)) assertEquals(model.config[key], value, key);
    }));
}

Deno.test("normkit train --from --task says what its head is, and refuses what does not fit", () =>
  inFolder(async (folder) => {
    await writeData(folder);
    const photos = cases["vit"]!(folder);
    const vit = ["train", "--from", await writeSource(folder, "vit"), ...tiny];
    const { code, out } = await runHere(...vit, ...photos, "--out", `${folder}/out`);
    assertEquals(code, 0);
    const [note] = JSON.parse(out).notes;
    assertStringIncludes(note, "The head is fresh, for bright, dark: the model's was for label 0");
    const bert = ["train", "--from", await writeSource(folder, "bert"), ...tiny];
    const masked = cases["bert"]!(folder);
    const refused: readonly (readonly [string[], number, string])[] = [
      [[...vit, ...photos, "--set", "model.depth=2"], 2, "model.depth with --from"],
      [[...vit, ...photos, "--depth", "2"], 2, "--depth with --from"],
      [[...vit, "--set", "seed=1", "--text", "x"], 2, "--set without --task"],
      [[...bert, ...photos], 3, "it reads tokens, and the task gives pixels"],
      [[...bert, ...masked, "--set", "data.vocabulary=50"], 3, "data.vocabulary = 50"],
      [[...bert, ...masked, "--context", "600"], 3, "a row needs 601"],
    ];
    for (const [args, expected, message] of refused) {
      const result = await runHere(...args, "--out", `${folder}/other`);
      assertEquals(result.code, expected, result.err);
      assertStringIncludes(result.err, message);
    }
    await Deno.remove(`${folder}/bert/tokenizer_config.json`);
    const { err } = await runHere(...bert, ...masked, "--out", `${folder}/other`);
    assertStringIncludes(err, "names no mask_token");
  }));

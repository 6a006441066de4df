// Golden models with tasks that they can be trained for in a second.

import { encode } from "fast-png";
import { encodeWave } from "../../../lib/workshop/spoken_digits.ts";
import { goldenFolder } from "../../support/golden_models.ts";

const ends = ["<pad>", "<s>", "</s>", "<mask>"];

/** Words around each text, `A`: its end alone, or the token of a language too, as multilingual translators have it. */
const frames: Readonly<Record<string, readonly string[]>> = {
  "m2m-100": ["__de__", "A", "</s>"],
  "mbart": ["A", "</s>", "de_DE"],
};

/** Tokens of languages. */
const languages: Readonly<Record<string, readonly string[]>> = {
  "m2m-100": ["__de__", "__en__"],
  "mbart": ["de_DE", "en_XX"],
};

/** A folder with a golden model of 40 tokens, which are words, some of which no text has. */
export async function writeTaskSource(folder: string, name: string): Promise<string> {
  const special = [...ends, ...languages[name] ?? []];
  const words = [
    ...special,
    ...Array.from({ length: 40 - special.length }, (_, at) => `w${at}`),
  ];
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
      single: template(frames[name] ?? ["A", "</s>"]),
      pair: template(frames[name] ?? ["A", "</s>"]),
      special_tokens: Object.fromEntries(
        special.map((id, at) => [id, { id, ids: [at], tokens: [id] }]),
      ),
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

/** Two words of six speakers, each a tone of 0.16 seconds. */
async function writeWords(folder: string): Promise<void> {
  for (const [at, word] of ["w1", "w2"].entries()) {
    await Deno.mkdir(`${folder}/${word}`, { recursive: true });
    for (let speaker = 0; speaker < 6; speaker++) {
      const hertz = 300 * (at + 1) + 10 * speaker;
      const samples = Float32Array.from(
        { length: 2560 },
        (_, place) => 0.5 * Math.sin(2 * Math.PI * hertz * place / 16000),
      );
      await Deno.writeFile(`${folder}/${word}/s${speaker}_nohash_0.wav`, encodeWave(samples));
    }
  }
}

/** Texts, pairs of sentences, photographs and spoken words, few of each. */
export async function writeTaskData(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/text.txt`, sentences(60, 7));
  await Deno.writeTextFile(`${folder}/train.de`, sentences(30, 5));
  await Deno.writeTextFile(`${folder}/train.en`, sentences(30, 11));
  await writeWords(`${folder}/words`);
  for (const [at, name] of ["dark", "bright"].entries()) {
    await Deno.mkdir(`${folder}/photos/${name}`, { recursive: true });
    for (let shade = 0; shade < 6; shade++) {
      const data = new Uint8Array(768).fill(at * 150 + shade);
      const png = encode({ width: 16, height: 16, channels: 3, data });
      await Deno.writeFile(`${folder}/photos/${name}/${shade}.png`, png);
    }
  }
}

/** Options of a training that takes a second. */
export const tinyTuning: readonly string[] = "--steps 2 --rows 2 --rate 0.01 --backend cpu".split(
  " ",
);
const pairs = (folder: string): string[] => [
  ...["--task", "translation", "--set", `data.source=${folder}/train.de`],
  ...["--set", `data.target=${folder}/train.en`],
];

/** Golden models with the words that name their tasks, on the data of a folder. */
export const taskCases: Readonly<Record<string, (folder: string) => string[]>> = {
  "bert": (folder) => ["--task", "masked-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "roberta": (folder) => ["--task", "masked-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "gpt2": (folder) => ["--task", "causal-lm", "--text", `${folder}/text.txt`, "--context", "6"],
  "bart": pairs,
  "marian": pairs,
  "t5": pairs,
  "whisper": (folder) => [
    ...["--task", "transcription", "--set", `data.folder=${folder}/words`],
    ...["--set", "data.mels=6", "--set", "data.seconds=0.16", "--set", "data.heldOutShare=0.3"],
  ],
  "vit": (folder) => ["--task", "image-classification", "--set", `data.folder=${folder}/photos`],
};

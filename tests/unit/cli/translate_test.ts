// `normkit generate` with an encoder–decoder: it translates as its folder says, and options say otherwise.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { translate, type TranslateOptions } from "../../../lib/decoder/mod.ts";
import { loadEncoderDecoder } from "../../../lib/families/language_model.ts";
import { openModel } from "../../../lib/families/open.ts";
import { runHere } from "../../support/cli.ts";
import { onBackend } from "../../support/backends.ts";
import { goldenFolder, openGolden } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";
import { writeTaskSource } from "./tiny_tunings.ts";

const source = [5, 9, 7, 30];
const prompt = ["--prompt-tokens", source.join(), "--backend", "cpu", "--json"];

/** What translate() makes of the source. */
async function expected(name: string, options: Partial<TranslateOptions>) {
  using opened = await openGolden(name);
  using loaded = await loadEncoderDecoder(opened);
  const own = { start: [2], end: [2], forcedLast: 2, maxTokens: 16, ...options };
  const [found] = await translate(loaded.parameters, loaded.model, [source], own);
  return found!;
}

async function written(...args: string[]) {
  const { code, out, err } = await runHere("generate", ...args);
  assertEquals(code, 0, err);
  const { tokens, score, text } = JSON.parse(out);
  return { tokens, score, text };
}

Deno.test("normkit generate translates as generation_config.json says, and as options say", () =>
  inFolder((folder) =>
    onBackend("cpu", async () => {
      for (const file of ["config.json", "model.safetensors"]) {
        await Deno.copyFile(`${goldenFolder("bart")}/${file}`, `${folder}/${file}`);
      }
      const plain = await expected("bart", {});
      const first = await written(folder, ...prompt);
      assertEquals(first, { ...plain, text: plain.tokens.map((token) => ` ${token}`).join("") });

      const config = {
        ...{ decoder_start_token_id: 2, eos_token_id: 2, forced_eos_token_id: 2, pad_token_id: 1 },
        ...{ num_beams: 3, length_penalty: 0.4, no_repeat_ngram_size: 2, max_length: 9 },
      };
      await Deno.writeTextFile(`${folder}/generation_config.json`, JSON.stringify(config));
      const own = { beams: 3, lengthPenalty: 0.4, noRepeat: 2, maxTokens: 8 };
      const configured = await written(folder, ...prompt);
      assertEquals(configured.tokens, (await expected("bart", own)).tokens);
      assertEquals(configured.score, (await expected("bart", own)).score);

      const asked = "--beams 2 --length-penalty 1.5 --tokens 5 --first-token 11".split(" ");
      const changed = await written(folder, ...prompt, ...asked);
      const others = { beams: 2, lengthPenalty: 1.5, maxTokens: 5, forcedFirst: 11 };
      assertEquals(changed.score, (await expected("bart", { ...own, ...others })).score);
      assertEquals(changed.tokens[0], 11);

      // words, with the end among the special tokens
      const vocab = Object.fromEntries(Array.from({ length: 40 }, (_, id) => [`w${id}`, id]));
      const end = { id: 2, content: "w2", special: true };
      const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
      const tokenizer = {
        ...{ version: "1.0", added_tokens: [{ ...end, ...flags }], normalizer: null },
        ...{ post_processor: null, decoder: null, pre_tokenizer: { type: "WhitespaceSplit" } },
        model: { type: "WordLevel", vocab, unk_token: "w0" },
      };
      await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(tokenizer));
      const words = source.map((id) => `w${id}`).join(" ");
      const { out } = await runHere("generate", folder, "--prompt", words, "--backend", "cpu");
      const visible = configured.tokens.filter((token: number) => token !== 2);
      assertEquals(out.trim().split(" "), visible.map((id: number) => `w${id}`));
    })
  ));

for (
  const [name, source, target] of [["m2m-100", "__de__", "__en__"], ["mbart", "de_DE", "en_XX"]]
) {
  Deno.test(`normkit generate translates with ${name} from a language into a language`, () =>
    inFolder((folder) =>
      onBackend("cpu", async () => {
        const path = await writeTaskSource(folder, name!);
        await Deno.writeTextFile(`${folder}/t.de`, "w1\nw2 w3\n");
        await Deno.writeTextFile(`${folder}/t.en`, "w4\nw5 w6\n");
        const words = ["--source-language", source!, "--target-language", target!];
        const rest = ["--tokens", "6", "--backend", "cpu", "--json"];
        const made = await written(path, "--prompt", "w3 w9", ...words, ...rest);
        // the same in tokens: 4 is German, 5 English
        using opened = await openModel(path);
        using loaded = await loadEncoderDecoder(opened);
        const [tokens, own] = name === "mbart"
          ? [[9, 15, 2, 4], { start: [5], forcedLast: 2 }] // as its configuration says
          : [[4, 9, 15, 2], { start: [2], forcedFirst: 5 }];
        const options = { ...own, end: [2], maxTokens: 6 };
        const [found] = await translate(loaded.parameters, loaded.model, [tokens], options);
        assertEquals([made.tokens, made.score], [found!.tokens, found!.score]);
        const wrong = await runHere("generate", path, "--target-language", "english");
        assertEquals(wrong.code, 3);
        assertStringIncludes(wrong.err, `the model's languages are ${source}, ${target}`);
        const train = await runHere(
          ...["train", "--from", path, "--task", "translation", "--out", `${folder}/out`],
          ...["--set", `data.source=${folder}/t.de`, "--set", `data.target=${folder}/t.en`],
          ...["--set", `data.sourceLanguage=${source}`, "--set", `data.targetLanguage=${target}`],
          ...["--steps", "1", "--rows", "2", "--backend", "cpu"],
        );
        assertEquals(train.code, 0, train.err);
      })
    ));
}

const wrong: readonly (readonly [args: string[], code: number, words: string])[] = [
  [["--temperature", "0"], 2, "Cannot use --temperature with an encoder–decoder"],
  [["--top-k", "3"], 2, "Cannot use --top-k with an encoder–decoder"],
  [["--beams", "x"], 2, "Cannot read --beams x"],
  [["--beams", "0"], 3, "Cannot use beams = 0: it must be a whole number ≥ 1"],
  [["--source-language", "de_DE"], 2, "Cannot use a language with --prompt-tokens"],
  [["--tokens", "17"], 3, "Cannot use maxTokens = 17: it must be a whole number ≥ 1 and ≤ 16"],
  [["--first-token", "40"], 3, "Cannot use token 40 in what is forced: tokens go from 0 to 39"],
];

Deno.test("normkit generate refuses what an encoder–decoder, or a decoder, cannot be asked", async () => {
  for (const [args, code, words] of wrong) {
    const found = await runHere("generate", goldenFolder("bart"), ...prompt, ...args);
    assertEquals(found.code, code, found.err);
    assertStringIncludes(found.err, words);
  }
  const decoder = await runHere("generate", goldenFolder("gpt2"), ...prompt, "--beams", "2");
  assertEquals(decoder.code, 2);
  assertStringIncludes(decoder.err, "Cannot use --beams with a decoder");
  const sound = await runHere("generate", goldenFolder("whisper"), ...prompt);
  assertEquals(sound.code, 3);
  assertStringIncludes(sound.err, "it reads features");
});

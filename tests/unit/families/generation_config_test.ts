// Generation configurations as published models have them, in the words of translate().

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readTranslateOptions, translateOptionsOf } from "../../../lib/families/mod.ts";
import { inFolder } from "../checkpoint/files.ts";

Deno.test("translateOptionsOf() reads what BART, Marian and Whisper are published with", () => {
  const bart = {
    ...{ bos_token_id: 0, decoder_start_token_id: 2, eos_token_id: 2, pad_token_id: 1 },
    ...{ early_stopping: true, forced_bos_token_id: 0, forced_eos_token_id: 2 },
    ...{ length_penalty: 2.0, max_length: 142, min_length: 56, no_repeat_ngram_size: 3 },
    num_beams: 4,
  };
  assertEquals(translateOptionsOf(bart), {
    ...{ start: [2], end: [2], beams: 4, lengthPenalty: 2, earlyStopping: true },
    ...{ forcedFirst: 0, forcedLast: 2, maxTokens: 141, minTokens: 55, noRepeat: 3 },
  });
  const marian = {
    ...{ bad_words_ids: [[58100]], bos_token_id: 0, decoder_start_token_id: 58100 },
    ...{ eos_token_id: [0], forced_eos_token_id: [0], max_length: 512, num_beams: 6 },
    ...{ pad_token_id: 58100, renormalize_logits: true, do_sample: false },
  };
  assertEquals(translateOptionsOf(marian), {
    ...{ start: [58100], end: [0], beams: 6, maxTokens: 511, forcedLast: 0 },
    ...{ badWords: [[58100]], renormalize: true },
  });
  const whisper = {
    ...{ begin_suppress_tokens: [220, 50257], suppress_tokens: [1, 2], forced_decoder_ids: null },
    ...{ decoder_start_token_id: 50258, eos_token_id: 50257, max_new_tokens: 20, max_length: 448 },
  };
  assertEquals(translateOptionsOf(whisper), {
    ...{ start: [50258], end: [50257], maxTokens: 20 },
    ...{ suppressed: [1, 2], suppressedFirst: [220, 50257] },
  });
  assertEquals(translateOptionsOf({ bos_token_id: 7, eos_token_id: null }), { start: [7] });
});

Deno.test("translateOptionsOf() refuses what would change a text and is not described", () => {
  const wrong = {
    do_sample: true,
    repetition_penalty: 1.2,
    num_beam_groups: 2,
    forced_decoder_ids: [[1, 50259]],
    sequence_bias: [[[1], 2.5]],
  };
  for (const [key, value] of Object.entries(wrong)) {
    const { message } = assertThrows(() => translateOptionsOf({ [key]: value }), RangeError);
    assertEquals(
      message.startsWith(`Cannot generate with ${key} = ${JSON.stringify(value)}`),
      true,
    );
  }
});

Deno.test("readTranslateOptions() takes generation_config.json, and config.json where there is none", () =>
  inFolder(async (folder) => {
    const config = { decoder_start_token_id: 3, num_beams: 2 };
    assertEquals(await readTranslateOptions(folder, config), { start: [3], beams: 2 });
    const path = `${folder}/generation_config.json`;
    await Deno.writeTextFile(path, '{"decoder_start_token_id": 5}');
    assertEquals(await readTranslateOptions(folder, config), { start: [5] });
    await Deno.writeTextFile(path, "[]");
    await assertRejects(
      () => readTranslateOptions(folder, config),
      SyntaxError,
      "it is not a JSON object",
    );
  }));

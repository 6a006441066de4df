// Fine-tuned folders: what was trained under the names and in the dtypes that it had, all else as bytes; and what cannot be trained.

import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { planCopy } from "../../../lib/checkpoint/copy.ts";
import { encodeNumbers } from "../../../lib/checkpoint/dtype.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { type PlannedTensor, writeShards } from "../../../lib/checkpoint/writer.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { planTensors, saveModel } from "../../../lib/convert/save.ts";
import { disposeTree } from "../../../lib/core/tree.ts";
import { readAll } from "../../../lib/backend/read.ts";
import { withHistory } from "../../../lib/families/history.ts";
import { openModel } from "../../../lib/families/open.ts";
import {
  encodeCorpus,
  fineTune,
  type FineTuneSettings,
  loadTrainable,
  saveFineTuned,
} from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { goldenFolder, openGolden } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";

const settings: FineTuneSettings = {
  schedule: { kind: "constant", peak: 1e-2 },
  seed: 1,
  steps: 2,
  rows: 2,
  length: 6,
  evaluationBatches: 1,
};

/** A text whose letters are the tokens 0 to 25. */
const letters = {
  vocabulary: 26,
  encode: (text: string) => Int32Array.from(text, (letter) => letter.charCodeAt(0) - 97),
  decode: (tokens: Iterable<number>) => String.fromCharCode(...[...tokens].map((id) => id + 97)),
};
const corpus = encodeCorpus("callmeishmaelsomeyearsagonevermind".repeat(4), letters);

/** The golden GPT-2 with what older files hold besides: a mask, and the tied head once more; with a licence. */
async function writeOldGpt2(folder: string): Promise<void> {
  using source = await openGolden("gpt2");
  const { tensors } = source;
  const mask: PlannedTensor = {
    name: "transformer.h.0.attn.bias",
    dtype: "U8",
    shape: [1, 1, 2, 2],
    chunks: async function* () {
      yield Uint8Array.of(1, 0, 1, 1);
    },
  };
  const head = planCopy(tensors, "transformer.wte.weight", "lm_head.weight");
  const copies = tensors.names.map((name) => planCopy(tensors, name));
  await writeShards(folder, [...copies, mask, head], { metadata: { format: "pt" } });
  await Deno.copyFile(`${goldenFolder("gpt2")}/config.json`, `${folder}/config.json`);
  await Deno.writeTextFile(`${folder}/LICENSE`, "MIT");
}

Deno.test("saveFineTuned() keeps names, dtypes, configuration and companions; a tied head that is stored twice stays tied", () =>
  onBackend("wasm", () =>
    inFolder(async (folder) => {
      const [before, after] = [`${folder}/before`, `${folder}/after`];
      await writeOldGpt2(before);
      using source = await openModel(before);
      const { parameters, model } = await loadTrainable(source);
      const { parameters: trained, record } = await fineTune(parameters, model, settings, corpus);
      const saved = await saveFineTuned(after, source, trained, record);
      assertEquals(saved, { tensors: 30, companions: ["LICENSE"] });
      using again = await openCheckpoint(after);
      assertEquals(again.names, source.tensors.names);
      assertEquals(again.metadata, { format: "pt" });
      for (const name of again.names) {
        assertEquals(again.info(name), source.tensors.info(name));
        const [stored, was] = [await again.bytes(name), await source.tensors.bytes(name)];
        const tensor = trained[name === "lm_head.weight" ? "transformer.wte.weight" : name];
        if (tensor === undefined) assertEquals([name, stored], ["transformer.h.0.attn.bias", was]);
        else {
          const [values] = await readAll([tensor]);
          assertEquals(new Float32Array(stored.buffer), values as Float32Array, name);
          assertNotEquals(stored, was, name);
        }
      }
      const texts = [before, after].map((path) => Deno.readFileSync(`${path}/config.json`));
      assertEquals(texts[0], texts[1]);
      await assertRejects(
        () => saveFineTuned(after, source, trained),
        RangeError,
        "must not exist",
      );
      disposeTree([parameters, trained]);
    })));

Deno.test("saveFineTuned() drops the record of a conversion, which a trained folder is no more", () =>
  onBackend("wasm", () =>
    inFolder(async (folder) => {
      const [before, after] = [`${folder}/before`, `${folder}/after`];
      using golden = await openGolden("llama");
      const step = { command: "export", as: "llama", normkit: "1.0.0" } as const;
      await saveModel(before, { ...golden, config: withHistory(golden.config, [step]) });
      using source = await openModel(before);
      const { parameters } = await loadTrainable(source);
      await saveFineTuned(after, source, parameters);
      const kept = JSON.parse(await Deno.readTextFile(`${after}/config.json`));
      assertEquals(kept, JSON.parse(JSON.stringify(golden.config)));
      disposeTree(parameters);
    })));

Deno.test("saveFineTuned() rounds to the source's BF16, once", () =>
  onBackend("wasm", () =>
    inFolder(async (folder) => {
      const [before, after] = [`${folder}/before`, `${folder}/after`];
      using golden = await openGolden("llama");
      await writeShards(before, planTensors(golden, "BF16"));
      await Deno.copyFile(`${goldenFolder("llama")}/config.json`, `${before}/config.json`);
      using source = await openModel(before);
      const { parameters, model } = await loadTrainable(source);
      const { parameters: trained } = await fineTune(parameters, model, settings, corpus);
      await saveFineTuned(after, source, trained);
      using again = await openCheckpoint(after);
      const name = "model.norm.weight";
      assertEquals(again.info(name).dtype, "BF16");
      const [values] = await readAll([trained[name]!]);
      assertEquals(await again.bytes(name), encodeNumbers("BF16", Float64Array.from(values!)));
      disposeTree([parameters, trained]);
    })));

Deno.test("fineTune() draws dropout where the settings say so, and repeats bit for bit", () =>
  onBackend("wasm", async () => {
    using source = await openGolden("gpt-neox");
    const { parameters, model } = await loadTrainable(source);
    const lossesOf = async (own: FineTuneSettings): Promise<unknown[]> => {
      const { parameters: trained, record } = await fineTune(parameters, model, own, corpus);
      disposeTree(trained);
      return record.rows.map(({ loss, nats }) => loss ?? nats);
    };
    const plain = await lossesOf(settings);
    assertEquals(await lossesOf({ ...settings, dropout: 0 }), plain);
    const dropped = await lossesOf({ ...settings, dropout: 0.5 });
    assertNotEquals(dropped, plain);
    assertEquals(await lossesOf({ ...settings, dropout: 0.5 }), dropped);
    disposeTree(parameters);
  }));

Deno.test("fineTune() tells what determines it: other parameters or another text have another hash", () =>
  onBackend("cpu", async () => {
    using source = await openGolden("gpt2");
    const { parameters, model } = await loadTrainable(source);
    const hashOf = async (
      own: Partial<FineTuneSettings>,
      text = corpus,
      start = parameters,
    ): Promise<string> => {
      const all = { ...settings, ...own, steps: 0 };
      const { parameters: trained, record } = await fineTune(start, model, all, text);
      disposeTree(trained);
      assertEquals(record.manifest.variant, "pre-ln");
      return record.manifest.determines;
    };
    const name = "transformer.ln_f.bias";
    const other = { ...parameters, [name]: parameters["transformer.ln_f.weight"]! };
    const hashes = [
      await hashOf({}),
      await hashOf({ dropout: 0 }), // the default
      await hashOf({ seed: 2 }),
      await hashOf({}, encodeCorpus("somethingelse".repeat(9), letters)),
      await hashOf({}, corpus, other),
    ];
    assertEquals([hashes[1], new Set(hashes).size], [hashes[0], 4]);
    disposeTree(parameters);
  }));

Deno.test("loadTrainable() refuses what predicts no tokens, and a stream that must stay centered", async () => {
  for (const [name, why] of [["vit", "one stack of tokens"], ["whisper", "one stack of tokens"]]) {
    using source = await openGolden(name!);
    await assertRejects(() => loadTrainable(source), RangeError, why);
  }
  using source = await openGolden("gpt2");
  const centered = convert(source, { to: "pre-rmsnorm" });
  await assertRejects(() => loadTrainable(centered), RangeError, "Cannot train a converted model");
});

Deno.test("fineTune() refuses tokens, parameters and rows that the model does not have", () =>
  onBackend("cpu", async () => {
    using source = await openGolden("gpt2");
    const { parameters, model } = await loadTrainable(source);
    const far = { ...corpus, heldOut: Int32Array.of(1, 2, 3, 4, 5, 6, 7, 40) };
    await assertRejects(
      () => fineTune(parameters, model, settings, far),
      RangeError,
      "it has the token 40, and the model's go from 0 to 39",
    );
    const more = { ...parameters, mine: parameters["transformer.wte.weight"]! };
    await assertRejects(
      () => fineTune(more, model, settings, corpus),
      RangeError,
      "Cannot train mine",
    );
    await assertRejects(
      () => fineTune(parameters, model, { ...settings, length: 25 }, corpus),
      RangeError,
      "length = 25",
    );
    disposeTree(parameters);
  }));

// Models as folders: what no conversion touches is copied bit for bit, the rest is rounded once, config.json stays as written.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeNumbers, type DType, encodeNumbers } from "../../../lib/checkpoint/dtype.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { type PlannedTensor, writeSafetensors } from "../../../lib/checkpoint/writer.ts";
import { convert } from "../../../lib/convert/convert.ts";
import { planTensors, saveModel } from "../../../lib/convert/save.ts";
import { version } from "../../../lib/core/version.ts";
import type { Config } from "../../../lib/families/family.ts";
import { openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import {
  assertOutputs,
  goldenFolder,
  goldenOf,
  openGolden,
  outputsOf,
  preLnNames,
} from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";
import { changedModel } from "../../support/tensor_rows.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

/** A tensor of given bytes. */
const stored = (
  name: string,
  dtype: DType,
  shape: readonly number[],
  bytes: Uint8Array,
): PlannedTensor => ({
  name,
  dtype,
  shape,
  chunks: async function* () {
    yield await Promise.resolve(bytes);
  },
});

/** Numbers that no arithmetic in float64 keeps: signaling and quiet NaN, −0, a large whole number. */
const oddBytes = {
  bf16: Uint8Array.of(0x81, 0x7f, 0xc1, 0xff, 0x00, 0x80, 0x01, 0x00),
  i64: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0x40, 255, 255, 255, 255, 255, 255, 255, 127),
  bool: Uint8Array.of(0, 1, 1),
};

/** GPT-2 in BF16, with buffers beside the weights that some files have. */
async function writeSource(folder: string): Promise<void> {
  using golden = await openGolden("gpt2-untied");
  const weights = await Promise.all(golden.tensors.names.map(async (name) => {
    const { shape } = golden.tensors.info(name);
    return stored(
      name,
      "BF16",
      shape,
      encodeNumbers("BF16", await readTensor(golden.tensors, name)),
    );
  }));
  await writeSafetensors(`${folder}/model.safetensors`, [
    ...weights,
    stored("transformer.h.0.attn.bias", "BOOL", [3], oddBytes.bool),
    stored("transformer.h.0.attn.masked_bias", "BF16", [2, 2], oddBytes.bf16),
    stored("transformer.position_ids", "I64", [1, 2], oddBytes.i64),
  ]);
  await Deno.copyFile(`${goldenFolder("gpt2-untied")}/config.json`, `${folder}/config.json`);
}

Deno.test("saveModel() copies what no conversion touched bit for bit, whatever its dtype", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/source`);
    await writeSource(`${folder}/source`);
    using source = await openModel(`${folder}/source`);
    const made = convert(source, { to: "pre-rmsnorm" });
    await saveModel(`${folder}/made`, made);
    using written = await openCheckpoint(`${folder}/made`);
    assertEquals(written.names.toSorted(), made.tensors.names.toSorted());
    for (
      const [name, bytes] of [
        ["transformer.h.0.attn.bias", oddBytes.bool],
        ["transformer.h.0.attn.masked_bias", oddBytes.bf16],
        ["transformer.position_ids", oddBytes.i64],
        ["transformer.h.1.attn.c_attn.weight", undefined], // folded
      ] as const
    ) {
      const found = await written.bytes(name);
      if (bytes === undefined) assert(String(found) !== String(await source.tensors.bytes(name)));
      else assertEquals(found, bytes, name);
      assertEquals(written.info(name).dtype, source.tensors.info(name).dtype);
    }
    assertEquals(written.metadata, { format: "pt", normkit: version });
  });
});

Deno.test("saveModel() rounds what it computes once, to the dtype of the source", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/source`);
    await writeSource(`${folder}/source`);
    using source = await openModel(`${folder}/source`);
    const made = convert(source, { to: "pre-crmsnorm" });
    await saveModel(`${folder}/made`, made);
    using written = await openCheckpoint(`${folder}/made`);
    for (
      const name of made.tensors.names.filter((one) => made.tensors.info(one).dtype === "BF16")
    ) {
      if (name.endsWith("masked_bias")) continue;
      const numbers = await readTensor(made.tensors, name);
      const rounded = decodeNumbers("BF16", encodeNumbers("BF16", numbers));
      assertEquals(await readTensor(written, name), rounded, name);
      assertEquals(written.info(name).shape, made.tensors.info(name).shape);
    }
  });
});

for (
  const [dtype, word] of [["F64", "float64"], ["F32", "float32"], ["F16", "float16"], [
    "BF16",
    "bfloat16",
  ]] as const
) {
  Deno.test(`saveModel() in ${dtype} stores floating-point tensors so, and says it in config.json`, async () => {
    await inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/source`);
      await writeSource(`${folder}/source`);
      using source = await openModel(`${folder}/source`);
      await saveModel(`${folder}/made`, source, { dtype });
      using written = await openCheckpoint(`${folder}/made`);
      for (const name of written.names) {
        const before = source.tensors.info(name).dtype;
        assertEquals(written.info(name).dtype, before === "BF16" ? dtype : before, name);
      }
      assertEquals(await written.bytes("transformer.position_ids"), oddBytes.i64);
      const config = JSON.parse(await Deno.readTextFile(`${folder}/made/config.json`));
      assertEquals(config.dtype, word);
    });
  });
}

Deno.test("saveModel() renames the dtype where the configuration has its older name", async () => {
  await inFolder(async (folder) => {
    using llama = await openGolden("llama");
    assertEquals(llama.config["torch_dtype"], "float32");
    await saveModel(`${folder}/made`, llama, { dtype: "F16" });
    const config = JSON.parse(await Deno.readTextFile(`${folder}/made/config.json`));
    assertEquals([config.torch_dtype, Object.hasOwn(config, "dtype")], ["float16", false]);
  });
});

Deno.test("saveModel() renames every word for the dtype: both names, and those of parts", async () => {
  await inFolder(async (folder) => {
    using clip = await openGolden("clip");
    const part: Config = { ...clip.config["text_config"] as Config, dtype: "float32" };
    const words = { dtype: "float32", torch_dtype: "bfloat16", text_config: part };
    await saveModel(`${folder}/made`, { ...clip, config: { ...clip.config, ...words } }, {
      dtype: "F16",
    });
    const text = await Deno.readTextFile(`${folder}/made/config.json`);
    const { dtype, torch_dtype, text_config } = JSON.parse(text);
    assertEquals([dtype, torch_dtype, text_config.dtype], ["float16", "float16", "float16"]);
    assertEquals(text_config.hidden_size, part["hidden_size"]);
    assertEquals(/float32|bfloat16/.test(text), false, text);
  });
});

Deno.test("saveModel() leaves the numbers of config.json as they were written, 1.0 as 1.0", async () => {
  await inFolder(async (folder) => {
    using mistral = await openGolden("mistral");
    const before = await Deno.readTextFile(`${goldenFolder("mistral")}/config.json`);
    await saveModel(`${folder}/made`, convert(mistral, { to: "weightless" }));
    const after = await Deno.readTextFile(`${folder}/made/config.json`);
    const lines = (text: string): string[] =>
      text.split("\n").map((line) => line.replace(/,$/, ""));
    const gone = lines(before).filter((line) => !lines(after).includes(line));
    assertEquals(gone, []);
    assert(/\d\.0\b/.test(before), "there is a number such as 1.0");
    assertEquals(JSON.parse(after).normkit, {
      format: 1,
      norm: "rms",
      centered: false,
      recenter: [],
    });
  });
});

Deno.test("saveModel() and openModel() give the same outputs for every golden model that is Pre-LN", async () => {
  for (const name of preLnNames) {
    await inFolder(async (folder) => {
      using source = await openGolden(name);
      const { inputs } = await goldenOf(name);
      const to = convert(source, { to: "weightless" });
      await saveModel(`${folder}/made`, to, { dtype: "F64" });
      using made = await openModel(`${folder}/made`);
      assertEquals(made.spec, to.spec);
      const expected = await outputsOf(float64, to, inputs);
      assertOutputs(await outputsOf(float64, made, inputs), expected, 0, name);
      const original = await outputsOf(float64, source, inputs);
      assertOutputs(
        await outputsOf(float64, made, inputs),
        original,
        toleranceInFloat64("conversion"),
        name,
      );
    });
  }
});

Deno.test("saveModel() divides a model among files, which open as one, and reports bytes", async () => {
  await inFolder(async (folder) => {
    using source = await openGolden("opt");
    const made = convert(source, { to: "pre-rmsnorm" });
    const seen: number[] = [];
    const totals = new Set<number>();
    await saveModel(`${folder}/made`, made, {
      maxShardBytes: 10_000,
      onProgress: (done, total) => {
        seen.push(done);
        totals.add(total);
      },
    });
    const names = namesIn(`${folder}/made`);
    assert(names.includes("model.safetensors.index.json") && names.length > 3, `${names}`);
    assertEquals(seen, seen.toSorted((a, b) => a - b));
    assertEquals([...totals], [seen.at(-1)!]);
    using opened = await openModel(`${folder}/made`);
    assertEquals(opened.tensors.names.toSorted(), made.tensors.names.toSorted());
  });
});

Deno.test("saveModel() writes models that lie nowhere on disk", async () => {
  await inFolder(async (folder) => {
    const model = normkitModel({ ...small, residual: "pre-ln+gpas" });
    await saveModel(`${folder}/made`, model);
    using made = await openModel(`${folder}/made`);
    assertEquals(made.spec, model.spec);
    for (const name of model.tensors.names) {
      assertEquals(
        await readTensor(made.tensors, name),
        await readTensor(model.tensors, name),
        name,
      );
    }
  });
});

Deno.test("saveModel() refuses a folder that has a checkpoint", async () => {
  await inFolder(async (folder) => {
    const model = normkitModel(small);
    await saveModel(folder, model);
    await assertRejects(
      () => saveModel(folder, model),
      RangeError,
      "it already has model.safetensors",
    );
  });
});

Deno.test("planTensors() reads a large tensor a few rows at a time", async () => {
  const model = normkitModel(small);
  const [rows, width] = [5, 2 ** 16];
  const counts: number[] = [];
  const tensors = {
    names: ["wide"],
    has: (name: string) => name === "wide",
    info: () => ({ dtype: "U8" as const, shape: [rows, width] }),
    rows: (_: string, first: number, count: number) => {
      counts.push(count);
      return Promise.resolve(new Float64Array(count * width).fill(first));
    },
  };
  const [planned] = planTensors({ ...model, tensors });
  const bytes: number[] = [];
  for await (const chunk of planned!.chunks()) bytes.push(chunk[0]!, chunk.length / width);
  assertEquals(counts, [2, 2, 1]);
  assertEquals(bytes, [0, 2, 2, 2, 4, 1]);
});

Deno.test("saveModel() refuses a dtype in which a number would become infinite, and leaves no tensor", async () => {
  await inFolder(async (folder) => {
    using golden = await openGolden("gpt2");
    const large = changedModel(golden, {
      number: (value, name, at) => name === "transformer.wpe.weight" && at === 7 ? 1e5 : value,
    });
    const save = (dtype: DType): Promise<void> =>
      saveModel(folder, convert(large, { to: "weightless" }), { dtype });
    await assertRejects(
      () => save("F16"),
      RangeError,
      "Cannot store 100000 of transformer.wpe.weight as F16: it must be at most 65504 in size; F64, F32, BF16 hold it",
    );
    assertEquals(namesIn(folder), []);
    await save("BF16");
  });
});

// The commands on checkpoints: inspect, convert, fold, verify and logits, here and as processes; and a converter that is killed.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { saveModel } from "../../../lib/convert/save.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { Random } from "../../../lib/core/random.ts";
import { parseConfig } from "../../../lib/families/config_text.ts";
import { openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { childOf, type Outcome, runChild, runHere } from "../../support/cli.ts";
import { openGoldenHead } from "../../support/golden_heads.ts";
import { assertClose } from "../../support/close.ts";
import { goldenFolder, goldenOf, openGolden } from "../../support/golden_models.ts";
import { outputsOf } from "../../support/golden_models.ts";
import { tolerance } from "../../support/tolerances.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { runOnnx } from "../export/onnx_runtime.ts";

const gpt2 = goldenFolder("gpt2");
const onCpu = ["--backend", "cpu"];
const quick = [...onCpu, "--sequences", "1", "--json"];

/** What a command printed as JSON. */
const reportOf = ({ out }: Outcome) => JSON.parse(out);

Deno.test("normkit inspect says what a model is and can become, for people and as JSON", async () => {
  const text = await runHere("inspect", gpt2);
  assertEquals(text.code, 0, text.err);
  for (const line of ["family         GPT-2 (gpt2)", "  pre-rmsnorm  yes", "tied head      yes"]) {
    assertStringIncludes(text.out, line);
  }
  const { family, targets, fold } = reportOf(await runHere("inspect", gpt2, "--json"));
  assertEquals([family, targets["pre-crmsnorm"].possible, fold.possible], ["gpt2", true, false]);
});

Deno.test("normkit inspect of a type that is known and not described says its norms and why it cannot run", async () => {
  await inFolder(async (folder) => {
    const config = { model_type: "deepseek_v3", rms_norm_eps: 1e-3 };
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    const { code, out } = await runHere("inspect", folder);
    assertEquals(code, 0);
    assertMatch(out, /^DeepSeek-V3 \(deepseek_v3\): it has latent queries and keys/);
    assertStringIncludes(out, "norms        RMSNorm, ε 0.001\n");
    assertStringIncludes(out, "place        before branches (Pre-LN)");
    const { err } = await runHere("convert", folder, `${folder}/out`, "--to", "weightless");
    assertStringIncludes(err, "Cannot use a DeepSeek-V3 model: it has latent queries");
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "mamba"}');
    const mamba = await runHere("inspect", folder);
    assertEquals(mamba.code, 0);
    assertMatch(
      mamba.out,
      /^Mamba \(mamba\): it has states along the sequence in the place of att/,
    );
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "resnet"}');
    const resnet = await runHere("inspect", folder);
    assertMatch(resnet.out, /^ResNet \(resnet\): it is a convolutional network, no Transformer/);
  });
});

Deno.test("normkit inspect of a type that is not known lists what is called a norm", async () => {
  await inFolder(async (folder) => {
    await Deno.copyFile(`${goldenFolder("gpt2")}/model.safetensors`, `${folder}/model.safetensors`);
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "gpt9"}');
    const { code, out } = await runHere("inspect", folder);
    assertEquals(code, 0);
    assertEquals(out.trim().split("\n"), [
      '"gpt9": nothing is known of models of this type; tensors that are called norms are listed',
      "  transformer.h.*.ln_1: 2 of 24 numbers, with biases",
      "  transformer.h.*.ln_2: 2 of 24 numbers, with biases",
      "  transformer.ln_f: 1 of 24 numbers, with biases",
    ]);
    const { norms } = reportOf(await runHere("inspect", folder, "--json"));
    assertEquals(norms.length, 3);
    assertEquals(norms[0], { path: "transformer.h.*.ln_1", count: 2, width: 24, biases: true });
    const refused = await runHere("convert", folder, `${folder}/out`, "--to", "weightless");
    assertEquals(refused.code, 3);
    assertStringIncludes(refused.err, 'Cannot use a model of type "gpt9": known are');
    await Deno.remove(`${folder}/model.safetensors`);
    assertEquals((await runHere("inspect", folder)).code, 3);
  });
});

Deno.test("normkit inspect of a family that is refused says why, with exit code 0", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, '{"model_type": "albert"}');
    const { code, out } = await runHere("inspect", folder);
    assertEquals(code, 0);
    assertMatch(out, /^ALBERT \(albert\): all its layers share the weights of one/);
    const report = reportOf(await runHere("inspect", folder, "--json"));
    assertEquals(Object.keys(report), ["family", "label", "refusal", "facts"]);
    assertEquals([report.facts.norm, report.facts.eps], ["LayerNorm with bias", 1e-12]);
  });
});

for (const name of ["wavlm", "videomae", "ast", "vit", "whisper"]) {
  Deno.test(`normkit logits of ${name} reads what --inputs has`, async () => {
    await inFolder(async (folder) => {
      const { inputs: { tokens }, expected } = await goldenOf(name);
      const out = `${folder}/logits.safetensors`;
      const given = `${goldenFolder(name)}/expected.safetensors`;
      const words = ["logits", goldenFolder(name), "--inputs", given, "--out", out];
      const text = tokens === undefined ? [] : ["--tokens", tokens.join()];
      const made = await runHere(...words, ...text, "--arithmetic", "float64");
      assertEquals(made.code, 0, made.err);
      using file = await openCheckpoint(out);
      const numbers = await readTensor(file, "logits");
      assertClose(numbers, expected["logits"]!.values, 1e-6, "logits");
      const wrong = `${goldenFolder(name)}/model.safetensors`;
      const refused = await runHere(
        ...["logits", goldenFolder(name), "--inputs", wrong, "--out", `${folder}/other`],
      );
      assertEquals(refused.code, 3);
      assertStringIncludes(refused.err, "Cannot find an input: the file has none of pixels, video");
    });
  });
}

Deno.test("normkit logits, verify, export and generate take Falcon's slopes as --alibi says", async () => {
  await inFolder(async (folder) => {
    const { inputs, expected } = await goldenOf("falcon-rounded");
    const source = goldenFolder("falcon-rounded");
    const { alibi_dtype: _, ...config } = parseConfig(
      await Deno.readTextFile(`${source}/config.json`),
      "config.json",
    );
    const exact = `${folder}/exact`;
    await Deno.mkdir(exact);
    await Deno.writeTextFile(`${exact}/config.json`, JSON.stringify(config));
    await Deno.copyFile(`${source}/model.safetensors`, `${exact}/model.safetensors`);
    const logitsOf = async (...options: string[]): Promise<Float64Array> => {
      const out = `${folder}/logits${options.at(-1) ?? ""}.safetensors`;
      const words = ["logits", exact, "--tokens", inputs.tokens!.join(), "--out", out];
      const made = await runHere(...words, "--arithmetic", "float64", ...options);
      assertEquals(made.code, 0, made.err);
      using file = await openCheckpoint(out);
      return await readTensor(file, "logits");
    };
    const { values } = expected["logits"]!;
    assertClose(await logitsOf("--alibi", "bfloat16"), values, 1e-6, "rounded");
    const unrounded = await logitsOf();
    assert(unrounded.some((value, at) => Math.abs(value - values[at]!) > 1e-3));
    assertEquals(await logitsOf("--alibi", "exact"), unrounded);
    const rms = `${folder}/rms`;
    await runHere("convert", exact, rms, "--to", "pre-rmsnorm");
    const verified = await runHere("verify", exact, rms, "--alibi", "bfloat16");
    assertEquals(verified.code, 0, verified.out);
    const onnx = await runHere(
      ...["export", exact, `${folder}/onnx`, "--as", "onnx", "--no-verify", "--alibi", "bfloat16"],
    );
    assertEquals(onnx.code, 0, onnx.err);
    const wrote = await runHere(
      ...["generate", exact, "--prompt-tokens", "5", "--tokens", "1", "--alibi", "bfloat16"],
    );
    assertEquals(wrote.code, 0, wrote.err);
    for (
      const words of [["verify", rms, rms], ["generate", rms], ["export", rms, "x", "--as", "onnx"]]
    ) {
      const { code, err } = await runHere(...words, "--alibi", "float16");
      assertEquals(code, 2, err);
    }
  });
});

Deno.test("normkit logits of BART reads the tokens of its encoder from --source", async () => {
  await inFolder(async (folder) => {
    const { inputs, expected } = await goldenOf("bart");
    const words = ["logits", goldenFolder("bart"), "--tokens", inputs.tokens!.join()];
    const out = `${folder}/logits.safetensors`;
    const source = ["--source", inputs.source!.join()];
    const made = await runHere(...words, ...source, "--out", out, "--arithmetic", "float64");
    assertEquals(made.code, 0, made.err);
    using file = await openCheckpoint(out);
    const numbers = await readTensor(file, "logits");
    assertClose(numbers, expected["logits"]!.values, 1e-6, "logits");
    const missing = await runHere(...words, "--out", `${folder}/other.safetensors`);
    assertEquals(missing.code, 3);
    assertStringIncludes(
      missing.err,
      "Cannot run this BART model without the tokens that its encoder reads: give them as --source",
    );
  });
});

Deno.test("normkit convert writes a folder that opens, with a certificate beside the weights", async () => {
  await inFolder(async (folder) => {
    const out = `${folder}/made`;
    const made = await runHere("convert", gpt2, out, "--to", "pre-crmsnorm", ...quick);
    assertEquals(made.code, 0, made.err);
    const report = reportOf(made);
    assertEquals([report.source, report.out, report.tensors], [gpt2, out, 20]);
    assertEquals(report.newTensors, ["lm_head.weight", "lm_head.bias"]);
    assertEquals(report.bytes, await totalBytes(out));
    const names = namesIn(out);
    for (
      const name of ["certificate.json", "certificate.txt", "config.json", "model.safetensors"]
    ) {
      assert(names.includes(name), `${names}`);
    }
    const certificate = JSON.parse(await Deno.readTextFile(`${out}/certificate.json`));
    assertEquals(certificate, report.certificate);
    assertEquals([certificate.passed, certificate.inputs.random], [true, 1]);
    assertStringIncludes(await Deno.readTextFile(`${out}/certificate.txt`), "PASSED");
    using model = await openModel(out);
    assertEquals(model.spec.stacks["decoder"]!.width, 23);
    assertEquals(namesIn(folder), ["made"]);
  });
});

/** The bytes of all tensors in a folder. */
async function totalBytes(folder: string): Promise<number> {
  using checkpoint = await openCheckpoint(folder);
  const sizes = await Promise.all(
    checkpoint.names.map(async (name) => (await checkpoint.bytes(name)).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

Deno.test("normkit convert --dry-run lists tensors and writes nothing", async () => {
  await inFolder(async (folder) => {
    const out = `${folder}/a/b`;
    const args = ["convert", gpt2, out, "--to", "pre-crmsnorm", "--dtype", "F16", "--dry-run"];
    const text = await runHere(...args);
    assertEquals(text.code, 0, text.err);
    assertStringIncludes(text.out, "transformer.h.0.attn.c_attn.weight  F16 [23, 72]");
    assertEquals(text.out.split("\n").length, 20);
    const { source, config, tensors } = reportOf(await runHere(...args, "--json"));
    assertEquals([source, config.normkit.norm, tensors.length], [gpt2, "crms", 20]);
    assertEquals(namesIn(folder), []);
  });
});

Deno.test("normkit convert takes a dtype, a tied head, shards, and leaves the certificate out", async () => {
  await inFolder(async (folder) => {
    const half = await runHere(
      "convert",
      gpt2,
      `${folder}/half`,
      "--to",
      "pre-rmsnorm",
      "--tied",
      "keep",
      "--dtype",
      "BF16",
      ...quick,
    );
    assertEquals(half.code, 0, half.err);
    assertEquals(reportOf(half).certificate.actual.dtype, "BF16");
    using kept = await openModel(`${folder}/half`);
    assert(!kept.tensors.has("lm_head.weight"));
    const args = ["--to", "pre-ln", "--max-shard-bytes", "20000", "--no-verify", "--json"];
    const shards = await runHere("convert", gpt2, `${folder}/shards`, ...args);
    assertEquals(shards.code, 0, shards.err);
    assertEquals(Object.hasOwn(reportOf(shards), "certificate"), false);
    const names = namesIn(`${folder}/shards`);
    assert(names.includes("model.safetensors.index.json"), `${names}`);
    assert(!names.includes("certificate.json"));
  });
});

Deno.test("normkit convert copies what lies beside the weights", async () => {
  await inFolder(async (folder) => {
    const source = `${folder}/source`;
    await Deno.mkdir(source);
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${gpt2}/${name}`, `${source}/${name}`);
    }
    for (const name of ["tokenizer.json", "LICENSE", "pytorch_model.bin"]) {
      await Deno.writeTextFile(`${source}/${name}`, name);
    }
    const made = await runHere(
      "convert",
      source,
      `${folder}/made`,
      "--to",
      "weightless",
      "--no-verify",
      "--json",
    );
    assertEquals(reportOf(made).companions, ["LICENSE", "tokenizer.json"]);
    assertEquals(await Deno.readTextFile(`${folder}/made/LICENSE`), "LICENSE");
  });
});

Deno.test("normkit convert exits with 1 where the certificate has not passed, and keeps the folder", async () => {
  await inFolder(async (folder) => {
    const args = ["--to", "pre-rmsnorm", ...quick, "--tolerance", "1e-12"];
    const made = await runHere("convert", gpt2, `${folder}/made`, ...args);
    assertEquals(made.code, 1, made.err);
    const certificate = JSON.parse(await Deno.readTextFile(`${folder}/made/certificate.json`));
    assertEquals([certificate.passed, certificate.tolerance], [false, 1e-12]);
  });
});

/** Changes the last byte of a folder's weights. */
async function tamper(folder: string): Promise<void> {
  const path = `${folder}/model.safetensors`;
  const bytes = await Deno.readFile(path);
  bytes[bytes.length - 4]! ^= 1; // the lowest digit of the last number
  await Deno.writeFile(path, bytes);
}

Deno.test("normkit verify passes a chain of conversions and back, and names the number that was changed", async () => {
  await inFolder(async (folder) => {
    const [rms, again] = [`${folder}/rms`, `${folder}/again`];
    for (const [from, out, to] of [[gpt2, rms, "pre-rmsnorm"], [rms, again, "pre-ln"]] as const) {
      const made = await runHere("convert", from, out, "--to", to, ...quick);
      assertEquals(made.code, 0, made.out);
    }
    for (const [a, b] of [[gpt2, rms], [rms, again], [gpt2, again], [again, gpt2]] as const) {
      const same = await runHere("verify", a, b, ...quick);
      assertEquals(same.code, 0, same.out);
      assertEquals(reportOf(same).basis.startsWith("all tensors"), b !== gpt2);
    }
    await tamper(again);
    const found = await runHere("verify", gpt2, again, ...onCpu, "--sequences", "1");
    assertEquals(found.code, 1, found.out);
    assertMatch(found.out, /FAILED numbers +1 of \d+ differ: .+ 1\.0 ulp \(identical\)/);
    assertEquals(found.out.split("\n").at(-1), "FAILED: numbers");
    const { passed, checks } = reportOf(await runHere("verify", rms, again, ...quick));
    assertEquals(passed, false);
    const failed = checks.filter((check: { passed: boolean }) => !check.passed);
    assertEquals(failed.map(({ name }: { name: string }) => name), ["numbers"]);
  });
});

Deno.test("normkit verify of a folder of another form proves it by its record", async () => {
  await inFolder(async (folder) => {
    const olmo = goldenFolder("olmo");
    const out = `${folder}/llama`;
    const made = await runHere("export", olmo, out, "--as", "llama", "--dtype", "BF16", ...quick);
    assertEquals(made.code, 0, made.out);
    const { basis, passed, tensors } = reportOf(await runHere("verify", olmo, out, ...quick));
    assertEquals(passed, true);
    assertEquals(
      basis,
      "all tensors, by export --as llama --dtype BF16 of the first model, done again",
    );
    assertEquals(tensors.differing, 0);
  });
});

type Wrong = readonly (readonly [what: string, args: readonly string[], words: string])[];

/** What is not understood. */
const usage: Wrong = [
  [
    "an unknown target",
    ["convert", gpt2, "OUT", "--to", "post-ln"],
    "pre-ln, pre-rmsnorm, pre-crmsnorm, weightless",
  ],
  ["no target", ["convert", gpt2, "OUT"], "Cannot convert to nothing"],
  ["no folder", ["convert", gpt2, "--to", "pre-ln"], "it takes DIR OUT"],
  [
    "an unknown tie",
    ["convert", gpt2, "OUT", "--to", "pre-ln", "--tied", "loosely"],
    "untie, keep",
  ],
  [
    "an unknown dtype",
    ["convert", gpt2, "OUT", "--to", "pre-ln", "--dtype", "F8"],
    "F64, F32, BF16, F16",
  ],
  ["no second model", ["verify", gpt2], "it takes A B"],
  [
    "tokens that are none",
    ["verify", gpt2, gpt2, "--tokens", "1,x"],
    "whole numbers, such as 1,2,3",
  ],
  [
    "how a text is read where there is none",
    ["verify", gpt2, gpt2, "--encoding", "latin1"],
    "Cannot use --encoding without --text",
  ],
  ["logits without tokens", ["logits", gpt2, "--out", "OUT"], "--tokens 1,2,3 --out FILE"],
  ["logits in unknown arithmetic", [
    "logits",
    gpt2,
    "--tokens",
    "1",
    "--out",
    "OUT",
    "--arithmetic",
    "float16",
  ], "float32, float64"],
];

/** What is understood, and cannot be used. */
const refused: Wrong = [
  [
    "a table that cannot be kept",
    ["convert", gpt2, "OUT", "--to", "weightless", "--tied", "keep"],
    "Cannot keep",
  ],
  [
    "a model that is refused",
    ["convert", goldenFolder("bert"), "OUT", "--to", "pre-ln"],
    "its norms stand behind the additions (Post-LN)",
  ],
  [
    "a model with RMSNorms",
    ["convert", goldenFolder("llama"), "OUT", "--to", "pre-ln"],
    "Cannot center a Llama",
  ],
  [
    "a path without a model",
    ["convert", "nowhere", "OUT", "--to", "pre-ln"],
    "Cannot find a model at nowhere",
  ],
  ["a model without weights", ["inspect", "BARE"], "it has neither model.safetensors nor"],
  [
    "a folder inside of a file",
    ["convert", gpt2, "FILE/out", "--to", "pre-ln"],
    "Cannot write into the folder",
  ],
  ["nothing to fold", ["fold", gpt2, "OUT"], "it has no gates, constants or LayerScale"],
  [
    "a token outside the vocabulary",
    ["verify", gpt2, gpt2, "--tokens", "40", ...onCpu],
    "token = 40",
  ],
  ["a text without a tokenizer", ["verify", gpt2, gpt2, "--text", "FILE", ...onCpu], "there is no"],
  [
    "a text that is not there",
    ["verify", gpt2, gpt2, "--text", "OUT", ...onCpu],
    "there is no such file",
  ],
  [
    "logits in a file that is named like a folder",
    ["logits", gpt2, "--tokens", "1", "--out", "OUT/"],
    "it names a folder",
  ],
  [
    "logits in a file of another format",
    ["logits", gpt2, "--tokens", "1", "--out", "OUT.npy"],
    "the name must end in .safetensors",
  ],
  [
    "logits with a source where nothing reads one",
    ["logits", gpt2, "--tokens", "1", "--source", "2", "--out", "OUT"],
    "Cannot give --source to this GPT-2 model: it has no encoder that reads tokens",
  ],
  [
    "logits of an image model",
    ["logits", goldenFolder("vit"), "--tokens", "1", "--out", "OUT"],
    "reads none",
  ],
];

for (const [expected, list] of [[2, usage], [3, refused]] as const) {
  for (const [what, args, words] of list) {
    Deno.test(`normkit exits with ${expected} for ${what}, and writes nothing`, async () => {
      await inFolder(async (folder) => {
        const paths: Readonly<Record<string, string>> = {
          OUT: `${folder}/out`,
          FILE: `${folder}/text.txt`,
          "OUT/": `${folder}/out/`,
          "FILE/out": `${folder}/text.txt/out`,
          BARE: `${folder}/bare`,
        };
        await Deno.mkdir(paths["BARE"]!);
        await Deno.copyFile(`${gpt2}/config.json`, `${folder}/bare/config.json`);
        await Deno.writeTextFile(paths["FILE"]!, "text");
        const own = args.map((word) => paths[word] ?? word);
        const { code, out, err } = await runHere(...own);
        assertEquals([code, out], [expected, ""], err);
        assertStringIncludes(err, words);
        assertEquals(err.includes(`Try: normkit ${args[0]} --help`), expected === 2);
        const json = await runHere(...own, "--json");
        assertEquals([json.code, reportOf(json).error.code], [expected, expected]);
        assertStringIncludes(reportOf(json).error.message, words);
        assertEquals([namesIn(folder), namesIn(`${folder}/bare`)], [["bare", "text.txt"], [
          "config.json",
        ]]);
      });
    });
  }
}

Deno.test("normkit convert refuses a folder that exists, and leaves it as it is", async () => {
  await inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/made`);
    await Deno.writeTextFile(`${folder}/file`, "text");
    for (const [name, more] of [["made", []], ["file", []], ["made", ["--dry-run"]]] as const) {
      const { code, err } = await runHere(
        "convert",
        gpt2,
        `${folder}/${name}`,
        "--to",
        "pre-ln",
        ...more,
      );
      assertEquals(code, 3);
      assertStringIncludes(err, `Cannot write to ${folder}/${name}: it exists already`);
    }
    assertEquals([namesIn(`${folder}/made`), await Deno.readTextFile(`${folder}/file`)], [
      [],
      "text",
    ]);
  });
});

Deno.test("normkit convert refuses the name of a run, which the folder would hide", async () => {
  await inFolder(async (folder) => {
    for (const name of ["run.json", "run.safetensors"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    for (const out of [`${folder}/run`, `${folder}/run/`]) {
      const { code, err } = await runHere("convert", gpt2, out, "--to", "pre-ln");
      assertEquals(code, 3);
      assertStringIncludes(err, `Cannot write to ${out}: it is the name of a run`);
    }
    assertEquals(namesIn(folder), ["run.json", "run.safetensors"]);
  });
});

Deno.test("normkit convert that fails while it certifies leaves nothing", async () => {
  await inFolder(async (folder) => {
    const { code, err } = await runHere(
      "convert",
      gpt2,
      `${folder}/made`,
      "--to",
      "pre-ln",
      "--sequences",
      "0",
      ...onCpu,
      "--json",
    );
    assertEquals(code, 3);
    assertStringIncludes(err, "Cannot compare models on no input");
    assertEquals(namesIn(folder), []);
  });
});

Deno.test("normkit convert as a process: what people see, and exit codes", async () => {
  await inFolder(async (folder) => {
    const good = await runChild(
      "convert",
      gpt2,
      `${folder}/made`,
      "--to",
      "pre-rmsnorm",
      ...onCpu,
      "--sequences",
      "1",
    );
    assertEquals(good.code, 0, good.err);
    assertMatch(good.out, /^Certificate of normkit \d/);
    assertStringIncludes(good.out, "New tensors: lm_head.weight, lm_head.bias");
    assertMatch(good.out, /Wrote \d+ bytes in 20 tensors to .*made\n/);
    assertStringIncludes(good.err, "writing 20 tensors");
    const same = await runChild("verify", gpt2, `${folder}/made`, ...quick);
    assertEquals([same.code, same.err, JSON.parse(same.out).passed], [0, "", true]);
    const strict = await runChild(
      "verify",
      gpt2,
      `${folder}/made`,
      ...quick,
      "--tolerance",
      "1e-12",
    );
    assertEquals([strict.code, JSON.parse(strict.out).passed], [1, false]);
    const again = await runChild("convert", gpt2, `${folder}/made`, "--to", "pre-rmsnorm");
    assertEquals([again.code, again.out], [3, ""]);
  });
});

Deno.test("normkit verify compares on given tokens, and shows a table to people", async () => {
  const { code, out } = await runHere(
    "verify",
    gpt2,
    gpt2,
    "--sequences",
    "0",
    "--tokens",
    "3,1,4",
    ...onCpu,
  );
  assertEquals(code, 0);
  for (const line of ["inputs    0 random (seed 0), 1 given", "3 of 3 rows", "PASSED"]) {
    assertStringIncludes(out, line);
  }
});

/** A tokenizer of pairs, as transformers stores one. */
const tokenizer = {
  version: "1.0",
  added_tokens: [],
  normalizer: { type: "Lowercase" },
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: {
    type: "BPE",
    vocab: { "[UNK]": 0, a: 3, c: 4, e: 5, l: 6, m: 7, ca: 8, ll: 9, call: 10, me: 11 },
    merges: ["c a", "l l", "ca ll", "m e"],
    unk_token: "[UNK]",
  },
};

Deno.test("normkit verify --text reads a text with the tokenizer beside the model", async () => {
  await inFolder(async (folder) => {
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${gpt2}/${name}`, `${folder}/${name}`);
    }
    await Deno.writeTextFile(`${folder}/tokenizer.json`, JSON.stringify(tokenizer));
    await Deno.writeTextFile(`${folder}/text.txt`, "Call me all Zero me");
    const args = ["verify", folder, gpt2, "--text", `${folder}/text.txt`, ...quick];
    const { code, out, err } = await runHere(...args);
    assertEquals(code, 0, err);
    const { perplexity } = JSON.parse(out);
    const tokens = [10, 11, 3, 9, 0, 5, 0, 0, 11]; // of Zero the e alone is known
    assertEquals(perplexity.tokens, tokens.length - 1);
    using model = await openGolden("gpt2");
    const { logits } = await outputsOf(float64, model, { tokens });
    const losses = tokens.slice(1).map((token, at) => {
      const row = [...logits!.values.subarray(at * 40, (at + 1) * 40)];
      return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[token]!;
    });
    const expected = Math.exp(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
    assertClose([perplexity.expected], [expected], tolerance("cpu", "model"), "perplexity");
  });
});

/** What gated variants of the paper's form and of others fold to. */
const folded = { "pre-ln+gpas-tanh-site": "pre-ln", "deep-norm+gpas": "post-ln" } as const;

Deno.test("gated runs are trained, generate, are exported, and fold into what generates and verifies the same", async () => {
  await inFolder(async (folder) => {
    const text = `${folder}/text.txt`;
    await Deno.writeTextFile(
      text,
      "Call me Ishmael. Some years ago, never mind how long. ".repeat(8),
    );
    const tiny = "--depth 2 --width 8 --heads 2 --context 8 --rows 2 --steps 2 --rate 0.1";
    const train = ["train", ...Object.keys(folded), ...tiny.split(" "), "--text", text];
    const trained = await runHere(...train, "--out", `${folder}/runs`, ...onCpu, "--json");
    assertEquals(trained.code, 0, trained.err);
    for (const [variant, plain] of Object.entries(folded)) {
      const [run, out] = [`${folder}/runs/${variant}`, `${folder}/${variant}`];
      const gates = await gatesOf(`${run}.safetensors`);
      assertEquals(gates.length, variant.endsWith("site") ? 4 : 2);
      assert(gates.some((gate) => Math.abs(gate) > 0.01), `${gates}`);
      const made = await runHere("fold", run, out, ...quick);
      assertEquals(made.code, 0, made.err);
      const { certificate, newTensors, companions } = reportOf(made);
      assertEquals([certificate.passed, newTensors, companions], [true, [], []]);
      const config = JSON.parse(await Deno.readTextFile(`${out}/config.json`));
      assertEquals([config.model_type, config.residual], ["normkit", plain]);
      assertEquals(await writtenBy(out), await writtenBy(run));
      await assertSameLogits(run, out);
      // the characters of the text go along, so that the folder reads texts too
      const same = await runHere("verify", out, run, "--text", text, ...quick);
      assertEquals(same.code, 0, same.err);
      const { perplexity } = JSON.parse(same.out);
      assert(perplexity.tokens > 300);
      const most = tolerance("cpu", "conversion");
      assertClose([perplexity.actual], [perplexity.expected], most, "perplexity");
      const foreign = `${folder}/foreign.txt`;
      await Deno.writeTextFile(foreign, "€");
      const unknown = await runHere("verify", out, run, "--text", foreign, ...quick);
      assertEquals(unknown.code, 3);
      assertStringIncludes(unknown.err, '"€"');
    }
    const [first] = Object.keys(folded);
    const crms = `${folder}/crms`;
    const made = await runHere(
      "convert",
      `${folder}/${first}`,
      crms,
      "--to",
      "pre-crmsnorm",
      ...quick,
    );
    assertEquals(made.code, 0, made.err);
    const whole = await runHere("verify", `${folder}/runs/${first}`, crms, ...quick);
    assertEquals(whole.code, 0, whole.err);
  });
});

/** The text that a model writes, without chance. */
async function writtenBy(model: string): Promise<string> {
  const args = ["generate", model, "--tokens", "20", "--temperature", "0", ...onCpu, "--json"];
  const { code, out, err } = await runHere(...args);
  assertEquals(code, 0, err);
  return JSON.parse(out).text;
}

/** Requires that `normkit logits` of two models and their ONNX models give the same. */
async function assertSameLogits(...models: string[]): Promise<void> {
  const tokens = [3, 1, 4, 1, 5];
  const given = { shape: [1, tokens.length], values: Float64Array.from(tokens) };
  const found: number[][] = [];
  for (const model of models) {
    await inFolder(async (folder) => {
      const [file, onnx] = [`${folder}/logits.safetensors`, `${folder}/onnx`];
      const logits = ["logits", model, "--tokens", tokens.join(), "--out", file, ...onCpu];
      assertEquals((await runHere(...logits)).code, 0);
      using written = await openCheckpoint(file);
      found.push([...await readTensor(written, "logits")]);
      assertEquals((await runHere("export", model, onnx, "--as", "onnx", "--json")).code, 0);
      const ran = await runOnnx(await Deno.readFile(`${onnx}/model.onnx`), { tokens: given });
      found.push([...ran["logits"]!.values]);
    });
  }
  const [first, ...others] = found;
  for (const other of others) assertClose(other, first!, tolerance("cpu", "value"), "logits");
}

/** The gates in a file of parameters. */
async function gatesOf(path: string): Promise<number[]> {
  using file = await openCheckpoint(path);
  const names = file.names.filter((name) => /\.gate(\.|$)/.test(name));
  const gates = await Promise.all(names.map((name) => readTensor(file, name)));
  return gates.flatMap((values) => [...values]);
}

for (const arithmetic of ["float32", "float64"]) {
  Deno.test(`normkit logits writes the logits of transformers, ${arithmetic}`, async () => {
    await inFolder(async (folder) => {
      const { inputs, expected } = await goldenOf("gpt2");
      const out = `${folder}/a/logits.safetensors`;
      const args = [
        "logits",
        gpt2,
        "--tokens",
        inputs.tokens!.join(","),
        "--out",
        out,
        "--arithmetic",
        arithmetic,
        ...onCpu,
      ];
      const written = await runHere(...args);
      assertEquals(written, { code: 0, out: `Wrote logits [1, 12, 40] to ${out}`, err: "" });
      using file = await openCheckpoint(out);
      assertEquals(file.names, ["logits"]);
      assertEquals(file.info("logits"), { dtype: "F32", shape: [1, 12, 40] });
      const values = await readTensor(file, "logits");
      assertClose(values, expected["logits"]!.values, tolerance("cpu", "model"), arithmetic);
      const other = `${folder}/other`;
      const report = reportOf(await runHere(...args, "--out", other, "--json"));
      assertEquals(report, { out: other, shapes: { logits: [1, 12, 40] } });
    });
  });
}

/** What `normkit logits` writes of models with other heads than a language model's. */
const otherShapes: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  "gpt2-double": { logits: [1, 12, 40], mc_logits: [1, 1] },
  "gpt2-sequence": { logits: [1, 3] },
  "gpt2-tokens": { logits: [1, 12, 3] },
  "gpt2-answers": { qa_outputs: [1, 12, 2] },
  "bert-body": { encoder: [1, 12, 16], pooler_output: [1, 16] },
};

for (const [name, shapes] of Object.entries(otherShapes)) {
  Deno.test(`normkit logits of ${name} writes ${Object.keys(shapes).join(" and ")}`, async () => {
    await inFolder(async (folder) => {
      using golden = await openGoldenHead(name);
      await saveModel(`${folder}/model`, golden.model);
      const out = `${folder}/logits.safetensors`;
      const args = ["--tokens", golden.inputs.tokens!.join(), "--out", out, "--json", ...onCpu];
      const report = reportOf(await runHere("logits", `${folder}/model`, ...args));
      assertEquals(report, { out, shapes });
      using file = await openCheckpoint(out);
      for (const [output, { values }] of Object.entries(golden.expected)) {
        assertClose(await readTensor(file, output), values, tolerance("cpu", "model"), output);
      }
    });
  });
}

/** The name of what a converter has under way beside OUT, or nothing. */
const underWay = (folder: string): string | undefined =>
  namesIn(folder).find((name) => /^made\..*\.tmp$/.test(name));

/** Waits a little. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a converter in a folder and waits until it has something there. */
async function startConverter(
  folder: string,
): Promise<{ child: Deno.ChildProcess; done: Promise<Deno.CommandOutput> }> {
  const args = ["--to", "pre-rmsnorm", ...onCpu, "--sequences", "4", "--json"];
  const child = childOf({}, "convert", gpt2, `${folder}/made`, ...args).spawn();
  const done = child.output();
  for (let waited = 0; namesIn(folder).length === 0; waited++) {
    assert(waited < 30_000, "the converter has not started");
    await pause(1);
  }
  return { child, done };
}

const signals: readonly (readonly [Deno.Signal, number])[] = [
  ["SIGINT", 130],
  ...(Deno.build.os === "windows" ? [] : [["SIGTERM", 143], ["SIGHUP", 129]] as const),
];

for (const [signal, expected] of signals) {
  Deno.test(`normkit convert that ${signal} ends leaves nothing, and says so as JSON`, () =>
    inFolder(async (folder) => {
      const { child, done } = await startConverter(folder);
      child.kill(signal);
      const { code, stdout } = await done;
      assertEquals(code, expected);
      const { error } = JSON.parse(new TextDecoder().decode(stdout));
      assertEquals(error, { kind: "failed", code: expected, message: `Ended by ${signal}` });
      assertEquals(namesIn(folder), []);
    }));
}

Deno.test("normkit logits refuses what exists: the model's weights, links and devices, under any name", () =>
  inFolder(async (folder) => {
    const model = `${folder}/model`;
    await Deno.mkdir(model);
    for (const name of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${gpt2}/${name}`, `${model}/${name}`);
    }
    await Deno.symlink(model, `${folder}/alias`);
    await Deno.symlink("nowhere", `${folder}/dead`);
    const before = await Deno.readFile(`${model}/model.safetensors`);
    const outs = ["model/model.safetensors", "alias/model.safetensors", "model/", "alias", "dead"]
      .map((name) => `${folder}/${name}`);
    const devices = Deno.build.os === "windows" ? [] : ["/dev/null"];
    for (const out of [...outs, ...devices]) {
      const args = ["logits", model, "--tokens", "1", "--out", out, ...onCpu, "--json"];
      const { code, out: said } = await runHere(...args);
      assertEquals([code, JSON.parse(said).error.kind], [3, "refused"], out);
      assertStringIncludes(JSON.parse(said).error.message, "it exists already");
    }
    const made = await runHere("convert", model, `${folder}/dead`, "--to", "pre-ln", "--json");
    assertEquals(made.code, 3);
    assertEquals(await Deno.readFile(`${model}/model.safetensors`), before);
    assertEquals(namesIn(folder), ["alias", "dead", "model"]);
    assertEquals(namesIn(model), ["config.json", "model.safetensors"]);
  }));

Deno.test("normkit convert that is killed at ten random moments leaves no folder or a complete one", async () => {
  const random = new Random(5, "moments");
  let [left, absent] = [0, 0];
  // how long one takes from the first file to its end
  let length = 0;
  let complete: string[] = [];
  await inFolder(async (folder) => {
    const { done } = await startConverter(folder);
    const start = performance.now();
    assertEquals((await done).code, 0);
    length = performance.now() - start;
    complete = namesIn(`${folder}/made`);
  });
  for (let round = 0; round < 10; round++) {
    await inFolder(async (folder) => {
      const { child, done } = await startConverter(folder);
      await pause(random.uniform() * length * 1.1);
      try {
        child.kill("SIGKILL");
      } catch (error) {
        assert(error instanceof TypeError, `${error}`); // it has ended by itself
      }
      await done;
      const names = namesIn(folder);
      if (!names.includes("made")) {
        assertEquals(names, [underWay(folder)!]);
        absent++;
        if (Deno.build.os === "windows") return; // it cannot lock a folder: what is left stays
        const args = ["--to", "pre-ln", "--no-verify", "--json"];
        assertEquals((await runHere("convert", gpt2, `${folder}/next`, ...args)).code, 0);
        assertEquals(namesIn(folder), ["next"]); // what the killed one left is gone
        return;
      }
      assertEquals(names, ["made"]);
      assertEquals(namesIn(`${folder}/made`), complete);
      assertEquals((await runHere("verify", gpt2, `${folder}/made`, ...quick)).code, 0);
      left++;
    });
  }
  // a machine that is slow at first and fast later sees only the earliest moments
  assert(absent >= 1 && left + absent === 10, `${absent} without a folder, ${left} with one`);
});

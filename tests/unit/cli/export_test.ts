// `normkit export`: every golden model as GPT-2, Llama and ONNX, with its logits or the reason, from folders that were converted too.

import { fromBinary } from "@bufbuild/protobuf";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ModelProtoSchema } from "onnx-buf";
import { targets } from "../../../lib/convert/convert.ts";
import { saveModel } from "../../../lib/convert/save.ts";
import { convertedNormsOf } from "../../../lib/families/converted_norms.ts";
import { openModel } from "../../../lib/families/open.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runHere } from "../../support/cli.ts";
import {
  assertOutputs,
  goldenFolder,
  goldenNames,
  goldenOf,
  outputsOf,
} from "../../support/golden_models.ts";
import { normkitModel, small } from "../../support/normkit_model.ts";
import { inFolder } from "../checkpoint/files.ts";
import { expectedOf } from "../export/golden.ts";
import { runOnnx } from "../export/onnx_runtime.ts";

/** Those that are GPT-2 or Llama but for names, orders and norms; all others lack something by name. */
const same = {
  gpt2: ["gpt2", "gpt2-untied", "opt"],
  llama: ["llama", "olmo", "qwen2"],
} as const;
const labels = { gpt2: "GPT-2", llama: "Llama" } as const;

for (const form of ["gpt2", "llama"] as const) {
  Deno.test(`normkit export --as ${form} writes a model with the same logits, or says what has no place there`, () =>
    inFolder(async (folder) => {
      const written: string[] = [];
      for (const name of goldenNames) {
        const out = `${folder}/${name}`;
        const args = ["export", goldenFolder(name), out, "--as", form, "--no-verify", "--json"];
        const { code, out: said } = await runHere(...args);
        if (code !== 0) {
          const { kind, message } = JSON.parse(said).error;
          assertEquals(kind, "refused", name);
          assertMatch(message, new RegExp(`^Cannot write this .+ model as ${labels[form]}: .+`));
          continue;
        }
        written.push(name);
        using made = await openModel(out);
        assertEquals([made.family.id, convertedNormsOf(made.config)], [form, undefined]);
        const { inputs, expected } = await goldenOf(name);
        assertOutputs(await outputsOf(float64, made, inputs), expected, 1e-6, name);
      }
      assertEquals(same[form].filter((name) => !written.includes(name)), []);
    }));
}

Deno.test("normkit export takes what was converted back to the norms of the form", () =>
  inFolder(async (folder) => {
    const own = `${folder}/own`;
    await saveModel(own, normkitModel({ ...small, bias: false }), { dtype: "F32" });
    const quick = ["--backend", "cpu", "--sequences", "1", "--json"];
    const cases = [
      ["own", own, "gpt2"],
      ["opt", goldenFolder("opt"), "gpt2"],
      ["olmo", goldenFolder("olmo"), "llama"],
    ] as const;
    for (const [name, path, form] of cases) {
      for (const to of targets) {
        const [converted, out] = [`${folder}/${name}-${to}`, `${folder}/${name}-${to}-${form}`];
        const made = ["convert", path, converted, "--to", to, "--no-verify"];
        assertEquals((await runHere(...made)).code, 0);
        const args = ["export", converted, out, "--as", form, ...quick];
        const again = await runHere(...args);
        assertEquals([again.code, again.err], [0, ""], again.out);
        const same = await runHere("verify", path, out, ...quick);
        assertEquals(same.code, 0, `${path} to ${to} to ${form}: ${same.err}`);
      }
    }
  }));

for (const operator of [undefined, "SimplifiedLayerNormalization"]) {
  Deno.test(`normkit export --as onnx writes a converted model${operator ? ` with ${operator}` : ""}`, () =>
    inFolder(async (folder) => {
      const [converted, out] = [`${folder}/rms`, `${folder}/onnx`];
      const made = ["convert", goldenFolder("gpt2"), converted, "--to", "pre-rmsnorm"];
      assertEquals((await runHere(...made, "--no-verify")).code, 0);
      const by = operator === undefined ? [] : ["--rms-operator", operator];
      assertEquals((await runHere("export", converted, out, "--as", "onnx", ...by)).code, 0);
      const bytes = await Deno.readFile(`${out}/model.onnx`);
      const { graph } = fromBinary(ModelProtoSchema, bytes);
      const norms = new Set(
        graph!.node.map(({ opType }) => opType).filter((of) => /Norm/.test(of)),
      );
      assertEquals([...norms], [operator ?? "RMSNormalization"]);
      const { expected } = await goldenOf("gpt2");
      const { logits } = await runOnnx(bytes, await expectedOf("gpt2"));
      assertOutputs({ logits: logits! }, expected, 1e-5, "in onnxruntime");
    }));
}

Deno.test("normkit export refuses to write nothing, and an operator where there is none", async () => {
  const words = ["export", goldenFolder("gpt2"), "out"];
  const cases: readonly (readonly [words: readonly string[], says: string])[] = [
    [[], "Cannot export to nothing: --as onnx|gpt2|llama"],
    [["--as", "safetensors"], "Cannot export to nothing"],
    [["--as", "gpt2", "--rms-operator", "RMSNormalization"], "it is of --as onnx"],
    [["--as", "onnx", "--rms-operator", "RMSNorm"], "it must be one of RMSNormalization, Simpl"],
  ];
  for (const [more, says] of cases) {
    const { code, err } = await runHere(...words, ...more);
    assertEquals(code, 2);
    assertStringIncludes(err, says);
  }
});

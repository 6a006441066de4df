// `deno task test:transformers`: what normkit writes in a family's own form loads in transformers, with no tensor missing or
// unexpected, and with equal outputs.

import { assert, assertEquals } from "@std/assert";
import { saveModel } from "../../lib/convert/save.ts";
import { openModel } from "../../lib/families/open.ts";
import { runHere } from "../support/cli.ts";
import { goldenFolder, layerNormNames } from "../support/golden_models.ts";
import { changedModel, type Changes } from "../support/tensor_rows.ts";
import { inFolder } from "../unit/checkpoint/files.ts";
import { withText, writeGpt2 } from "../unit/cli/tiny_runs.ts";
import { checkPairs, type Pair } from "./python.ts";

/** Runs a command that writes a folder, which must not fail. */
async function write(...args: string[]): Promise<void> {
  const { code, out, err } = await runHere(...args, "--json");
  assertEquals(code, 0, `${args.join(" ")}: ${err}${out}`);
}

/** Golden models that are another architecture but for names and norms. */
const exported = { gpt2: ["gpt2", "gpt2-untied", "opt"], llama: ["llama", "olmo", "qwen2"] };

Deno.test("golden models converted to pre-ln, and exported as GPT-2 and Llama, are the same in transformers", (t) =>
  inFolder(async (folder) => {
    const pairs: Pair[] = [];
    for (const name of layerNormNames) {
      const [source, out] = [goldenFolder(name), `${folder}/${name}`];
      await write("convert", source, out, "--to", "pre-ln", "--no-verify");
      pairs.push([source, out]);
    }
    for (const [form, names] of Object.entries(exported)) {
      for (const name of names) {
        const [source, out] = [goldenFolder(name), `${folder}/${name}-as-${form}`];
        await write("export", source, out, "--as", form, "--no-verify");
        pairs.push([source, out]);
      }
    }
    for (const report of await checkPairs(pairs)) {
      await t.step(report.converted.slice(folder.length + 1), () => {
        assertEquals(report.problems, {});
        assert(report.passed, JSON.stringify(report.relative));
      });
    }
  }));

Deno.test("a fine-tuned folder has the names, shapes, dtypes and configuration of its source", () =>
  withText(async (folder) => {
    const [source, out] = [await writeGpt2(folder), `${folder}/out`];
    const options = "--steps 2 --context 8 --rows 2 --rate 0.01 --backend cpu".split(" ");
    await write(
      "train",
      "--from",
      source,
      ...options,
      "--text",
      `${folder}/text.txt`,
      "--out",
      out,
    );
    const [report] = await checkPairs([[source, out]], "--trained");
    assertEquals([report!.problems, report!.other], [{}, []]);
  }));

const gain = "transformer.ln_f.weight";
const spoiled: Readonly<Record<string, Changes>> = {
  missing_keys: { without: [gain] },
  unexpected_keys: {
    more: { "lm_head.bias": { dtype: "F32", shape: [40], values: new Float64Array(40) } },
  },
  mismatched_keys: {
    more: { [gain]: { dtype: "F32", shape: [23], values: new Float64Array(23) } },
  },
  outputs: { number: (value, name, at) => name === gain && at === 0 ? 1.01 * value : value },
};

Deno.test("a folder with a tensor missing, too many, of another shape or with another number is noticed", (t) =>
  inFolder(async (folder) => {
    const source = goldenFolder("gpt2");
    for (const [fault, change] of Object.entries(spoiled)) {
      using model = await openModel(source);
      await saveModel(`${folder}/${fault}`, changedModel(model, change));
    }
    const pairs = Object.keys(spoiled).map((fault): Pair => [source, `${folder}/${fault}`]);
    for (const { converted, problems, passed } of await checkPairs(pairs)) {
      const fault = converted.slice(folder.length + 1);
      await t.step(fault, () => {
        assertEquals(Object.keys(problems), fault === "outputs" ? [] : [fault]);
        assertEquals(passed, false);
      });
    }
  }));

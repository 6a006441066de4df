// What lies beside a converted model, and what its tensors are called in the file: a verdict on the folder, not on its numbers alone.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { cp } from "node:fs/promises";
import { planCopy } from "../../../lib/checkpoint/copy.ts";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { writeSafetensors } from "../../../lib/checkpoint/writer.ts";
import { runHere } from "../../support/cli.ts";
import { goldenFolder } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";

const write = (name: string, text: string) => (folder: string): Promise<void> =>
  Deno.writeTextFile(`${folder}/${name}`, text);
const remove = (name: string) => (folder: string): Promise<void> =>
  Deno.remove(`${folder}/${name}`);

/** Writes the tensors of a folder under other names. */
const named = (change: (name: string) => string) => async (folder: string): Promise<void> => {
  const path = `${folder}/model.safetensors`;
  {
    using file = await openCheckpoint(path);
    const planned = file.names.map((name) => ({ ...planCopy(file, name), name: change(name) }));
    await writeSafetensors(`${folder}/other`, planned, { metadata: { format: "pt" } });
  }
  await Deno.rename(`${folder}/other`, path);
};

/** What is done to a folder, and what the certificate says then; nothing where that does not matter. */
const tamperings: readonly (readonly [act: (folder: string) => Promise<void>, said?: string])[] = [
  [write("tokenizer.json", "{ }"), "companions: tokenizer.json is another"],
  [remove("tokenizer.json"), "companions: tokenizer.json is missing"],
  [write("2_Dense/config.json", "[]"), "companions: 2_Dense/config.json is another"],
  [write("modeling_gpt2.py", "1"), "companions: modeling_gpt2.py is additional"],
  [write("generation_config.json", "{}"), "companions: generation_config.json is additional"],
  [write("adapter_config.json", "{}"), "companions: adapter_config.json is additional"],
  [write("modeling.json", "{}"), "companions: modeling.json is another"],
  [remove("modeling.json"), "companions: modeling.json is missing"],
  [write("README.md", "mine")],
  [write("LICENSE", "mine")],
  [write("certificate.json", "{}")],
  [named((name) => `module.${name}`), "tensors: mended (names: without module.)"],
  [named((name) => `_orig_mod.${name}`), "tensors: mended (names: without _orig_mod.)"],
  [
    async (folder) => {
      await Deno.rename(`${folder}/model.safetensors`, `${folder}/model.fp16.safetensors`);
    },
    "tensors: mended (weights: model.fp16.safetensors, in the place of model.safetensors)",
  ],
];

Deno.test("normkit verify notices what lies otherwise beside a folder's weights, and other names in it", async () => {
  await inFolder(async (folder) => {
    const [source, made, changed] = ["source", "made", "changed"].map((name) =>
      `${folder}/${name}`
    );
    await cp(goldenFolder("gpt2"), source!, { recursive: true });
    await Deno.mkdir(`${source}/2_Dense`);
    for (const name of ["tokenizer.json", "README.md", "2_Dense/config.json"]) {
      await Deno.writeTextFile(`${source}/${name}`, "{}");
    }
    await runHere("convert", source!, made!, "--to", "pre-rmsnorm", "--no-verify");
    for (const [act, said] of [[() => Promise.resolve()] as const, ...tamperings]) {
      await cp(made!, changed!, { recursive: true });
      await act(changed!);
      const { code, out, err } = await runHere(
        ...["verify", source!, changed!, "--sequences", "1", "--backend", "cpu", "--json"],
      );
      const failed =
        (JSON.parse(out).checks as { name: string; measured: string; passed: boolean }[])
          .filter(({ passed }) => !passed).map(({ name, measured }) => `${name}: ${measured}`);
      assertEquals(failed, said === undefined ? [] : [said], err);
      assertEquals(code, said === undefined ? 0 : 1);
      await Deno.remove(changed!, { recursive: true });
    }
  });
});

Deno.test("normkit verify reads of a folder that another version made no description", async () => {
  await inFolder(async (folder) => {
    const made = `${folder}/made`;
    await runHere("convert", goldenFolder("gpt2"), made, "--to", "pre-rmsnorm", "--no-verify");
    const config = await Deno.readTextFile(`${made}/config.json`);
    await Deno.writeTextFile(`${made}/config.json`, config.replace('"0.1.0"', '"0.0.1"'));
    await Deno.writeTextFile(`${made}/modeling.json`, "{}");
    const { code, out } = await runHere("verify", goldenFolder("gpt2"), made, "--backend", "cpu");
    assertEquals(code, 0);
    assertStringIncludes(out, "identical (1 ulp (another version made it))");
  });
});

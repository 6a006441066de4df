// What lies beside the weights of a model and comes along.

import { assertEquals } from "@std/assert";
import { copyCompanions, lostCompanions } from "../../../lib/convert/companions.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

Deno.test("copyCompanions() copies what a conversion does not make anew", async () => {
  await inFolder(async (folder) => {
    const [source, made] = [`${folder}/source`, `${folder}/made`];
    for (
      const inner of ["onnx", "1_Pooling", "2_Dense", "additional_chat_templates", "3_Normalize"]
    ) {
      await Deno.mkdir(`${source}/${inner}`, { recursive: true });
    }
    await Deno.mkdir(made);
    const kept = [
      "1_Pooling/config.json",
      "2_Dense/config.json",
      "2_Dense/model.safetensors",
      "LICENSE",
      "README.md",
      "additional_chat_templates/tool_use.jinja",
      "chat_template.jinja",
      "generation_config.json",
      "merges.txt",
      "modules.json",
      "tokenizer.json",
      "tokenizer.model",
    ];
    const remade = [
      ".gitattributes",
      "2_Dense/.gitattributes",
      "adapter_config.json",
      "certificate.json",
      "certificate.txt",
      "config.json",
      "flax_model.msgpack",
      "model-00001-of-00002.safetensors",
      "model.gguf",
      "model.onnx",
      "model.onnx_data",
      "model.safetensors",
      "model.safetensors.index.fp16.json",
      "model.safetensors.index.json",
      "onnx/model.json",
      "openvino_model.xml",
      "pytorch_model.bin",
      "pytorch_model.bin.index.json",
      "quantize_config.json",
      "rust_model.ot",
      "tf_model.h5",
    ];
    for (const name of [...kept, ...remade]) await Deno.writeTextFile(`${source}/${name}`, name);
    // as in the cache of a hub, and what is no file
    await Deno.rename(`${source}/LICENSE`, `${folder}/blob`);
    await Deno.symlink(`${folder}/blob`, `${source}/LICENSE`);
    await Deno.symlink(`${folder}/none`, `${source}/gone.txt`);
    if (Deno.build.os !== "windows") await Deno.symlink("/dev/zero", `${source}/endless.txt`);
    assertEquals(await copyCompanions(source, made), kept);
    const names = ["1_Pooling", "2_Dense", "additional_chat_templates"];
    assertEquals(namesIn(made), [...names, ...kept.filter((name) => !name.includes("/"))].sort());
    assertEquals(namesIn(`${made}/2_Dense`), ["config.json", "model.safetensors"]);
    assertEquals((await Deno.lstat(`${made}/LICENSE`)).isFile, true);
    assertEquals(await lostCompanions(source), ["gone.txt"]);
    assertEquals(await Deno.readTextFile(`${made}/merges.txt`), "merges.txt");
  });
});

// Which of the files that a user gives to the page that converts are the model.

import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  linksLeftOut,
  modelIn,
  withoutPlace,
} from "../../../../lib/workshop/web/convert/model_in.ts";

Deno.test("the model among files is a folder with a configuration, or the one run", () => {
  const cases: readonly [readonly string[], string][] = [
    [["gpt2/model.safetensors", "gpt2/config.json"], "gpt2"],
    [["config.json", "model.safetensors"], ""],
    [["all/b/deep/config.json", "all/a/config.json"], "all/a"],
    [["runs/pre-ln.jsonl", "runs/pre-ln.json", "runs/pre-ln.safetensors"], "runs/pre-ln"],
    [["pre-ln.safetensors", "pre-ln.json"], "pre-ln"],
    [["runs/a.json", "runs/a.safetensors", "runs/b.json", "runs/b.safetensors"], "runs"],
    [["gpt2/model.safetensors"], "gpt2"],
    [["model.safetensors"], ""],
    [[], ""],
  ];
  for (const [paths, model] of cases) assertEquals(modelIn(paths), model, paths.join(" "));
});

Deno.test("of a folder of Hugging Face's cache whose links a browser left out it is said what to drop instead", () => {
  const cache = "models--openai-community--gpt2";
  const blobs = ["0a".repeat(20), "b1".repeat(32)].map((name) => `${cache}/blobs/${name}`);
  assertStringIncludes(linksLeftOut([`${cache}/refs/main`, ...blobs])!, "cp -rL");
  const named = `${cache}/snapshots/607a30d/config.json`; // a system without links has the files themselves
  assertEquals(linksLeftOut([...blobs, named]), undefined);
  for (const paths of [[], ["blobs/readme"], ["model/config.json"], ["model.safetensors"]]) {
    assertEquals(linksLeftOut(paths), undefined);
  }
});

Deno.test("messages name files as the user gave them", () => {
  const cases = [
    ["Cannot read /model-1/gpt2/config.json: at 3", "Cannot read gpt2/config.json: at 3"],
    ["Cannot open /model-1: no config.json", "Cannot open the given files: no config.json"],
    ['"/model-1/a" and /model-1/b', '"a" and b'],
    ["Cannot read /model-1/x/model-1/a", "Cannot read x/model-1/a"],
    ["/model-12/a and my/model-1/a", "/model-12/a and my/model-1/a"],
  ] as const;
  for (const [text, words] of cases) assertEquals(withoutPlace(text, "/model-1"), words);
});

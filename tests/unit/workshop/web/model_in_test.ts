// Which of the files that a user gives to the page that converts are the model.

import { assertEquals } from "@std/assert";
import { modelIn } from "../../../../lib/workshop/web/convert/model_in.ts";

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

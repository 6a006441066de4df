// `normkit train --from`: a folder is trained into a new one, and nothing is replaced or guessed.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { openCheckpoint } from "../../../lib/checkpoint/reader.ts";
import { childOf, runHere } from "../../support/cli.ts";
import { goldenFolder } from "../../support/golden_models.ts";
import { namesIn } from "../checkpoint/files.ts";
import { tinyTraining, withText, writeGpt2 } from "./tiny_runs.ts";

const words = (folder: string, ...more: string[]): string[] => [
  ..."train --steps 3 --context 8 --rows 2 --rate 0.01 --backend cpu".split(" "),
  ...["--text", `${folder}/text.txt`, "--out", `${folder}/out`, ...more],
];

const written = [
  ...["config.json", "model.safetensors", "tokenizer.json", "training.json", "training.jsonl"],
];

Deno.test("normkit train --from writes a folder that logits, generate and train --from read", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const { code, out, err } = await runHere(...words(folder, "--from", source, "--json"));
    assertEquals(code, 0, err);
    const report = JSON.parse(out);
    assertEquals([report.folder, report.steps], [`${folder}/out`, 3]);
    assertEquals(namesIn(`${folder}/out`), written);
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/out/training.json`));
    assertEquals([manifest.source, manifest.variant], [source, "pre-ln"]);
    using before = await openCheckpoint(source);
    using after = await openCheckpoint(`${folder}/out`);
    assertEquals(after.names, before.names);
    const text = await runHere(
      ...["generate", `${folder}/out`, "--backend", "cpu", "--tokens", "3", "--json"],
    );
    assertEquals(text.code, 0, text.err);
    const again = words(folder, "--from", `${folder}/out`, "--json");
    assertEquals((await runHere(...again, "--out", `${folder}/second`)).code, 0);
    assertEquals(namesIn(`${folder}/second`), written);
  }));

Deno.test("normkit train --from a run gives a folder with its configuration", () =>
  withText(async (folder) => {
    assertEquals((await runHere(...tinyTraining(folder, "pre-ln+gpas", "--json"))).code, 0);
    const from = `${folder}/runs/pre-ln+gpas`;
    const { code, err } = await runHere(...words(folder, "--from", from, "--json"));
    assertEquals(code, 0, err);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/out/config.json`));
    assertEquals([config.model_type, config.residual], ["normkit", "pre-ln+gpas"]);
  }));

Deno.test("normkit train --from refuses what does not go with it, by name, and writes nothing", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const from = ["--from", source];
    const cases: readonly (readonly [string[], number, string])[] = [
      [words(folder, ...from, "--width", "8"), 2, "--width with --from"],
      [words(folder, ...from, "--norm", "rms"), 2, "--norm with --from"],
      [words(folder, ...from, "--force"), 2, "--force with --from"],
      [words(folder, ...from, "post-ln"), 2, "post-ln with --from"],
      [["train", ...from, "--out", `${folder}/out`], 2, "without --text"],
      [["train", ...from, "--text", `${folder}/text.txt`], 2, "without --out"],
      [words(folder, ...from, "--context", "25"), 3, "length = 25"],
      [words(folder, ...from, "--dropout", "1"), 3, "dropout = 1"],
      [words(folder, ...from, "--out", source), 3, "it exists already"],
      [words(folder, "--from", `${folder}/nothing`), 3, "Cannot find a model"],
      [words(folder, "--from", goldenFolder("gpt2")), 3, "there is no"],
    ];
    for (const [args, expected, message] of cases) {
      const { code, err } = await runHere(...args);
      assertEquals(code, expected, err);
      assertStringIncludes(err, message);
      assertEquals(namesIn(folder), ["source", "text.txt"]);
    }
  }));

Deno.test("normkit train --from keeps the last good parameters when the loss is not finite, and exits with 1", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const args = words(folder, "--from", source, "--json", "--rate", "1e38", "--steps", "20");
    const { code, out } = await runHere(...args);
    assertEquals([code, JSON.parse(out).stopped.reason], [1, "non-finite"]);
    assertEquals(namesIn(`${folder}/out`), written);
  }));

Deno.test("normkit train --from writes what it has at Ctrl-C", () =>
  withText(async (folder) => {
    const source = await writeGpt2(folder);
    const args = words(folder, "--from", source, "--steps", "100000000");
    const child = childOf({}, ...args).spawn();
    const out = new Response(child.stdout).text();
    let err = "";
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) {
      if (err === "" || !err.includes("GPT-2")) {
        err += piece;
        if (err.includes("GPT-2")) child.kill("SIGINT"); // the bar
      }
    }
    assertEquals((await child.status).code, 0, err);
    assertStringIncludes(await out, `Wrote the model to ${folder}/out`);
    assertEquals(namesIn(`${folder}/out`), written);
    assertEquals(namesIn(`${folder}/out.unfinished`), ["command.json", "lock", "training"]);
  }));

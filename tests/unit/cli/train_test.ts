// `normkit train` and `generate`: what they leave, and that nothing is lost or replaced without a word.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { exists } from "../../../lib/platform/files.ts";
import { openModel } from "../../../lib/families/open.ts";
import { readRun } from "../../../lib/train/mod.ts";
import { childOf, runChild, runHere, startTraining } from "../../support/cli.ts";
import { namesIn } from "../checkpoint/files.ts";
import { targets } from "../../../lib/convert/convert.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { goldenFolder, openGolden, outputsOf } from "../../support/golden_models.ts";
import { inFolder } from "../checkpoint/files.ts";
import { tinyTraining, withText } from "./tiny_runs.ts";

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const filesOf = (variant: string): string[] =>
  ["json", "jsonl", "safetensors"].map((ending) => `${variant}.${ending}`);

Deno.test("normkit train --json prints one object, writes the run, and generate continues from it", () =>
  withText(async (folder) => {
    const trained = await runChild(...tinyTraining(folder, "pre-ln+gpas", "--json"));
    assertEquals([trained.code, trained.err], [0, ""]);
    const report = JSON.parse(trained.out);
    const run = `${folder}/runs/pre-ln+gpas`;
    assertEquals([report.out, report.runs.length], [`${folder}/runs`, 1]);
    assertEquals([report.runs[0].variant, report.runs[0].run], ["pre-ln+gpas", run]);
    assert(report.runs[0].heldOut.nats > 0);
    assertEquals(namesIn(`${folder}/runs`), filesOf("pre-ln+gpas"));
    const { manifest, rows } = await readRun(`${folder}/runs`, "pre-ln+gpas");
    assertEquals(rows.filter(({ kind }) => kind === "step").length, 4);
    assert(rows.some(({ kind }) => kind === "gate") && rows.some(({ kind }) => kind === "stream"));
    assertMatch(manifest.command!, /^normkit train --depth 2/);

    const written = "--backend cpu --prompt Call --tokens 12 --temperature 0".split(" ");
    const streamed = await runChild("generate", run, ...written);
    assertEquals(streamed.code, 0, streamed.err);
    assertEquals(streamed.out.length, "Call".length + 12 + 1);
    const once = await runHere("generate", run, ...written, "--json");
    assertEquals(`Call${JSON.parse(once.out).text}\n`, streamed.out);
    const foreign = await runHere("generate", run, "--backend", "cpu", "--prompt", "€");
    assertEquals(foreign.code, 3);
    assertStringIncludes(foreign.err, '"€"');
  }));

Deno.test("normkit train without --json shows progress and says where it wrote", () =>
  withText(async (folder) => {
    const { code, out, err } = await runChild(...tinyTraining(folder));
    assertEquals(code, 0, err);
    assertStringIncludes(out, `Wrote 1 run to ${folder}/runs`);
    assertStringIncludes(err, "100%");
  }));

Deno.test("normkit train --steps 0 evaluates, and its bar predicts no time", () =>
  withText(async (folder) => {
    const { code, err } = await runChild(...tinyTraining(folder, "--steps", "0"));
    assertEquals(code, 0, err);
    assertMatch(err, /100% 0\/0 held out [\d.]+/);
    assertEquals(err.includes("left"), false);
  }));

Deno.test("normkit train exits with 1 and keeps the run when the loss is not finite", () =>
  withText(async (folder) => {
    const args = tinyTraining(folder, "--rate", "1e38", "--steps", "20");
    const { code, out, err } = await runHere(...args, "--json");
    assertEquals(code, 1, err);
    assertStringIncludes(err, "non-finite");
    assertEquals(JSON.parse(out).runs[0].stopped.reason, "non-finite");
    assertEquals(
      (await readRun(`${folder}/runs`, "pre-ln")).manifest.stopped?.reason,
      "non-finite",
    );
  }));

Deno.test("normkit train refuses a folder with such a run, whatever its settings, before it trains", () =>
  withText(async (folder) => {
    const args = tinyTraining(folder, "--json");
    assertEquals((await runHere(...args)).code, 0);
    const before = await readRun(`${folder}/runs`, "pre-ln");
    for (const more of [[], ["--seed", "1"], ["--steps", "2"], ["post-ln"]]) {
      const { code, out } = await runHere(...args, "pre-ln", ...more);
      assertEquals(code, 3);
      assertStringIncludes(JSON.parse(out).error.message, "is there already; --force replaces it");
      assertEquals(await readRun(`${folder}/runs`, "pre-ln"), before);
      assertEquals(namesIn(`${folder}/runs`), filesOf("pre-ln"));
    }
    assertEquals((await runHere(...args, "post-ln")).code, 0);
    assertEquals((await runHere(...args, "--seed", "1", "--force")).code, 0);
    assertEquals((await readRun(`${folder}/runs`, "pre-ln")).manifest.settings.seed, 1);
    await Deno.remove(`${folder}/runs/pre-ln.json`); // what a killed process leaves
    assertEquals((await runHere(...args)).code, 3);
  }));

Deno.test("normkit train refuses a folder that it cannot write into, before it trains", () =>
  withText(async (folder) => {
    for (const out of ["text.txt", "text.txt/runs"]) {
      const args = tinyTraining(folder, "--steps", "1000000", "--out", `${folder}/${out}`);
      const { code, err } = await runHere(...args);
      assertEquals(code, 3);
      assertStringIncludes(err, `Cannot write into the folder ${folder}/${out}: `);
    }
    assertEquals(namesIn(folder), ["text.txt"]);
  }));

Deno.test("normkit train --save-every 0 is refused by that name, with --from too", () =>
  withText(async (folder) => {
    const from = ["--from", "nowhere", "--out", `${folder}/tuned`, "--text", `${folder}/text.txt`];
    for (const words of [tinyTraining(folder), ["train", ...from]]) {
      const { code, err } = await runHere(...words, "--save-every", "0");
      assertEquals([code, namesIn(folder)], [2, ["text.txt"]], err);
      assertStringIncludes(err, "Cannot use --save-every = 0: it must be a whole number ≥ 1");
    }
  }));

Deno.test("normkit train that is refused for its settings leaves no folder", () =>
  withText(async (folder) => {
    const args = tinyTraining(folder, "--heads", "3", "--out", `${folder}/a/b/runs`);
    assertEquals((await runHere(...args)).code, 3);
    assertEquals(namesIn(folder), ["text.txt"]);
  }));

const endings: readonly (readonly [Deno.Signal, number])[] = Deno.build.os === "windows"
  ? [["SIGINT", 0]]
  : [["SIGINT", 0], ["SIGTERM", 143], ["SIGHUP", 129]];

/** A training without end that has begun; `ended` gives its exit code and what it said. */
function startEndless(folder: string, env: Record<string, string> = {}) {
  const args = tinyTraining(folder, "pre-ln", "post-ln", "--steps", "100000000");
  return startTraining(env, ...args);
}

for (const [signal, exit] of endings) {
  Deno.test(`normkit train writes what it has at ${signal}, starts no other, and exits with ${exit}`, () =>
    withText(async (folder) => {
      const { child, ended } = await startEndless(folder);
      child.kill(signal);
      const { code, out, err } = await ended();
      assertEquals(code, exit, err);
      assertStringIncludes(err, "a second Ctrl-C ends at once");
      assertStringIncludes(err, `normkit train --resume ${folder}/runs goes on with it`);
      assertStringIncludes(out, `Wrote 1 run to ${folder}/runs`);
      assertEquals(namesIn(`${folder}/runs`), [...filesOf("pre-ln"), "unfinished"]);
      assertEquals((await readRun(`${folder}/runs`, "pre-ln")).manifest.stopped?.reason, "aborted");
    }));
}

Deno.test("normkit train that cannot write at its end saves the run elsewhere, says where, and exits with 1", () =>
  withText(async (folder) => {
    await Deno.mkdir(`${folder}/temporary`);
    const { child, ended } = await startEndless(folder, { TMPDIR: `${folder}/temporary` });
    await Deno.remove(`${folder}/runs`, { recursive: true });
    await Deno.writeTextFile(`${folder}/runs`, "no folder any more");
    child.kill("SIGINT");
    const { code, out, err } = await ended();
    assertEquals(code, 1, err);
    const [place] = namesIn(`${folder}/temporary`).filter((name) =>
      name.startsWith("normkit-run-")
    );
    const moved = `${folder}/temporary/${place}`;
    assertEquals(namesIn(moved), filesOf("pre-ln"));
    (await openModel(`${moved}/pre-ln`)).close();
    assertStringIncludes(err, `it is in ${moved} instead`);
    assertStringIncludes(out, "Wrote 0 runs");
    assertEquals(await Deno.readTextFile(`${folder}/runs`), "no folder any more");
  }));

Deno.test("normkit train --force that is killed leaves a run with its own parameters, or none", () =>
  withText(async (folder) => {
    const args = tinyTraining(folder, "--json", "--force", "--steps", "1");
    assertEquals((await runHere(...args)).code, 0);
    for (let round = 1; round <= 4; round++) {
      const child = childOf({}, ...args, "--seed", String(round)).spawn();
      const ended = child.output();
      const before = await Deno.readTextFile(`${folder}/runs/pre-ln.json`).catch(() => "");
      const manifest = (): string => {
        try {
          return Deno.readTextFileSync(`${folder}/runs/pre-ln.json`);
        } catch {
          return "gone";
        }
      };
      const states = new Set<string>();
      ended.then(() => states.add("ended"));
      while (!states.has("ended") && manifest() === before) await pause(0);
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended by itself */ }
      await ended;
      if (!await exists(`${folder}/runs/pre-ln.json`)) continue;
      const { settings } = (await readRun(`${folder}/runs`, "pre-ln")).manifest; // checks the hash
      assertEquals(settings.seed === round || manifest() === before, true);
    }
    assertEquals((await runHere(...args)).code, 0);
    assertEquals(namesIn(`${folder}/runs`), filesOf("pre-ln"));
  }));

Deno.test("normkit generate continues texts and tokens with the folder of a language model, converted too", () =>
  inFolder(async (folder) => {
    const model = `${folder}/model`;
    await Deno.mkdir(model);
    for (const file of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${goldenFolder("gpt2")}/${file}`, `${model}/${file}`);
    }
    const options = "--tokens 4 --temperature 0 --backend cpu".split(" ");
    const missing = await runHere("generate", model, ...options);
    assertEquals([missing.code, missing.err.includes("there is no")], [3, true], missing.err);

    using source = await openGolden("gpt2");
    const tokens = [3, 1, 4];
    for (let made = 0; made < 4; made++) {
      const { logits } = await outputsOf(float64, source, { tokens });
      const last = logits!.values.slice(-40);
      tokens.push(last.indexOf(Math.max(...last)));
    }
    const inNumbers = await runHere(
      "generate",
      model,
      "--prompt-tokens",
      "3,1,4",
      ...options,
      "--json",
    );
    assertEquals(JSON.parse(inNumbers.out).tokens, tokens.slice(3));
    assertEquals(JSON.parse(inNumbers.out).text, tokens.slice(3).map((id) => ` ${id}`).join(""));
    const both = ["--prompt", "w3", "--prompt-tokens", "3"];
    assertEquals((await runHere("generate", model, ...both)).code, 2);

    const vocab = Object.fromEntries(Array.from({ length: 40 }, (_, id) => [`w${id}`, id]));
    const words = { type: "WordLevel", vocab, unk_token: "w0" };
    const pre_tokenizer = { type: "WhitespaceSplit" };
    const open = { normalizer: null, post_processor: null, decoder: null };
    const tokenizer = { version: "1.0", added_tokens: [], ...open, pre_tokenizer, model: words };
    await Deno.writeTextFile(`${model}/tokenizer.json`, JSON.stringify(tokenizer));
    for (const to of targets) {
      const args = ["convert", model, `${folder}/${to}`, "--to", to, "--no-verify", "--json"];
      assertEquals((await runHere(...args)).code, 0);
    }
    for (const name of ["model", ...targets]) {
      const prompt = ["--prompt", "w3 w1 w4", "--json"];
      const { code, out, err } = await runHere(
        "generate",
        `${folder}/${name}`,
        ...options,
        ...prompt,
      );
      assertEquals(code, 0, err);
      const text: string = JSON.parse(out).text;
      assertEquals(text.split(/\s+/).filter(Boolean), tokens.slice(3).map((id) => `w${id}`), name);
    }
  }));

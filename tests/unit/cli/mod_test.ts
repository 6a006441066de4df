// The command line: how it is called, and what it says where it is called wrongly.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commands } from "../../../lib/cli/commands.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { cliFile, type Outcome, runChild, runHere } from "../../support/cli.ts";
import { goldenFolder } from "../../support/golden_models.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { tiny } from "./tiny_runs.ts";

Deno.test("normkit without a command says how it is used and exits with 2", async () => {
  const { code, out } = await runChild();
  assertEquals(code, 2);
  for (const word of ["doctor", "train", "generate", "--json", "--help", "Examples:"]) {
    assertStringIncludes(out, word);
  }
});

Deno.test("normkit --help and --version exit with 0", async () => {
  assertEquals((await runChild("--help")).code, 0);
  assertMatch((await runChild("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

for (const command of commands.keys()) {
  Deno.test(`normkit ${command} --help shows every option, and examples`, async () => {
    const { code, out } = await runHere(command, "--help");
    assertEquals(code, 0);
    for (const word of [`Usage: normkit ${command}`, "--json", "Examples:"]) {
      assertStringIncludes(out, word);
    }
    for (const option of Object.keys(commands.get(command)!.options)) {
      assertMatch(out, new RegExp(`(^| )--${option}\\b`, "m"));
    }
    for (const words of [[command, "-h"], ["help", command], [command, "--help", "--json"]]) {
      const other = await runHere(...words);
      assertEquals(other.code, 0, other.err);
      assertEquals(words.includes("--json") ? JSON.parse(other.out).help : other.out, out);
    }
  });
}

Deno.test("normkit answers with one JSON object without a command, for its version and its help", async () => {
  const none = await runHere("--json");
  assertEquals([none.code, JSON.parse(none.out).error.kind], [2, "usage"]);
  const unknown = await runHere("help", "trian", "--json");
  assertEquals([unknown.code, JSON.parse(unknown.out).error.code], [2, 2]);
  assertMatch(JSON.parse((await runHere("--version", "--json")).out).version, /^\d+\.\d+\.\d+$/);
  for (const words of [["--help", "--json"], ["help", "--json"], ["-h", "--json"]]) {
    assertStringIncludes(JSON.parse((await runHere(...words)).out).help, "Exit codes: 0 done, 1");
  }
});

const wrong: readonly (readonly [string, 2 | 3, readonly string[], readonly string[]])[] = [
  ["an unknown command", 2, ["trian"], ['"trian"', "doctor, train, watch, log, sweep, generate"]],
  ["an unknown option", 2, ["train", "--setps", "3"], ["--setps"]],
  ["a number that is none", 2, ["train", "--steps", "many"], ["--steps many", "number"]],
  ["an unknown variant", 2, ["train", "middle-ln"], ['"middle-ln"', "peri-ln"]],
  ["a variant named twice", 2, ["train", "pre-ln", "pre-ln"], ["pre-ln twice"]],
  ["an unknown norm", 2, ["train", "--norm", "batch"], ['"batch"', "layer, rms, crms"]],
  ["an unknown schedule", 2, ["train", "--schedule", "constructor"], ['"constructor"', "cosine"]],
  ["an unknown backend", 2, ["train", "--backend", "webgl"], ['"webgl"', "wasm"]],
  ["an empty folder", 2, ["train", "--out", ""], ['--out ""', "empty"]],
  ["an empty word", 2, ["inspect", ""], ['""', "empty"]],
  ["no run", 2, ["generate"], ["it takes MODEL"]],
  ["a learning rate of 0", 3, ["train", ...tiny, "--rate", "0"], ["= 0", "> 0"]],
  ["a negative rate", 3, ["train", ...tiny, "--rate", "-1"], ["= -1", "> 0"]],
  ["a negative rate in one word", 3, ["train", ...tiny, "--rate=-1"], ["= -1", "> 0"]],
  ["an infinite rate", 3, ["train", ...tiny, "--rate", "-Infinity"], ["-Infinity", "finite"]],
  ["a width that heads do not divide", 3, ["train", ...tiny, "--heads", "3"], ["3 heads"]],
  ["a missing text", 3, ["train", "--text", "nowhere.txt"], ["nowhere.txt", "no such file"]],
  ["a missing run", 3, ["generate", "nowhere/pre-ln"], ["nowhere/pre-ln.json"]],
];
for (const [what, expected, args, words] of wrong) {
  Deno.test(`normkit exits with ${expected} for ${what}, and writes nothing`, () =>
    inFolder(async (folder) => {
      const where = args.includes("--out") || args[0] !== "train"
        ? []
        : ["--out", `${folder}/runs`];
      const { code, out, err } = await runHere(...args, ...where);
      assertEquals([code, out.replace(/^Training .*/, "")], [expected, ""], err);
      for (const word of words) assertStringIncludes(err, word);
      assertEquals(err.includes("--help"), expected === 2);
      const json = await runHere(...args, ...where, "--json");
      const { error } = JSON.parse(json.out);
      assertEquals([json.code, error.code], [expected, expected]);
      assertEquals(error.kind, expected === 2 ? "usage" : "refused");
      for (const word of words) assertStringIncludes(error.message, word);
      assertEquals(namesIn(folder), []);
    }));
}

Deno.test("normkit doctor --json names every backend, versions and the choice, without noise", async () => {
  const { code, out, err } = await runChild("doctor", "--json");
  assertEquals([code, err], [0, ""]);
  const report = JSON.parse(out);
  assertEquals(report.findings.map(({ name }: { name: string }) => name), [
    "webgpu",
    "wasm",
    "cpu",
    "python3",
  ]);
  assertEquals(report.versions.deno, Deno.version.deno);
  assert(["webgpu", "wasm"].includes(report.auto.name));
  for (const { ok, detail } of report.findings) {
    assert(ok || detail.length > 20, "what is missing comes with a remedy");
  }
});

/** Runs a command with no permission but to read some folders. */
async function runConfined(read: readonly string[], ...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", `--allow-read=${read}`, cliFile, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test("a permission that is missing is named, without a stack trace", () =>
  inFolder(async (folder) => {
    const model = goldenFolder("gpt2");
    const cases = [
      [[checkout], ["inspect", "/nowhere"], "/nowhere/config.json: Deno may not (--allow-read)"],
      [
        [checkout, folder],
        ["convert", model, `${folder}/out`, "--to", "pre-rmsnorm"],
        `${folder}: Deno may not (--allow-write)`,
      ],
    ] as const;
    for (const [read, words, message] of cases) {
      const { code, out, err } = await runConfined(read, ...words, "--json");
      const { error } = JSON.parse(out);
      assertEquals([code, error.code, error.kind], [3, 3, "refused"]);
      assertStringIncludes(error.message, message);
      assertEquals(/^\s+at |Uncaught/m.test(err), false, err);
    }
    const { code, out } = await runConfined([checkout], "doctor", "--json");
    assertEquals(code, 0);
    const { findings } = JSON.parse(out);
    assertStringIncludes(findings.at(-1).detail, "--allow-run");
  }));

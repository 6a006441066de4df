// The command line as a user runs it: in processes of its own.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../lib/cli/checkout.ts";

const cli = `${checkout}/lib/cli/mod.ts`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function normkit(...args: string[]): Promise<Outcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", cli, ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

/** Options of a model that trains in a second. */
const tiny = "--depth 2 --width 8 --heads 2 --context 8 --rows 2 --steps 4 --backend cpu".split(
  " ",
);

async function withFolder(f: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/text.txt`,
      "Call me Ishmael. Some years ago, never mind how long. ".repeat(8),
    );
    await f(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("normkit without a command says how it is used and exits with 2", async () => {
  const { code, out } = await normkit();
  assertEquals(code, 2);
  for (const word of ["doctor", "train", "generate", "--json", "--help", "Examples:"]) {
    assertStringIncludes(out, word);
  }
});

Deno.test("normkit --help and --version exit with 0", async () => {
  assertEquals((await normkit("--help")).code, 0);
  assertMatch((await normkit("--version")).out, /^\d+\.\d+\.\d+\n$/);
});

for (const command of ["doctor", "train", "generate"]) {
  Deno.test(`normkit ${command} --help shows options and examples`, async () => {
    const { code, out } = await normkit(command, "--help");
    assertEquals(code, 0);
    for (const word of [`Usage: normkit ${command}`, "--json", "Examples:"]) {
      assertStringIncludes(out, word);
    }
  });
}

const wrong: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["an unknown command", ["trian"], ['"trian"', "doctor, train, generate"]],
  ["an unknown option", ["train", "--setps", "3"], ["--setps"]],
  ["a number that is none", ["train", "--steps", "many"], ["--steps many", "number"]],
  ["an unknown variant", ["train", "middle-ln"], ['"middle-ln"', "peri-ln"]],
  ["an unknown norm", ["train", "--norm", "batch", "--backend", "cpu"], [
    '"batch"',
    "layer, rms, crms",
  ]],
  ["an unknown backend", ["train", "--backend", "webgl"], ['"webgl"', "wasm"]],
  ["a learning rate of 0", ["train", ...tiny, "--rate", "0"], ["= 0", "> 0"]],
  ["an infinite learning rate", ["train", ...tiny, "--rate", "Infinity"], ["Infinity", "finite"]],
  ["a missing text", ["train", "--text", "nowhere.txt", "--backend", "cpu"], [
    "nowhere.txt",
    "no such file",
  ]],
  ["no run", ["generate"], ["name one"]],
  ["a missing run", ["generate", "nowhere/pre-ln"], ["nowhere/pre-ln.json"]],
];
for (const [what, args, words] of wrong) {
  Deno.test(`normkit exits with 2 for ${what}`, async () => {
    const { code, out, err } = await normkit(...args);
    assertEquals(code, 2, err);
    assertEquals(out.includes("at file:"), false);
    for (const word of words) assertStringIncludes(err, word);
    assertStringIncludes(err, "--help");
  });
}

Deno.test("normkit doctor --json names every backend, versions and the choice, without noise", async () => {
  const { code, out, err } = await normkit("doctor", "--json");
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

Deno.test("normkit train --json prints rows, writes the run, and generate continues from it", async () => {
  await withFolder(async (folder) => {
    const trained = await normkit(
      "train",
      "pre-ln+gpas",
      ...tiny,
      "--text",
      `${folder}/text.txt`,
      "--out",
      `${folder}/runs`,
      "--json",
    );
    assertEquals([trained.code, trained.err], [0, ""]);
    const rows = trained.out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(rows.filter(({ kind }) => kind === "step").length, 4);
    assert(rows.every(({ variant }) => variant === "pre-ln+gpas"));
    assert(rows.some(({ kind }) => kind === "gate") && rows.some(({ kind }) => kind === "stream"));
    const files = [...Deno.readDirSync(`${folder}/runs`)].map(({ name }) => name).sort();
    assertEquals(files, ["pre-ln+gpas.json", "pre-ln+gpas.jsonl", "pre-ln+gpas.safetensors"]);
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/runs/pre-ln+gpas.json`));
    assertMatch(manifest.command, /^normkit train pre-ln\+gpas --depth 2/);

    const run = `${folder}/runs/pre-ln+gpas`;
    const written = [
      "generate",
      run,
      "--backend",
      "cpu",
      "--prompt",
      "Call",
      "--tokens",
      "12",
      "--temperature",
      "0",
    ];
    const streamed = await normkit(...written);
    assertEquals(streamed.code, 0, streamed.err);
    assertEquals(streamed.out.length, "Call".length + 12 + 1);
    const once = await normkit(...written, "--json");
    assertEquals(`Call${JSON.parse(once.out).text}\n`, streamed.out);

    const foreign = await normkit("generate", run, "--backend", "cpu", "--prompt", "€");
    assertEquals(foreign.code, 2);
    assertStringIncludes(foreign.err, '"€"');
  });
});

Deno.test("normkit train without --json shows progress and says where it wrote", async () => {
  await withFolder(async (folder) => {
    const args = ["train", ...tiny, "--text", `${folder}/text.txt`, "--out", `${folder}/runs`];
    const { code, out, err } = await normkit(...args);
    assertEquals(code, 0, err);
    assertStringIncludes(out, `Wrote 1 run to ${folder}/runs`);
    assertStringIncludes(err, "100%");
  });
});

Deno.test("normkit train exits with 1 and keeps the run when the loss is not finite", async () => {
  await withFolder(async (folder) => {
    const args = [
      "train",
      ...tiny,
      "--text",
      `${folder}/text.txt`,
      "--out",
      `${folder}/runs`,
      "--rate",
      "1e38",
    ];
    const { code, err } = await normkit(...args, "--steps", "20");
    assertEquals(code, 1, err);
    assertStringIncludes(err, "non-finite");
    const manifest = JSON.parse(await Deno.readTextFile(`${folder}/runs/pre-ln.json`));
    assertEquals(manifest.stopped.reason, "non-finite");
  });
});

Deno.test("normkit train writes what it has when it is interrupted", async () => {
  await withFolder(async (folder) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        cli,
        "train",
        "pre-ln",
        "post-ln",
        ...tiny,
        "--steps",
        "100000",
        "--json",
      ]
        .concat(["--text", `${folder}/text.txt`, "--out", `${folder}/runs`]),
      stdout: "piped",
      stderr: "null",
    }).spawn();
    let seen = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      seen += chunk;
      if (seen.includes('"kind":"step"')) {
        child.kill("SIGINT");
        break;
      }
    }
    assertEquals((await child.status).code, 1);
    const files = [...Deno.readDirSync(`${folder}/runs`)].map(({ name }) => name).sort();
    assertEquals(
      files,
      ["pre-ln.json", "pre-ln.jsonl", "pre-ln.safetensors"],
      "the second variant must not start",
    );
    assertEquals(
      JSON.parse(await Deno.readTextFile(`${folder}/runs/pre-ln.json`)).stopped.reason,
      "aborted",
    );
  });
});

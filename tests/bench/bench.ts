// The benchmark's command line: chooses suites and runs each in a process of its own, so that none inherits another's heap or
// compiled code. Results are JSON lines; `table` makes Markdown of them.

import { requireOneOf } from "../../lib/core/mod.ts";
import {
  type Arguments,
  choiceOption,
  type Command,
  flag,
  type Outcome,
  requireWords,
  stringOptions,
  textOption,
  understood,
  UsageError,
} from "../../lib/cli/command.ts";
import { runTask } from "../../lib/workshop/task.ts";
import { undoneAtEnd } from "../../lib/platform/cleanup.ts";
import { printProfile } from "./profile.ts";
import type { Line, TargetLine } from "./record/lines.ts";
import { runSuite, type Suite } from "./session.ts";
import { readLines, resultsMarkdown } from "./table.ts";

/** The suites; a process loads the libraries of its own only. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  norms: async () => (await import("./norms.ts")).runNorms,
  products: async () => (await import("./products.ts")).runProducts,
  models: async () => (await import("./models.ts")).runModels,
  vision: async () => (await import("./vision.ts")).runVision,
  scaling: async () => (await import("./scaling.ts")).runScaling,
  cold: async () => (await import("./cold.ts")).runCold,
  bounds: async () => (await import("./bounds.ts")).runBounds,
};

/** Prints a line, and appends it to a file where one is named. */
function writer(out: string | undefined): (line: Line) => void {
  return (line) => {
    const text = JSON.stringify(line);
    console.log(text);
    if (out !== undefined) Deno.writeTextFileSync(out, `${text}\n`, { append: true });
  };
}

/** Runs a suite in a process of its own. */
async function inChild(suite: string, options: readonly string[]): Promise<number> {
  const args = ["run", "-A", import.meta.filename!, suite, ...options];
  const child = new Deno.Command(Deno.execPath(), { args }).spawn();
  using _undo = undoneAtEnd(() => child.kill());
  return (await child.status).code;
}

const backends = ["wasm", "webgpu", "cpu"] as const;

/** What `--check` measures: the groups that have targets, each suite in a process of its own. */
const checked: readonly (readonly string[])[] = [
  ["products", "--only=batch 1, m 512, k 512, n 512"],
  ["products", "--only=batch 1, m 1024, k 1024, n 1024"],
  ["norms", "--only=rows 1024, width 256"],
  ["norms", "--only=rows 2048, width 768"],
  ["models", "--only=width 128, depth 4"],
  ["models", "--only=width 256, depth 4"],
];

/** Measures what has targets, fewer rounds of each, and says which were missed. */
async function check(): Promise<Outcome> {
  const out = await Deno.makeTempFile({ suffix: ".jsonl" });
  try {
    const codes: number[] = [];
    for (const words of checked) {
      const [suite, ...options] = words as [string, ...string[]];
      codes.push(await inChild(suite, [...options, "--quick", `--out=${out}`]));
    }
    const lines = await readLines([out]);
    const targets = lines.filter((line): line is TargetLine => line.kind === "target");
    const missed = targets.filter(({ reached }) => !reached).length;
    const failed = Math.max(...codes) > 0 || targets.length === 0;
    return {
      code: failed || missed > 0 ? 1 : 0,
      report: { targets: targets.length, missed },
      text: `${resultsMarkdown(targets)}\n\n${targets.length} targets, ${missed} missed`,
    };
  } finally {
    await Deno.remove(out);
  }
}

async function bench(args: Arguments): Promise<number> {
  const { words } = args;
  const backend = choiceOption(args, "backend", backends) ?? "wasm";
  const [quick, only, out] = [
    flag(args, "quick"),
    textOption(args, "only"),
    textOption(args, "out"),
  ];
  const names = words.length === 0 ? Object.keys(suites) : words;
  for (const name of names) {
    understood(() => requireOneOf("suite", name, Object.keys(suites)));
  }
  if (flag(args, "profile")) {
    await printProfile(backend, flag(args, "composed") ? "composed" : "fused");
    return 0;
  }
  const [first, ...others] = names;
  if (others.length > 0) {
    const options = [
      `--backend=${backend}`,
      ...(quick ? ["--quick"] : []),
      ...(only === undefined ? [] : [`--only=${only}`]),
      ...(out === undefined ? [] : [`--out=${out}`]),
    ];
    const codes: number[] = [];
    for (const name of names) codes.push(await inChild(name, options));
    return Math.max(...codes);
  }
  const options = { suite: first!, backend, quick, write: writer(out) };
  await runSuite(await suites[first!]!(), { ...options, ...(only === undefined ? {} : { only }) });
  return 0;
}

/** The command. */
const benchCommand: Command = {
  summary: "times the kernels",
  help: `Usage: deno task bench [SUITE …] [options]
       deno task bench table FILE.jsonl …

Suites: ${Object.keys(suites).join(", ")}; all of them by default.

Options:
  --backend NAME   wasm (default), webgpu or cpu
  --quick          fewer groups and rounds
  --only TEXT      only groups whose description has the text, such as "width 512, depth 4"
  --out FILE       appends the results to a file as well
  --check          measures what has targets, on WASM, in some 20 minutes; exit code 1 where one is missed
  --profile        of models: the kernels of one training step by time, nothing else
  --composed       of --profile: with tfjs's own kernels

NORMKIT_PYTHON names a Python that has torch; python3 is tried else.`,
  options: {
    ...stringOptions("backend only out"),
    quick: { type: "boolean" },
    check: { type: "boolean" },
    profile: { type: "boolean" },
    composed: { type: "boolean" },
  },
  run: async (args) => {
    const [word, ...files] = args.words;
    if (flag(args, "check")) {
      requireWords(args, []);
      return await check();
    }
    if (word !== "table") return { code: await bench(args), report: {} };
    if (files.length === 0) {
      throw new UsageError("Cannot make a table of no file: name at least one");
    }
    return { report: {}, text: resultsMarkdown(await readLines(files)) };
  },
};

Deno.exit(await runTask("bench", benchCommand, Deno.args)); // jax-js's workers would keep the process alive

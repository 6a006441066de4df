// The benchmark's command line: chooses suites and runs each in a process of its own, so that none inherits another's heap or
// compiled code. Results are JSON lines; `table` makes Markdown of them.

import { requireOneOf } from "@normkit/normkit";
import { parse, UsageError } from "../../lib/cli/command.ts";
import { printProfile } from "./profile.ts";
import type { Line } from "./record/lines.ts";
import { runSuite, type Suite } from "./session.ts";
import { readLines, resultsMarkdown } from "./table.ts";

/** The suites; a process loads the libraries of its own only. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  norms: async () => (await import("./norms.ts")).runNorms,
  products: async () => (await import("./products.ts")).runProducts,
  models: async () => (await import("./models.ts")).runModels,
  scaling: async () => (await import("./scaling.ts")).runScaling,
  cold: async () => (await import("./cold.ts")).runCold,
  bounds: async () => (await import("./bounds.ts")).runBounds,
};

const help = `Usage: deno task bench [SUITE …] [options]
       deno task bench table FILE.jsonl …

Suites: ${Object.keys(suites).join(", ")}; all of them by default.

Options:
  --backend NAME   wasm (default), webgpu or cpu
  --quick          fewer groups and rounds
  --only TEXT      only groups whose description has the text, such as "width 512, depth 4"
  --out FILE       appends the results to a file as well
  --profile        of models: the kernels of one training step by time, nothing else
  --composed       of --profile: with tfjs's own kernels

NORMKIT_PYTHON names a Python that has torch; python3 is tried else.`;

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
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" });
  return (await child.output()).code;
}

async function main(args: readonly string[]): Promise<number> {
  const { values, words } = parse(args, {
    backend: { type: "string" },
    quick: { type: "boolean" },
    only: { type: "string" },
    out: { type: "string" },
    profile: { type: "boolean" },
    composed: { type: "boolean" },
  });
  if (values["help"] === true) {
    console.log(help);
    return 0;
  }
  if (words[0] === "table") {
    if (words.length === 1) {
      throw new UsageError("Cannot make a table of no file: name at least one");
    }
    console.log(resultsMarkdown(await readLines(words.slice(1))));
    return 0;
  }
  const backend = requireOneOf("backend", String(values["backend"] ?? "wasm"), [
    "wasm",
    "webgpu",
    "cpu",
  ]);
  const quick = values["quick"] === true;
  const only = values["only"] === undefined ? {} : { only: String(values["only"]) };
  const out = values["out"] === undefined ? undefined : String(values["out"]);
  const names = words.length === 0 ? Object.keys(suites) : words;
  for (const name of names) requireOneOf("suite", name, Object.keys(suites));
  if (values["profile"] === true) {
    await printProfile(backend, values["composed"] === true ? "composed" : "fused");
    return 0;
  }
  const [first, ...others] = names;
  if (others.length > 0) {
    const options = [
      `--backend=${backend}`,
      ...(quick ? ["--quick"] : []),
      ...Object.values(only).map((text) => `--only=${text}`),
      ...(out === undefined ? [] : [`--out=${out}`]),
    ];
    const codes: number[] = [];
    for (const name of names) codes.push(await inChild(name, options));
    return Math.max(...codes);
  }
  const options = { suite: first!, backend, quick, ...only, write: writer(out) };
  await runSuite(await suites[first!]!(), options);
  return 0;
}

try {
  const code = await main(Deno.args);
  Deno.exit(code); // jax-js's workers would keep the process alive
} catch (error) {
  if (!(error instanceof UsageError || error instanceof RangeError)) throw error;
  console.error(`${error.message}\n\n${help}`);
  Deno.exit(2);
}

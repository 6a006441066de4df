// Random command lines, each run in this process: exit codes, the one object of --json, sentences instead of stack traces, nothing
// written but where it was asked for, and nothing left behind.

import { resolve } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { type Command, numberOption, requireWords, stringOptions } from "../../lib/cli/command.ts";
import { commands } from "../../lib/cli/commands.ts";
import { main } from "../../lib/cli/mod.ts";
import { runTask } from "../../lib/workshop/task.ts";
import { undoneAtEnd } from "../../lib/platform/cleanup.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { Random } from "../../lib/core/random.ts";
import { goldenFolder } from "../support/golden_models.ts";
import { type Outcome, printedBy } from "../support/cli.ts";
import { commandLine } from "../../lib/cli/shell.ts";
import { type Places, Writer } from "./cli_words.ts";

/** A command line that was answered wrongly. */
export interface Fault {
  /** The line. */
  readonly line: string;
  /** What is wrong with the answer. */
  readonly why: string;
  /** What it printed. */
  readonly printed: string;
}

/** What a run found. */
export interface FuzzReport {
  /** How often each command ended with each code. */
  readonly codes: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** What was answered wrongly. */
  readonly faults: readonly Fault[];
}

const golden = ["gpt2", "llama", "clip", "whisper", "vit", "bert", "bart", "bloom", "opt"];

const text = "Call me Ishmael. Some years ago, never mind how long. ".repeat(8);

/** Trains a tiny run for the sandbox. */
async function trainRun(folder: string, variant: string): Promise<void> {
  const small = "--depth 2 --width 8 --heads 2 --context 8 --rows 1 --steps 1 --backend cpu --json";
  const places = ["--text", `${folder}/text.txt`, "--out", `${folder}/runs`];
  const { code, err } = await printedBy(() =>
    main(["train", variant, ...small.split(" "), ...places])
  );
  if (code !== 0) throw new Error(err);
}

/** Fills a folder with models, runs, and what is none. */
async function fillSandbox(folder: string): Promise<Places> {
  await Deno.writeTextFile(`${folder}/text.txt`, text);
  for (const name of golden) {
    await Deno.mkdir(`${folder}/${name}`);
    for (const file of ["config.json", "model.safetensors"]) {
      await Deno.copyFile(`${goldenFolder(name)}/${file}`, `${folder}/${name}/${file}`);
    }
  }
  for (const variant of ["pre-ln+gpas", "deep-norm", "peri-ln"]) await trainRun(folder, variant);
  await Deno.mkdir(`${folder}/damaged`);
  const weights = `${folder}/runs/damaged.safetensors`;
  await Deno.copyFile(`${folder}/runs/pre-ln+gpas.safetensors`, weights);
  await Deno.mkdir(`${folder}/broken`);
  await Deno.writeTextFile(`${folder}/broken/config.json`, '{"model_type": "gpt2"}');
  await Deno.mkdir(`${folder}/weightless`);
  await Deno.copyFile(`${folder}/gpt2/config.json`, `${folder}/weightless/config.json`);
  await Deno.writeTextFile(`${folder}/null.json`, "null");
  await Deno.writeTextFile(
    `${folder}/odd.json`,
    '{"settings": {"model": {}}, "corpus": {"characters": ""}}',
  );
  await Deno.symlink("gpt2", `${folder}/alias`);
  await Deno.symlink("nowhere", `${folder}/dead`);
  const damaged = ["damaged", "damaged", "runs/damaged", "runs/damaged"];
  const at = (names: readonly string[]): string[] => names.map((name) => `${folder}/${name}`);
  return {
    models: at([
      ...golden,
      "runs/pre-ln+gpas",
      "runs/deep-norm",
      "runs/peri-ln",
      "alias",
      "gpt2/",
      ...damaged,
    ]),
    others: at(["broken", "weightless", "null", "odd", "dead", "text.txt", "nowhere", "runs", "."]),
    text: `${folder}/text.txt`,
    out: `${folder}/out`,
  };
}

/** Values that no reader of a configuration may take for granted. */
const odd: readonly unknown[] = [
  ...["constructor", "__proto__", "toString", "", "gelu", "rms"],
  ...[null, true, -1, 0, 1.5, 1e9, 2 ** 53, 1e308],
  ...[[], {}, [null], { a: 1 }],
];

/** A JSON object with a value somewhere in it replaced, removed or added. */
function mutated(random: Random, value: Record<string, unknown>): Record<string, unknown> {
  const keys = Object.keys(value);
  if (keys.length === 0) return { [String(random.integer(9))]: null };
  const key = keys[random.integer(keys.length)]!;
  const { [key]: inner, ...rest } = value;
  const kind = random.uniform();
  if (typeof inner === "object" && inner !== null && kind < 0.7) {
    return { ...value, [key]: mutated(random, inner as Record<string, unknown>) };
  }
  return kind > 0.9 ? rest : { ...value, [key]: odd[random.integer(odd.length)] };
}

/** Damages the configuration of a model and the manifest of a run. */
async function damage(random: Random, folder: string): Promise<void> {
  const name = golden[random.integer(golden.length)]!;
  const config = JSON.parse(await Deno.readTextFile(`${folder}/${name}/config.json`));
  await Deno.copyFile(`${folder}/${name}/model.safetensors`, `${folder}/damaged/model.safetensors`);
  const text = JSON.stringify(mutated(random, config));
  await Deno.writeTextFile(`${folder}/damaged/config.json`, text);
  const manifest = JSON.parse(await Deno.readTextFile(`${folder}/runs/pre-ln+gpas.json`));
  const other = JSON.stringify(mutated(random, manifest));
  await Deno.writeTextFile(`${folder}/runs/damaged.json`, other);
}

/** Everything below a folder, each with its size and time; links are not followed. */
function listing(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    const { size, mtime } = Deno.lstatSync(path);
    return isDirectory ? [path, ...listing(path)] : [`${path} ${size} ${mtime?.getTime()}`];
  }).sort();
}

/** Words that only an error of the engine has. */
const foreign =
  /\n {4}at |file:\/\/|inside of normkit|Cannot read propert|not a function|(?<!= |type ")undefined/;

/** What is wrong with what a command printed. */
function wrongAnswer(words: readonly string[], { code, out, err }: Outcome): string | undefined {
  if (![0, 1, 2, 3].includes(code)) return `the exit code ${code}`;
  if (foreign.test(`${out}\n${err}`)) return "an error of the engine, or a stack trace";
  const isCommand = words.some((word) => word !== "--" && word !== "--json");
  if (code > 1 && err === "" && isCommand) return "no sentence";
  if ((code === 2) !== /^Try: /m.test(err) && isCommand) {
    return "the way to the help, or none";
  }
  const end = words.indexOf("--");
  if (!(end < 0 ? words : words.slice(0, end)).includes("--json")) return undefined;
  let report;
  try {
    report = JSON.parse(out);
  } catch {
    return "not one JSON object";
  }
  if (typeof report !== "object" || report === null || Array.isArray(report)) return "no object";
  if (code > 1 && report.error?.code !== code) return "an object without the error";
  return undefined;
}

/** What a command left: what is new, and what it has no right to. */
interface Traces {
  readonly fresh: readonly string[];
  readonly wrong: string | undefined;
}

/** A path with its links followed, where it is there. */
function real(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Where a command may write: to a path that it was given, and `train` to its default. */
function isAsked(path: string, words: readonly string[]): boolean {
  const named = words.flatMap((word) => [word, word.slice(word.indexOf("=") + 1)]);
  return [".normkit", ...named].filter((word) => word !== "")
    .map((word) => real(resolve(word)))
    .filter((own) => own !== Deno.cwd())
    .some((own) => path.startsWith(own) || own.startsWith(`${path}/`)); // a folder on the way to it
}

function tracesOf(
  words: readonly string[],
  code: number,
  before: readonly string[],
  after: readonly string[],
): Traces {
  const [known, old] = [new Set(after), new Set(before)];
  const fresh = after.filter((line) => !old.has(line));
  const changed = before.find((line) => !known.has(line));
  const temporary = fresh.find((line) => line.includes(".tmp"));
  const stray = fresh.find((line) => !isAsked(line, words));
  const wrong = changed !== undefined
    ? `changed or removed: ${changed}`
    : temporary !== undefined
    ? `left behind: ${temporary}`
    : code > 1 && fresh.length > 0
    ? `written although it was refused: ${fresh[0]}`
    : stray !== undefined
    ? `written elsewhere: ${stray}`
    : undefined;
  return { fresh, wrong };
}

/** Runs one command line; what it wrote is removed after it. */
async function tryLine(
  words: readonly string[],
  folder: string,
): Promise<{ readonly code: number; readonly fault?: Fault }> {
  const before = listing(folder);
  const tensors = tf.memory().numTensors;
  let outcome: Outcome;
  try {
    outcome = await printedBy(() => main(words));
  } catch (error) {
    outcome = { code: -1, out: "", err: String(error) };
  }
  const leaked = tf.memory().numTensors - tensors;
  const { fresh, wrong } = tracesOf(words, outcome.code, before, listing(folder));
  const why = wrongAnswer(words, outcome) ?? wrong ??
    (leaked > 0 ? `${leaked} tensors left` : undefined);
  for (const line of fresh) {
    await Deno.remove(line.replace(/ \d+ \d+$/, ""), { recursive: true }).catch(() => {});
  }
  const { code, out, err } = outcome;
  if (why === undefined) return { code };
  return { code, fault: { line: commandLine("normkit", words), why, printed: `${out}\n${err}` } };
}

/**
 * Tries random command lines.
 *
 * @param seed Decides about them.
 * @param count How many.
 * @param onFault Is told of each that was answered wrongly.
 * @returns What became of them.
 */
export async function fuzz(
  seed: number,
  count: number,
  onFault: (fault: Fault, at: number) => void = () => {},
): Promise<FuzzReport> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "normkit-fuzz-" }));
  const started = Deno.cwd();
  using _undo = undoneAtEnd(() => Deno.removeSync(folder, { recursive: true }));
  const codes: Record<string, Record<number, number>> = {};
  const faults: Fault[] = [];
  try {
    const places = await fillSandbox(folder);
    Deno.chdir(folder); // train writes to .normkit by default
    const random = new Random(seed, "cli");
    for (let at = 0; at < count; at++) {
      const own = random.fork(at);
      await damage(own.fork("files"), folder);
      const words = new Writer(own, places).next();
      const { code, fault } = await tryLine(words, folder);
      const ended = codes[commands.has(words[0] ?? "") ? words[0]! : "other"] ??= {};
      ended[code] = (ended[code] ?? 0) + 1;
      if (fault === undefined) continue;
      faults.push(fault);
      onFault(fault, at);
    }
  } finally {
    Deno.chdir(started);
    await Deno.remove(folder, { recursive: true });
  }
  return { codes, faults };
}

/** The command. */
const command: Command = {
  summary: "tries random command lines",
  help: `Usage: deno task fuzz:cli [options]

Runs random command lines of normkit over tiny models, and checks exit codes, the one object of --json, that errors are sentences,
that nothing is written but where it was asked for, and that nothing is left behind. The exit code is 1 where one is answered wrongly.

  --count N   how many (3000)
  --seed N    decides about them (1)`,
  options: stringOptions("count seed"),
  run: async (args) => {
    requireWords(args, []);
    const count = requireInteger("--count", numberOption(args, "count") ?? 3000, { min: 1 });
    const seed = requireInteger("--seed", numberOption(args, "seed") ?? 1, { min: 0 });
    const { codes, faults } = await fuzz(
      seed,
      count,
      ({ line, why, printed }, at) =>
        console.error(
          `${at}: ${line}\n  ${why}\n  ${printed.trim().replaceAll("\n", "\n  ").slice(0, 600)}`,
        ),
    );
    console.table(codes);
    return {
      code: faults.length === 0 ? 0 : 1,
      report: { codes, faults },
      text: `${count} command lines of seed ${seed}, ${faults.length} answered wrongly`,
    };
  },
};

if (import.meta.main) Deno.exit(await runTask("fuzz:cli", command, Deno.args));

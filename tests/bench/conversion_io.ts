// Conversion against the disk: a generated GPT-2 is copied as a file, and converted; each in a process of its own, so that its peak
// memory is its own. All end when the result is on the disk. JSON lines.

import {
  type DType,
  encodeNumbers,
  type PlannedTensor,
  writeShards,
} from "../../lib/checkpoint/mod.ts";
import {
  type Arguments,
  choiceOption,
  type Command,
  numberOption,
  type Outcome,
  requireWords,
  stringOptions,
  textOption,
} from "../../lib/cli/command.ts";
import { runProgram } from "../../lib/cli/run.ts";
import { undoneAtEnd } from "../../lib/platform/cleanup.ts";
import { convert } from "../../lib/convert/convert.ts";
import { saveModel } from "../../lib/convert/save.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { writeFolder } from "../../lib/platform/files.ts";
import { Random } from "../../lib/core/random.ts";
import { openModel } from "../../lib/families/open.ts";
import { transferFacts } from "./record/transfer.ts";

const width = 1024;
const vocabulary = 50257;
const floats: readonly DType[] = ["F32", "F16", "BF16"];

/** The shapes of a GPT-2 of so many layers. */
function shapesOf(depth: number): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    "wte.weight": [vocabulary, width],
    "wpe.weight": [1024, width],
    "ln_f.weight": [width],
    "ln_f.bias": [width],
  };
  for (let layer = 0; layer < depth; layer++) {
    for (
      const [name, inputs, outputs] of [
        ["attn.c_attn", width, 3 * width],
        ["attn.c_proj", width, width],
        ["mlp.c_fc", width, 4 * width],
        ["mlp.c_proj", 4 * width, width],
      ] as const
    ) {
      shapes[`h.${layer}.${name}.weight`] = [inputs, outputs];
      shapes[`h.${layer}.${name}.bias`] = [outputs];
    }
    for (const norm of ["ln_1", "ln_2"]) {
      shapes[`h.${layer}.${norm}.weight`] = [width];
      shapes[`h.${layer}.${norm}.bias`] = [width];
    }
  }
  return shapes;
}

/** Tensors of repeating normal numbers: making them is not what is timed. */
function tensorsOf(depth: number, dtype: DType): PlannedTensor[] {
  const numbers = Float64Array.from(new Random(0).normals(2 ** 16, 0.02));
  return Object.entries(shapesOf(depth)).map(([name, shape]) => ({
    name,
    dtype,
    shape,
    chunks: async function* () {
      for (let left = shape.reduce((a, b) => a * b); left > 0; left -= numbers.length) {
        yield await Promise.resolve(encodeNumbers(dtype, numbers.subarray(0, left)));
      }
    },
  }));
}

/** What is timed, from one folder to another that does not exist. */
const contestants: Readonly<Record<string, (from: string, to: string) => Promise<void>>> = {
  "copy by the system": (from, to) =>
    writeFolder(to, async (folder) => {
      for await (const { name } of Deno.readDir(from)) {
        await Deno.copyFile(`${from}/${name}`, `${folder}/${name}`);
      }
    }),
  "convert to pre-rmsnorm": async (from, to) => {
    using model = await openModel(from);
    const converted = convert(model, { to: "pre-rmsnorm" });
    await writeFolder(to, (folder) => saveModel(folder, converted));
  },
  "convert to pre-crmsnorm": async (from, to) => {
    using model = await openModel(from);
    const converted = convert(model, { to: "pre-crmsnorm" });
    await writeFolder(to, (folder) => saveModel(folder, converted));
  },
};

/** The most memory that this process had, in bytes. */
async function peakMemory(): Promise<number> {
  if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
  const status = await Deno.readTextFile("/proc/self/status");
  return 1024 * Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]);
}

interface Sample {
  readonly ms: number;
  readonly peak: number;
}

/** Runs a contestant in this process and says how it went. */
async function runHere(name: string, from: string, to: string): Promise<void> {
  const start = performance.now();
  await contestants[name]!(from, to);
  const sample: Sample = { ms: performance.now() - start, peak: await peakMemory() };
  console.log(JSON.stringify(sample));
}

/** Runs a contestant in a process of its own. */
async function runChild(name: string, from: string, to: string): Promise<Sample> {
  const args = ["run", "-A", import.meta.filename!, "child", name, from, to];
  const child = new Deno.Command(Deno.execPath(), { args, stderr: "inherit" });
  const { success, stdout } = await child.output();
  if (!success) throw new Error(`${name} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function measure(parsed: Arguments): Promise<Outcome> {
  requireWords(parsed, []);
  const megabytes = requireInteger("--size", numberOption(parsed, "size") ?? 512, { min: 1 });
  const rounds = requireInteger("--rounds", numberOption(parsed, "rounds") ?? 5, { min: 1 });
  const dtype = choiceOption(parsed, "dtype", floats) ?? "F32";
  const place = textOption(parsed, "folder");
  const folder = await Deno.makeTempDir({
    prefix: "normkit-io-",
    ...(place === undefined ? {} : { dir: place }),
  });
  using _undo = undoneAtEnd(() => Deno.removeSync(folder, { recursive: true }));
  try {
    const perNumber = dtype === "F32" ? 4 : 2;
    const rest = megabytes * 1e6 / perNumber - (vocabulary + 1024) * width;
    const depth = Math.max(1, Math.round(rest / (12 * width ** 2)));
    const from = `${folder}/from`;
    await writeShards(from, tensorsOf(depth, dtype));
    const heads = width / 64;
    const config = { model_type: "gpt2", n_embd: width, n_layer: depth, n_head: heads };
    await Deno.writeTextFile(`${from}/config.json`, JSON.stringify(config));
    const samples = new Map(Object.keys(contestants).map((name): [string, Sample[]] => [name, []]));
    for (let round = -1; round < rounds; round++) { // the first one warms up
      for (const [name, own] of samples) {
        const to = `${folder}/to`;
        const sample = await runChild(name, from, to);
        if (round >= 0) own.push(sample);
        await Deno.remove(to, { recursive: true });
      }
    }
    let bytes = 0;
    for await (const { name } of Deno.readDir(from)) {
      bytes += (await Deno.stat(`${from}/${name}`)).size;
    }
    const base = samples.values().next().value!.map(({ ms }) => ms);
    for (const [name, own] of samples) {
      const times = own.map(({ ms }) => ms);
      console.log(JSON.stringify({
        ...transferFacts({ name, dtype, bytes, times, copies: base }),
        peakMegabytes: Math.round(Math.max(...own.map(({ peak }) => peak)) / 1e6),
      }));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return { report: {} };
}

/** The command. */
const command: Command = {
  summary: "times checkpoints",
  help: `Usage: deno run -A tests/bench/conversion_io.ts [options]

Options:
  --size MB      size of the generated model (512)
  --dtype NAME   how its numbers are stored: F32 (default), F16 or BF16
  --rounds N     rounds, in each of which every contestant runs once (5)
  --folder PATH  where the files are written (the system's temporary folder)`,
  options: stringOptions("size dtype rounds folder"),
  run: measure,
};

const [first, ...rest] = Deno.args;
if (first === "child") await runHere(rest[0]!, rest[1]!, rest[2]!);
else {
  const call = "deno run -A tests/bench/conversion_io.ts";
  Deno.exit(await runProgram({ name: "conversion_io", call, command }, Deno.args));
}

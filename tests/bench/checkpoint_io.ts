// Checkpoints against the disk: a generated file is copied as a file, and tensor by tensor through openCheckpoint and
// writeSafetensors, as bytes and as float64 numbers. All end when the copy is on the disk. JSON lines.

import {
  type Checkpoint,
  decodeNumbers,
  type DType,
  encodeNumbers,
  openCheckpoint,
  planCopy,
  type PlannedTensor,
  writeSafetensors,
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
import { runTask } from "../../lib/workshop/task.ts";
import { undoneAtEnd } from "../../lib/platform/cleanup.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { writeStream } from "../../lib/platform/files.ts";
import { Random } from "../../lib/core/random.ts";
import { transferFacts } from "./record/transfer.ts";

/** What is timed, from one path to another; it calls `sample` while it is at it. */
type Contestant = (from: string, to: string, sample: () => void) => Promise<void>;

const floats: readonly DType[] = ["BF16", "F16", "F32", "F64"];

/** The size of one tensor, in bytes. */
const tensorBytes = 2 ** 23;

/** Tensors of 8 MiB with normal numbers, which repeat: making them is not what is timed. */
function generated(megabytes: number, dtype: DType): PlannedTensor[] {
  const numbers = Float64Array.from(new Random(0).normals(2 ** 16, 0.02));
  const bytes = encodeNumbers(dtype, numbers);
  const rows = tensorBytes / bytes.length;
  return Array.from({ length: Math.ceil(megabytes * 1e6 / tensorBytes) }, (_, at) => ({
    name: `layers.${at}.weight`,
    dtype,
    shape: [rows, 2 ** 16],
    chunks: async function* () {
      for (let row = 0; row < rows; row++) yield await Promise.resolve(bytes);
    },
  }));
}

/** A tensor that goes through float64, some rows at a time. */
function throughNumbers(from: Checkpoint, name: string): PlannedTensor {
  const { dtype, shape } = from.info(name);
  return {
    name,
    dtype,
    shape,
    chunks: async function* () {
      for await (const bytes of from.chunks(name)) {
        yield encodeNumbers(dtype, decodeNumbers(dtype, bytes));
      }
    },
  };
}

function rewrite(plan: (from: Checkpoint, name: string) => PlannedTensor): Contestant {
  return async (from, to, onProgress) => {
    using checkpoint = await openCheckpoint(from);
    const tensors = checkpoint.names.map((name) => plan(checkpoint, name));
    await writeSafetensors(to, tensors, { onProgress });
  };
}

const contestants: Readonly<Record<string, Contestant>> = {
  "copy by the system": async (from, to) => {
    await Deno.copyFile(from, to);
    using file = await Deno.open(to, { write: true });
    await file.sync();
  },
  "copy by 4 MiB": async (from, to, sample) => {
    using source = await Deno.open(from);
    const buffer = new Uint8Array(2 ** 22);
    await writeStream(to, async (file) => {
      for (let read = await source.read(buffer); read !== null; read = await source.read(buffer)) {
        await file.write(buffer.subarray(0, read));
        sample();
      }
    });
  },
  "tensors as bytes": rewrite(planCopy),
  "tensors as float64": rewrite(throughNumbers),
};

interface Series {
  readonly times: number[];
  peak: number;
}

async function measure(parsed: Arguments): Promise<Outcome> {
  requireWords(parsed, []);
  const megabytes = requireInteger("--size", numberOption(parsed, "size") ?? 256, { min: 1 });
  const rounds = requireInteger("--rounds", numberOption(parsed, "rounds") ?? 7, { min: 1 });
  const dtype = choiceOption(parsed, "dtype", floats) ?? "BF16";
  const place = textOption(parsed, "folder");
  const folder = await Deno.makeTempDir({
    prefix: "normkit-io-",
    ...(place === undefined ? {} : { dir: place }),
  });
  using _undo = undoneAtEnd(() => Deno.removeSync(folder, { recursive: true }));
  try {
    const from = `${folder}/from.safetensors`;
    await writeSafetensors(from, generated(megabytes, dtype));
    const { size } = await Deno.stat(from);
    const series = new Map(
      Object.keys(contestants).map((name): [string, Series] => [name, { times: [], peak: 0 }]),
    );
    const before = Deno.memoryUsage().rss;
    for (let round = -1; round < rounds; round++) { // the first one warms up
      for (const [name, run] of Object.entries(contestants)) {
        const to = `${folder}/to.safetensors`;
        const own = series.get(name)!;
        const sample = (): void => void (own.peak = Math.max(own.peak, Deno.memoryUsage().rss));
        const start = performance.now();
        await run(from, to, sample);
        if (round >= 0) own.times.push(performance.now() - start);
        sample();
        await Deno.remove(to);
      }
    }
    const { times: base } = series.values().next().value!;
    for (const [name, { times, peak }] of series) {
      console.log(JSON.stringify({
        ...transferFacts({ name, dtype, bytes: size, times, copies: base }),
        peakMemory: { megabytes: Math.round(peak / 1e6), before: Math.round(before / 1e6) },
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
  help: `Usage: deno task bench:io [options]

Options:
  --size MB      size of the generated file (256)
  --dtype NAME   how its numbers are stored: BF16 (default), F16, F32 or F64
  --rounds N     rounds, in each of which every contestant runs once (7)
  --folder PATH  where the files are written (the system's temporary folder)`,
  options: stringOptions("size dtype rounds folder"),
  run: measure,
};

Deno.exit(await runTask("bench:io", command, Deno.args));

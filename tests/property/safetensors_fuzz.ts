// Damaged safetensors files: each is read with exactly the values that it holds, or refused with a SafetensorsError. An oracle of
// its own says which. Most go through the parser of headers in memory, every 50th through a file and openCheckpoint.

import { assert, assertEquals } from "@std/assert";
import { type Command, numberOption, requireWords, stringOptions } from "../../lib/cli/command.ts";
import { runTask } from "../../lib/workshop/task.ts";
import { undoneAtEnd } from "../../lib/platform/cleanup.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { SafetensorsError } from "../../lib/checkpoint/error.ts";
import { headerLength, parseHeader } from "../../lib/checkpoint/header.ts";
import { openCheckpoint } from "../../lib/checkpoint/reader.ts";
import { rowsOf } from "../../lib/checkpoint/tensors.ts";
import { Random } from "../../lib/core/random.ts";
import { mutator } from "./safetensors_mutations.ts";
import { type Found, judge, numbersOf } from "./safetensors_oracle.ts";

/** How many files were read and refused. */
export interface Tally {
  read: number;
  refused: number;
}

/** What a run found; a file that is treated wrongly ends it with an error. */
export interface FuzzReport {
  /** By what was done to the files. */
  readonly kinds: Readonly<Record<string, Tally>>;
  /** How many files went through the disk. */
  readonly throughFiles: number;
  /** The longest time that one file took, in milliseconds. */
  readonly slowest: number;
  /** The most bytes that array buffers took up while files were read. */
  readonly mostBufferBytes: number;
}

type Names = ReadonlyMap<string, Found>;

/** What the parser makes of a file in memory. */
function parseInMemory(file: Uint8Array): Names {
  const length = headerLength("file", file.subarray(0, 8), file.length);
  const dataStart = 8 + length;
  const { tensors } = parseHeader("file", file.subarray(8, dataStart), file.length - dataStart);
  return new Map(tensors.map(({ name, dtype, shape, start, end }) => [
    name,
    { dtype, shape, bytes: file.subarray(dataStart + start, dataStart + end) },
  ]));
}

/** What a checkpoint makes of a file on disk: bytes by rows and by chunks, and numbers where float64 has them. */
async function readFromDisk(path: string, random: Random): Promise<Names> {
  using checkpoint = await openCheckpoint(path);
  const found = new Map<string, Found>();
  for (const name of checkpoint.names) {
    const { dtype, shape } = checkpoint.info(name);
    const { rows } = rowsOf(shape);
    const first = random.integer(rows + 1);
    const parts = [await checkpoint.bytes(name, 0, first), await checkpoint.bytes(name, first)];
    const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
    const chunks = await Array.fromAsync(checkpoint.chunks(name));
    assertEquals(Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), bytes);
    found.set(name, { dtype, shape, bytes });
    const expected = numbersOf(found.get(name)!);
    if (expected !== undefined) assertEquals(await checkpoint.rows(name, 0, rows), expected);
  }
  return found;
}

/** Whether two bytes or lists are the same; as `assertEquals`, but fast. */
function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

function assertSame(found: Names, expected: Names): void {
  assert(found.size === expected.size, "another number of tensors");
  for (const [name, tensor] of expected) {
    const { dtype, shape, bytes } = found.get(name) ?? ({} as Partial<Found>);
    assert(dtype === tensor.dtype, `${name}: dtype`);
    assert(isSame(shape!, tensor.shape), `${name}: shape`);
    assert(isSame(bytes!, tensor.bytes), `${name}: bytes`);
  }
}

/** The tensors, or undefined if the file is refused with the right error. */
async function outcome(read: () => Names | Promise<Names>): Promise<Names | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SafetensorsError) return undefined;
    throw error;
  }
}

/**
 * Tries damaged files.
 *
 * @param seed Decides about the files.
 * @param count How many files.
 * @param onProgress Is told after every 10 000 files how many are done.
 * @returns What happened to them.
 * @throws {Error} If one is read with other values than it holds, read though it is bad, or refused though it is good.
 */
export async function fuzz(
  seed: number,
  count: number,
  onProgress?: (done: number) => void,
): Promise<FuzzReport> {
  const random = new Random(seed, "safetensors");
  const mutate = mutator(random.fork("pool"), 60);
  const kinds: Record<string, Tally> = {};
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  using _undo = undoneAtEnd(() => Deno.removeSync(path));
  let [slowest, mostBufferBytes, throughFiles] = [0, 0, 0];
  try {
    for (let at = 0; at < count; at++) {
      const own = random.fork(at);
      const { kind, file } = mutate(own);
      const expected = judge(file);
      const isOnDisk = at % 50 === 0;
      if (isOnDisk) Deno.writeFileSync(path, file);
      const start = performance.now();
      try {
        const found = await outcome(() => isOnDisk ? readFromDisk(path, own) : parseInMemory(file));
        assert((found === undefined) === (expected === undefined), "the verdict is another");
        if (found !== undefined) assertSame(found, expected!);
      } catch (cause) {
        throw new Error(`Cannot pass file ${at} of seed ${seed} (${kind}): ${file.toHex()}`, {
          cause,
        });
      }
      slowest = Math.max(slowest, performance.now() - start);
      if (isOnDisk) {
        throughFiles++;
        mostBufferBytes = Math.max(mostBufferBytes, Deno.memoryUsage().external);
      }
      kinds[kind] ??= { read: 0, refused: 0 };
      kinds[kind][expected === undefined ? "refused" : "read"]++;
      if ((at + 1) % 10_000 === 0) onProgress?.(at + 1);
    }
  } finally {
    await Deno.remove(path);
  }
  return { kinds, throughFiles, slowest, mostBufferBytes };
}

/** The command. */
const command: Command = {
  summary: "tries damaged safetensors files",
  help: `Usage: deno task fuzz [options]

Tries damaged safetensors files: each is read with the values that it holds, or refused. Ends at the first that is not.

  --count N   how many (1000000)
  --seed N    decides about them (1)`,
  options: stringOptions("count seed"),
  run: async (args) => {
    requireWords(args, []);
    const count = requireInteger("--count", numberOption(args, "count") ?? 1_000_000, { min: 1 });
    const seed = requireInteger("--seed", numberOption(args, "seed") ?? 1, { min: 0 });
    const started = performance.now();
    const report = await fuzz(seed, count, (done) => {
      Deno.stderr.writeSync(new TextEncoder().encode(`\r${done} of ${count} files`));
    });
    console.error();
    console.table(report.kinds);
    const seconds = Math.round((performance.now() - started) / 1000);
    const line = JSON.stringify({ seed, count, seconds, ...report, kinds: undefined });
    return { report, text: line };
  },
};

if (import.meta.main) Deno.exit(await runTask("fuzz", command, Deno.args));

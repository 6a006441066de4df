// Random calls of every public operation, on every backend of this machine, fused and composed, against float64: values, gradients,
// refusals, and tensors left behind.
//
// deno task fuzz:ops --count N --seed N: at least that many cases; a mismatch ends it with exit code 1 and the command that repeats it.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as tf from "@tensorflow/tfjs";
import { type Command, numberOption, requireWords, stringOptions } from "../../lib/cli/command.ts";
import { runTask } from "../../lib/workshop/task.ts";
import { requireInteger } from "../../lib/core/check.ts";
import { type BackendName, readAll, throwGpuError } from "../../lib/backend/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import { useBackend } from "../../lib/kernels/mod.ts";
import { floats } from "../support/kernels.ts";
import { type OperationCase, operationCases } from "./operation_cases.ts";

/** Where a case runs. */
interface Place {
  readonly backend: BackendName;
  readonly kernels: "fused" | "composed";
}

/** What came of a run. */
export interface OperationsReport {
  /** Cases by operation: calls on a backend in a form. */
  readonly cases: Readonly<Record<string, number>>;
  /** Of those, calls that were refused, as they must be. */
  readonly refused: number;
  /** Of those, calls with an argument that tfjs cast. */
  readonly casts: number;
  /** Draws that single precision may or may not hold, which were left out. */
  readonly undecided: number;
}

/** Calls that are read back together. */
const batchSize = 100;

/** What float64 gives, and how far single precision may be from it: value first, then gradients. */
interface Expected {
  readonly values: readonly (readonly number[])[];
  readonly limits: readonly number[];
}

/** Each number moved by a few units of single precision, up or down. */
function moved(values: readonly number[], seed: number): number[] {
  const { values: signs } = floats([values.length], seed);
  return values.map((value, at) => value * (1 + Math.sign(signs[at]!) * 2 ** -20));
}

const most = (values: readonly number[]): number =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

/** dy for a value of that length. */
const slopes = (length: number): number[] => Array.from(floats([length], 77).values);

/**
 * The oracle's answer; undefined where it has none. Rounding may change a result by as much as a change of the inputs by a few
 * units does.
 */
function expectedOf(given: OperationCase): Expected | undefined {
  const inputs = Object.values(given.inputs).map(({ values }) => Array.from(values));
  const answer = (inputs: number[][]): readonly (readonly number[])[] | undefined => {
    const value = given.value(...inputs);
    if (value === undefined) return undefined;
    if (given.gradients === undefined) return [value];
    const zeros = inputs.map((input) => input.map(() => 0));
    const dy = slopes(value.length);
    return [value, ...(value.length === 0 ? zeros : given.gradients(dy, ...inputs))];
  };
  const values = answer(inputs);
  const near = [1, 2].map((seed) =>
    answer(inputs.map((input, at) => moved(input, 10 * seed + at)))
  );
  if (values === undefined || near.includes(undefined)) return undefined;
  const limits = values.map((list, at) => {
    const change = near.map((other) => most(list.map((value, i) => value - other![at]![i]!)));
    const terms = (at === 0 ? given.valueTerms : given.terms)?.(...inputs) ?? 0;
    return 2 * Math.max(...change.filter(Number.isFinite), 0) +
      4e-6 * (most(list.filter(Number.isFinite)) + terms) +
      1e-30;
  });
  return { values, limits };
}

/** The tensor of an argument. */
function tensorOf(given: OperationCase, name: string): Tensor {
  const { shape, values } = given.inputs[name]!;
  const made = given.made[name]!;
  const dtype = made.endsWith("bool") ? "bool" : made.endsWith("int32") ? "int32" : "float32";
  const tensor = tf.tensor(Array.from(values), [...shape], dtype);
  return made.startsWith("cast") ? tf.cast(tensor, "float32") : tensor;
}

const isRefused = ({ made }: OperationCase): boolean =>
  Object.values(made).some((how) => how === "int32" || how === "bool");

/** Runs a case; the caller frees the results. */
function run(given: OperationCase): Tensor[] {
  return tf.tidy(() => {
    const tensors = Object.keys(given.inputs).map((name) => tensorOf(given, name));
    const f = (...list: Tensor[]): Tensor => given.call(...list);
    if (given.gradients === undefined) return [f(...tensors)];
    const y = f(...tensors);
    const dy = tf.tensor(slopes(y.size), y.shape, "float32");
    return [y, ...tf.grads(f)(tensors, dy)];
  });
}

/** Tensors, and the data of the backend. */
const held = (): readonly number[] => [
  tf.memory().numTensors,
  (tf.backend() as unknown as { numDataIds(): number }).numDataIds(),
];

/** Runs a case and checks that nothing but its results is left. */
function runAlone(given: OperationCase): Tensor[] {
  const [tensors, data] = held();
  const results = isRefused(given)
    ? (assertThrows(() => run(given), TypeError, "it must be float32"), [])
    : run(given);
  const distinct = new Set(results.map(({ dataId }) => dataId)).size;
  assertEquals(held(), [tensors! + results.length, data! + distinct], "tensors left behind");
  return results;
}

function compare(
  found: ArrayLike<number>,
  expected: readonly number[],
  limit: number,
  what: string,
) {
  assertEquals(found.length, expected.length, `${what}: length`);
  expected.forEach((value, at) => {
    const error = found[at] === value ? 0 : Math.abs(found[at]! - value);
    if (!(error <= limit)) {
      throw new Error(
        `${what}: element ${at} is ${
          found[at]
        }, expected ${value}; that is off by ${error} of an allowed ${limit}`,
      );
    }
  });
}

/** What a case is, in a line. */
function describe(given: OperationCase, { backend, kernels }: Place): string {
  const inputs = Object.entries(given.inputs).map(([name, { shape, values }]) =>
    `${name} ${given.made[name]} [${shape}] up to ${most(Array.from(values)).toPrecision(2)}`
  );
  return `${given.name} on ${backend}, ${kernels}, of ${inputs.join(", ")}`;
}

/** Runs cases in one place and compares them with what is expected. */
async function runBatch(
  cases: readonly (readonly [OperationCase, Expected])[],
  place: Place,
): Promise<void> {
  await useBackend(place.backend, { kernels: place.kernels });
  const named = <T>(given: OperationCase, f: () => T): T => {
    try {
      return f();
    } catch (cause) {
      throw new Error(`Wrong: ${describe(given, place)}`, { cause });
    }
  };
  const results = cases.map(([given]) => named(given, () => runAlone(given)));
  const read = await readAll(results.flat());
  throwGpuError();
  tf.dispose(results);
  let at = 0;
  cases.forEach(([given, { values, limits }], index) => {
    const own = read.slice(at, at += results[index]!.length);
    named(given, () =>
      own.forEach((found, result) => {
        const what = result === 0
          ? "value"
          : `gradient to ${Object.keys(given.inputs)[result - 1]}`;
        compare(found, values[result]!, limits[result]!, what);
      }));
  });
}

/**
 * Tries random calls.
 *
 * @param seed Decides about the calls.
 * @param count At least how many; each draw is a case for each place.
 * @param places Backends and forms.
 * @param onProgress Is told how many are done.
 * @returns How many there were of what.
 * @throws {Error} If one is wrong; the message has the case and the seed that repeats it.
 */
export async function fuzzOperations(
  seed: number,
  count: number,
  places: readonly Place[],
  onProgress?: (done: number) => void,
): Promise<OperationsReport> {
  const cases: Record<string, number> = {};
  let [done, refused, casts, undecided] = [0, 0, 0, 0];
  for (let own = seed; done < count; own++) {
    const drawn = fc.sample(operationCases, { seed: own, numRuns: batchSize }).flatMap((given) => {
      const expected = isRefused(given) ? { values: [], limits: [] } : expectedOf(given);
      if (expected === undefined) undecided++;
      return expected === undefined ? [] : [[given, expected] as const];
    });
    for (const place of places) {
      try {
        await runBatch(drawn, place);
      } catch (cause) {
        throw new Error(`Repeat with: deno task fuzz:ops --count 1 --seed ${own}`, { cause });
      }
    }
    for (const [given] of drawn) {
      const kind = given.name.split(/[ ,[]/)[0]!;
      cases[kind] = (cases[kind] ?? 0) + places.length;
      if (isRefused(given)) refused += places.length;
      if (Object.values(given.made).some((how) => how.startsWith("cast"))) casts += places.length;
    }
    done += drawn.length * places.length;
    onProgress?.(done);
  }
  return { cases, refused, casts, undecided };
}

/** The command. */
const command: Command = {
  summary: "tries random calls of the operations",
  help: `Usage: deno task fuzz:ops [options]

Tries random calls of the operations, on every backend of this machine, against float64. Ends at the first that is wrong.

  --count N   how many (100000)
  --seed N    decides about them (1)`,
  options: stringOptions("count seed"),
  run: async (args) => {
    requireWords(args, []);
    const count = requireInteger("--count", numberOption(args, "count") ?? 100_000, { min: 1 });
    const seed = requireInteger("--seed", numberOption(args, "seed") ?? 1, { min: 0 });
    const { backends } = await import("../support/backends.ts");
    const places = backends.flatMap((backend) =>
      (["fused", "composed"] as const).map((kernels) => ({ backend, kernels }))
    );
    const started = performance.now();
    const report = await fuzzOperations(seed, count, places, (done) => {
      Deno.stderr.writeSync(new TextEncoder().encode(`\r${done} of ${count} cases`));
    });
    console.error();
    console.table(report.cases);
    const seconds = Math.round((performance.now() - started) / 1000);
    return { report, text: JSON.stringify({ seed, seconds, ...report, cases: undefined }) };
  },
};

if (import.meta.main) Deno.exit(await runTask("fuzz:ops", command, Deno.args));

// Runs whose memory becomes full: they end with a stop, keep the last good parameters, and leave nothing else.

import * as tf from "@tensorflow/tfjs";
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { OutOfMemoryError } from "../../../lib/backend/mod.ts";
import { type Row, train, type TrainOptions, type TrainSettings } from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { fillMemory, wasmBackend } from "../../support/full_memory.ts";
import { manyRows, numbersByPath, tiny } from "./tiny_run.ts";

/** A model whose smallest step needs more room than is left in a full memory. */
const settings: TrainSettings = {
  ...tiny,
  model: { context: 8, width: 64, depth: 2, heads: 2 },
  steps: 6,
};

/** What a run leaves, and its record; memory is full from the first row of a kind and a step on. */
async function run(given: TrainSettings, full?: readonly [kind: string, step: number]) {
  let filled: Disposable | undefined;
  const onRow = ({ kind, step }: Row): void => {
    if (kind === full?.[0] && step === full[1]) filled = fillMemory();
  };
  const options: TrainOptions = { onRow };
  try {
    const { parameters, record } = await train(given, manyRows, options);
    const numbers = await numbersByPath(parameters);
    disposeTree(parameters);
    return { numbers, rows: record.rows, stopped: record.manifest.stopped };
  } finally {
    filled?.[Symbol.dispose]();
  }
}

const cases: Readonly<
  Record<string, [Partial<TrainSettings>, kind: string, step: number, kept: number]>
> = {
  "before the first step": [{}, "evaluation", 0, 0],
  "in the optimizer": [{}, "step", 3, 2],
  "with plain SGD": [{ optimizer: { kind: "sgd" } }, "step", 3, 2],
  "with momentum and every clipping": [
    { optimizer: { kind: "sgd", momentum: 0.9 }, accumulate: 2, clip: 1, clipGates: 1 },
    "step",
    2,
    1,
  ],
  "with losses that are read every other step": [{ reportEvery: 2 }, "step", 4, 3],
  "in a gradient after an evaluation": [{ evaluateEvery: 2 }, "evaluation", 2, 1],
};

for (const kernels of ["fused", "composed"] as const) {
  for (const [name, [given, kind, step, kept]] of Object.entries(cases)) {
    Deno.test(`train() on a full memory keeps its last good parameters, ${name} [wasm, ${kernels}]`, () =>
      onBackend("wasm", async () => {
        const data = wasmBackend().numDataIds();
        const { numbers, stopped } = await run({ ...settings, ...given }, [kind, step]);
        assertEquals(stopped?.reason, "out-of-memory");
        assertMatch(
          stopped!.message,
          /^The memory was full in step \d, kept the .*\. Cannot allocate \d+ bytes on the wasm/,
        );
        assertEquals(numbers, (await run({ ...settings, ...given, steps: kept })).numbers);
        assertEquals(wasmBackend().numDataIds(), data, "data that is alive");
      }, { kernels }));
  }
}

Deno.test("train() without room for its parameters throws, and leaves nothing [wasm]", () =>
  onBackend("wasm", async () => {
    const counts = (): number[] => [tf.memory().numBytes, wasmBackend().numDataIds()];
    const before = counts();
    {
      using _filled = fillMemory();
      await assertRejects(() => train(settings, manyRows), OutOfMemoryError);
      assertEquals(counts(), before);
    }
    assertEquals((await run(settings)).stopped, undefined);
  }));

/** Of 1.3·10⁹ numbers, which take 5.2 GB; or of 0.3·10⁹, which leave no room for gradient and moments. */
const tooLarge = [[1, 1024, 102400], [1, 1024, 20480]] as const;

for (const [depth, width, hidden] of tooLarge) {
  Deno.test(`train() refuses a hidden width of ${hidden} before it makes a tensor [wasm]`, () =>
    onBackend("wasm", async () => {
      const before = wasmBackend().numDataIds();
      const model = { ...settings.model, depth: 6 * depth, width, hidden };
      let made = 0;
      const onRow = (): void => void made++;
      await assertRejects(
        () => train({ ...settings, model }, manyRows, { onRow }),
        OutOfMemoryError,
        "Cannot allocate",
      );
      assertEquals([made, wasmBackend().numDataIds()], [0, before]);
    }));
}

// Trainings that are cut off and gone on with: the record and the parameters are those of an undisturbed one, bit for bit.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { GpuError } from "../../../lib/backend/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { describedBy } from "../../../lib/decoder/described.ts";
import { probeAll } from "../../../lib/probes/mod.ts";
import { trainTask } from "../../../lib/tasks/mod.ts";
import {
  fineTune,
  type Row,
  type StateOptions,
  type Stop,
  train,
  type TrainSettings,
} from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { fillMemory } from "../../support/full_memory.ts";
import { tinyTasks } from "../../support/tiny_tasks.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";
import { manyRows, numbersByPath, tiny } from "./tiny_run.ts";

/** What a training is given here. */
interface Given {
  readonly state?: StateOptions;
  readonly onRow?: (row: Row) => void;
  readonly signal?: AbortSignal;
}

interface Left {
  readonly parameters: unknown;
  readonly record: { readonly rows: readonly Row[]; readonly manifest: object };
}

type Training = (given: Given) => Promise<Left>;

/** Parameters as numbers, rows, and the manifest without times. */
async function outcomeOf({ parameters, record }: Left) {
  const numbers = await numbersByPath(parameters);
  disposeTree(parameters);
  const { rows, manifest } = record;
  return { numbers, rows, manifest: { ...manifest, started: "", wallSeconds: 0 } };
}

class Cut extends Error {}

/** Trains, and throws in the third step whose loss is read, or in the next evaluation; the result is whether it came to that. */
async function cutAt(
  training: Training,
  state: StateOptions,
  kind: "step" | "evaluation",
): Promise<boolean> {
  let left = kind === "step" ? 3 : 1;
  const onRow = (row: Row): void => {
    if (row.kind === kind && --left === 0) throw new Cut();
  };
  try {
    disposeTree((await training({ state, onRow })).parameters);
    return false;
  } catch (error) {
    if (error instanceof Cut) return true;
    throw error;
  }
}

const gated: TrainSettings = {
  ...tiny,
  model: { ...tiny.model, residual: "pre-ln+gpas", dropout: 0.1 },
  steps: 9,
  accumulate: 2,
  clip: 0.5,
  clipGates: 0.01,
  evaluateEvery: 4,
};

const trainings: Readonly<Record<string, Training>> = {
  "train() with GPAS, dropout, accumulation and clipping": (given) =>
    train(gated, manyRows, { ...given, probe: probeAll, probes: {} }),
  "train() that reads every third loss, by SGD with momentum": (given) =>
    train(
      { ...gated, reportEvery: 3, optimizer: { kind: "sgd", momentum: 0.9 } },
      manyRows,
      given,
    ),
  "fineTune()": async (given) => {
    const model = describedBy({ ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary });
    const tree = initDecoder({ ...tiny.model, vocabulary: manyRows.tokenizer.vocabulary }, 5);
    const parameters = Object.fromEntries(tensorsOf(tree).map(({ path, value }) => [path, value]));
    try {
      const { model: _, ...settings } = gated;
      return await fineTune(parameters, model, { ...settings, dropout: 0.1 }, manyRows, given);
    } finally {
      disposeTree(tree);
    }
  },
  ...Object.fromEntries(
    Object.entries(tinyTasks).map(([id, make]): [string, Training] => [
      `trainTask() for ${id}`,
      (given) => {
        const { task, settings } = make();
        const model = { ...settings.model, dropout: 0.1 };
        return trainTask(task, { ...settings, model, steps: 6, evaluateEvery: 4 }, given);
      },
    ]),
  ),
};

/** On the CPU backend, which is slow, the two that have it all. */
const onCpu = Object.keys(trainings).filter((name) => name.startsWith("train()"));

for (const backend of ["cpu", "wasm"] as const) {
  for (const name of backend === "cpu" ? onCpu : Object.keys(trainings)) {
    const training = trainings[name]!;
    Deno.test(`${name}, cut off again and again, ends as if it had not been [${backend}]`, () =>
      onBackend(backend, () =>
        inFolder(async (folder) => {
          const state = { folder: `${folder}/states`, every: 2 };
          const undisturbed = await outcomeOf(await training({}));
          let cuts = 0;
          while (await cutAt(training, state, cuts % 3 === 2 ? "evaluation" : "step")) {
            assert(++cuts < 20, "it does not come to its end");
          }
          assert(cuts > 0, "it was never cut off");
          assertEquals(await outcomeOf(await training({ state })), undisturbed);
        })));
  }
}

const plain: TrainSettings = { ...tiny, steps: 12, evaluateEvery: 3 };

const plainly = (given: Given = {}, settings = plain): Promise<Left> =>
  train(settings, manyRows, given);

/** Runs a test with a folder of states, on WASM. */
const withStates = (body: (folder: string) => Promise<void>) => (): Promise<void> =>
  onBackend("wasm", () => inFolder((folder) => body(`${folder}/states`)));

Deno.test(
  "a run keeps its last states, and of those that were evaluated the best",
  withStates(async (folder) => {
    // the loss rises from the start, so that the first evaluation is the best one
    const rising = { ...plain, schedule: { kind: "constant", peak: 0.5 } } as const;
    const state = { folder, every: 1, last: 3 };
    disposeTree((await plainly({ state }, { ...rising, steps: 9 })).parameters);
    const kept = [3, 6, 7, 8].flatMap((step) => [`step-${step}.json`, `step-${step}.safetensors`]);
    assertEquals(namesIn(folder), ["lock", "rows.jsonl", "run.json", ...kept]);
  }),
);

Deno.test(
  "a run that its caller ends saves its state, and goes on as if it had not been ended",
  withStates(async (folder) => {
    const undisturbed = await outcomeOf(await plainly());
    const state = { folder, every: 100 };
    const stop = new AbortController();
    const left = await plainly({
      state,
      signal: stop.signal,
      onRow: ({ kind, step }) => kind === "step" && step === 5 && stop.abort(),
    });
    assertEquals(left.record.rows.at(-1)?.kind, "evaluation"); // which the whole run does not have
    disposeTree(left.parameters);
    assertEquals(namesIn(folder).includes("step-5.json"), true);
    const seen: number[] = [];
    const onRow = ({ step }: Row): void => void seen.push(step);
    assertEquals(await outcomeOf(await plainly({ state, onRow })), undisturbed);
    assertEquals(Math.min(...seen), 6);
  }),
);

Deno.test(
  "a run whose memory is full saves its state, and goes on where there is room",
  withStates(async (folder) => {
    const settings = { ...plain, model: { ...plain.model, width: 64 } };
    const undisturbed = await outcomeOf(await plainly({}, settings));
    const state = { folder, every: 100 };
    let filled: Disposable | undefined;
    const left = await plainly({
      state,
      onRow: ({ kind, step }) => {
        if (kind === "step" && step === 4) filled = fillMemory();
      },
    }, settings);
    disposeTree(left.parameters);
    filled![Symbol.dispose]();
    assertEquals((left.record.manifest as { stopped?: Stop }).stopped?.reason, "out-of-memory");
    assertEquals(namesIn(folder).includes("step-3.json"), true);
    assertEquals(await outcomeOf(await plainly({ state }, settings)), undisturbed);
  }),
);

Deno.test(
  "a run whose GPU is lost says which state is saved",
  withStates(async (folder) => {
    const lost = ({ kind, step }: Row): void => {
      if (kind === "step" && step === 6) throw new GpuError("The GPU device was lost");
    };
    await assertRejects(
      () => plainly({ state: { folder, every: 2 }, onRow: lost }),
      GpuError,
      "The GPU device was lost; the state of step 4 is saved",
    );
  }),
);

Deno.test(
  "a second training in the same folder is refused, and the first goes on",
  withStates(async (folder) => {
    const state = { folder, every: 2 };
    const undisturbed = await outcomeOf(await plainly());
    let second: Promise<unknown> | undefined;
    const first = plainly({ state, onRow: () => second ??= plainly({ state }).catch((e) => e) });
    assertEquals(await outcomeOf(await first), undisturbed);
    assertMatch(
      String(await second),
      /StateError: Cannot train in .*: another process is doing so/,
    );
  }),
);

/** A rate at which the loss soon jumps. */
const wild: TrainSettings = {
  ...tiny,
  steps: 40,
  optimizer: { kind: "sgd" },
  schedule: { kind: "constant", peak: 1e-2 },
};

/** Parameters that are good until a step; then a batch is drawn of which the loss is huge. */
Deno.test(
  "a run that goes wrong returns to its last good state, goes on with other batches, and repeats itself",
  withStates(async (folder) => {
    const settings: TrainSettings = {
      ...wild,
      schedule: { kind: "constant", peak: 5, warmup: 40 },
      divergence: { spike: 0.5, then: "return", every: 4 },
    };
    const run = async (name: string, cut?: number): Promise<Left> => {
      const state = { folder: `${folder}/${name}` };
      const onRow = ({ kind }: Row): void => {
        if (kind === "return" && cut === 0) throw new Cut();
      };
      return await plainly({ state, onRow }, settings);
    };
    const whole = await outcomeOf(await run("a"));
    const returns = whole.rows.filter(({ kind }) => kind === "return");
    assert(returns.length > 0, "it went wrong");
    assertMatch(
      String(returns[0]!["message"]),
      /^The loss at step \d+ is [\d.]+, which is [\d.]+ nats above [\d.]+, the median of the 16 before it; the gradient is largest in [\w.]+; /,
    );
    assertEquals(Number(returns[0]!.step) % 4, 0);
    assert(Number(returns[0]!["from"]) > Number(returns[0]!.step));
    const steps = whole.rows.filter(({ kind }) => kind === "step").map(({ step }) => step);
    assertEquals(steps, steps.toSorted((a, b) => a - b), "no step is told twice");
    await assertRejects(() => run("b", 0), Cut);
    assertEquals(await outcomeOf(await run("b")), whole);
  }),
);

Deno.test(
  "divergence.then = return needs states, and unknown options are refused",
  withStates(async (folder) => {
    const wrong: readonly (readonly [object, object, string])[] = [
      [{ then: "return" }, {}, "without states"],
      [{ then: "go" }, {}, "must be one of stop, return"],
      [{ spike: 0 }, {}, "divergence.spike"],
      [{ every: 0 }, {}, "divergence.every"],
      [{ spikes: 1 }, {}, 'did you mean "spike"'],
      [{}, { state: { folder, every: 0 } }, "state.every"],
      [{}, { state: { folder, last: 0.5 } }, "state.last"],
      [{}, { state: { folder: 3 } }, "folder"],
    ];
    for (const [divergence, given, message] of wrong) {
      const settings = { ...plain, divergence } as TrainSettings;
      await assertRejects(() => plainly(given as Given, settings), RangeError, message);
    }
  }),
);

// Cells that are interrupted by a real kernel's stop button: they say so, and what comes after works as if nothing had happened.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { type RunRecord, writeRun } from "../../../lib/train/mod.ts";
import { Kernel } from "../../../lib/workshop/jupyter/kernel.ts";
import type { Message } from "../../../lib/workshop/jupyter/wire.ts";
import { inFolder } from "../checkpoint/files.ts";
import { growingRun } from "../cli/growing_run.ts";

/** The errors that a cell shows, and the text of its result. */
interface Shown {
  readonly errors: readonly string[];
  readonly result: string | undefined;
}

/** A while that a cell is in the middle of its work after: an interrupt of a kernel that waits would stop the kernel for good. */
const busy = 400;

/** The longest time that a test may take, in milliseconds: a cell that nothing ends would wait for good. */
const longest = 90_000;

/** Runs a cell; interrupts it soon after it has printed "now". */
async function run(kernel: Kernel, code: string): Promise<Shown> {
  let interrupted: Promise<void> | undefined;
  const { messages, reply } = await kernel.execute(code, ({ content }) => {
    if (content.text !== "now\n") return;
    interrupted = new Promise((resolve) => setTimeout(resolve, busy)).then(() =>
      kernel.interrupt()
    );
  });
  await interrupted;
  const of = (type: string): Message[] => messages.filter(({ header }) => header.msg_type === type);
  const errors = [...of("error"), reply].filter(({ content }) => "ename" in content)
    .map(({ content }) => `${content.ename}: ${content.evalue}`);
  const [result] = of("execute_result").map(({ content }) =>
    (content.data as Record<string, string>)["text/plain"]
  );
  return { errors: [...new Set(errors)], result };
}

/**
 * Runs a test in a kernel of its own. An interrupt that finds Deno's kernel between two turns of its loop stops it for good, as the
 * library cannot help (DESIGN 40); a busy machine makes that likelier. Where the kernel does not answer any more, the test is run again.
 */
async function inKernel(body: (kernel: Kernel) => Promise<void>, tries = 5): Promise<void> {
  const kernel = await Kernel.start({ cwd: checkout });
  let isStopped = false;
  const late = setTimeout(() => {
    isStopped = true;
    kernel.close(); // what is asked of it fails then
  }, longest);
  try {
    return await body(kernel);
  } catch (error) {
    if (!isStopped || tries === 1) throw error;
  } finally {
    clearTimeout(late);
    await kernel.close();
  }
  await inKernel(body, tries - 1);
}

const prepare = `import { setup } from "@normkit/normkit/notebook";
import { disposeTree, makeCorpus, train, valueAndGradient } from "@normkit/normkit";
import * as tf from "@tensorflow/tfjs";
await setup();
const corpus = makeCorpus("the whale and the sea ".repeat(200));
const model = { context: 32, width: 64, depth: 2, heads: 2 };
const settings = { model, schedule: { kind: "constant", peak: 0.001 }, seed: 0, rows: 8, evaluationBatches: 1 } as const;
const w = tf.ones([300, 300]);
const alive = () => tf.memory().numTensors;
undefined;`;

/** Trains a few steps; the losses tell whether the run is the same as ever. */
const trainAgain = `const again${"$"} = await train({ ...settings, steps: 3 }, corpus);
disposeTree(again${"$"}.parameters);
JSON.stringify([alive(), again${"$"}.record.rows.map(({ loss }) => loss)])`;

/** Cells that do not end by themselves, and what they show when they are interrupted. */
const cells: Readonly<Record<string, readonly [code: string, shown: RegExp]>> = {
  "a training": [
    `await train({ ...settings, steps: 1e6 }, corpus, { onRow: ({ step }) => step === 3 && console.log("now") });`,
    /^InterruptedError: The training was interrupted in step \d+ of 1000000$/,
  ],
  "a training outside of tfjs": [
    `await train({ ...settings, steps: 5 }, corpus, { onRow: ({ step }) => { if (step === 3) { console.log("now"); for (;;); } } });`,
    /^InterruptedError: The training was interrupted in step 3 of 5$/,
  ],
  "a training in its first evaluation": [
    `console.log("now"); await train({ ...settings, evaluationBatches: 1e6, steps: 5 }, corpus);`,
    /^InterruptedError: The training was interrupted in step 0 of 5$/,
  ],
  "a loop of gradients": [
    `console.log("now"); for (;;) tf.tidy(() => void valueAndGradient([w], ([x]) => tf.sum(tf.matMul(x!, x!))));`,
    /^(InterruptedError: The cell was interrupted|Error: Execution failed)$/,
  ],
};

for (const [name, [code, shown]] of Object.entries(cells)) {
  Deno.test(`${name} that is interrupted says so, and the next training is as ever`, () =>
    inKernel(async (kernel) => {
      assertEquals((await run(kernel, prepare)).errors, []);
      const before = await run(kernel, trainAgain.replaceAll("$", "1"));
      assertMatch(before.result!, /^"\[1,\[null,/);
      const { errors } = await run(kernel, code);
      assert(errors.length > 0, "nothing was shown");
      errors.forEach((error) => assertMatch(error, shown));
      await new Promise((resolve) => setTimeout(resolve, busy)); // a late word of the interrupt is not the next cell's
      assertEquals(await run(kernel, trainAgain.replaceAll("$", "2")), before);
    }));
}

Deno.test("runs that are viewed in a kernel: an interrupt says so, and the cell that is run again shows them to their end", () =>
  inKernel((kernel) =>
    inFolder(async (folder) => {
      const { row, write } = await growingRun(folder);
      await write(row(1, 3) + row(2, 2));
      const load = `import { liveRuns } from "@normkit/normkit/notebook";
import { armCurves } from "@normkit/normkit/plots";
const draw = () => {
  console.log("now"); // what it does next is rest: what waits for a file would be stopped for good
  return armCurves([{ arm: "own", step: 1, value: 3 }], { title: "Own", quantity: "Loss", scale: "linear" });
};`;
      assertEquals((await run(kernel, load)).errors, []);
      const path = JSON.stringify(`${folder}/runs`);
      const { errors } = await run(kernel, `await liveRuns(${path}, { draw, pause: 60000 });`);
      assert(errors.length > 0, "nothing was shown");
      errors.forEach((error) =>
        assertMatch(error, /^InterruptedError: The view of .*runs was interrupted$/)
      );
      const { messages, reply } = await kernel.execute(
        `(await liveRuns(${path}, { pause: 300 })).map(({ name, isDone }) => [name, isDone]).join()`,
        async ({ header }) => {
          if (header.msg_type !== "display_data") return; // the chart is there: now the run ends
          const record = {
            manifest: { variant: "own" },
            rows: [{ kind: "step", step: 1, loss: 3 }],
          };
          await writeRun(`${folder}/runs`, record as unknown as RunRecord);
          await Deno.remove(`${folder}/runs/unfinished`, { recursive: true });
        },
      );
      assertEquals(reply.content.status, "ok");
      const shown = messages.map((
        { header, content },
      ) => [header.msg_type, (content.data as Record<string, string> | undefined)?.["text/plain"]]);
      const texts = shown.filter(([type]) => /display|result/.test(type!)).map(([, text]) => text);
      assertMatch(texts[0]!, /^own: step 2 of 5/);
      assertMatch(texts.at(-2)!, /^own: step 1, done/);
      assertEquals(texts.at(-1), '"own,true"');
    })
  ));

Deno.test("a training in a kernel that saves its states is not taken for one that was cut off", () =>
  inKernel((kernel) =>
    inFolder(async (folder) => {
      assertEquals((await run(kernel, prepare)).errors, []);
      const state = JSON.stringify({ folder: `${folder}/states`, every: 1 });
      const { errors, result } = await run(
        kernel,
        `const saved = await train({ ...settings, steps: 8 }, corpus, { state: ${state} });
disposeTree(saved.parameters);
saved.record.rows.length;`,
      );
      assertEquals([errors, result], [[], "10"]);
    })
  ));

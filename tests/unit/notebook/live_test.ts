// A live chart: how often it draws, what it sends last, and what a headless run keeps of it.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { frameInterval, live, liveChart } from "../../../lib/notebook/live.ts";
import { Figure } from "../../../lib/plots/figure.ts";
import { executeNotebook } from "../../../lib/workshop/jupyter/execute.ts";
import { code, notebook, outputsOf } from "../workshop/jupyter/notebooks.ts";

/** A chart of a counter under a clock that the test moves. */
function counter() {
  const state = { time: 0, value: 0, drawn: 0, frames: [] as string[] };
  const chart = liveChart(
    () => {
      state.drawn++;
      return new Figure("<svg/>", String(state.value));
    },
    (bundle, { update }) => {
      state.frames.push(`${update ? "update" : "show"} ${bundle["text/plain"]}`);
      return Promise.resolve();
    },
    () => state.time,
  );
  return { state, chart };
}

Deno.test("liveChart() draws only the frames that it sends: one in 250 ms, and the last", async () => {
  const { state, chart } = counter();
  for (let i = 1; i <= 10; i++) {
    state.value = i;
    chart.update();
    state.time += 100;
  }
  assertEquals(frameInterval, 250);
  assertEquals(state.drawn, 4);
  await chart.end();
  assertEquals(state.frames, ["show 1", "update 4", "update 7", "update 10"]);
  await chart.end();
  assertEquals(state.drawn, 4, "what has ended has nothing to send");
});

Deno.test("liveChart() sends a pending frame at its end, and none without an update", async () => {
  const { state, chart } = counter();
  await chart.end();
  assertEquals(state.frames, []);
  const other = counter();
  {
    await using shown = other.chart;
    shown.update();
    other.state.value = 1;
    shown.update();
  }
  assertEquals(other.state.frames, ["show 0", "update 1"]);
});

Deno.test("liveChart() that is updated after its end is shown anew", async () => {
  const { state, chart } = counter();
  chart.update();
  await chart.end();
  for (state.value = 1; state.value <= 3; state.value++) {
    chart.update();
    state.time += 200;
  }
  await chart.end();
  assertEquals(state.frames, ["show 0", "show 1", "update 3"]);
});

Deno.test("liveChart() tells at its end that a frame could not be sent", async () => {
  const refuse = () => Promise.reject(new Error("no display"));
  const chart = liveChart(() => new Figure("<svg/>", ""), refuse, () => 0);
  chart.update();
  await assertRejects(() => chart.end(), Error, "no display");
});

Deno.test("live() draws nothing outside a kernel", async () => {
  const chart = live(() => {
    throw new Error("must not draw");
  });
  chart.update();
  await chart.end();
  await chart[Symbol.asyncDispose]();
});

Deno.test("live() leaves its last frame alone in a headless run, where it was shown first", async () => {
  const executed = await executeNotebook(
    notebook(
      code(`import { keepOutputsInOrder, live } from "@normkit/normkit/notebook";
import { lossCurves } from "@normkit/normkit/plots";
keepOutputsInOrder();`),
      code(`const rows: { variant: string; step: number; loss: number }[] = [];
const chart = live(() => lossCurves(rows, { title: "So far " + rows.length }));
for (let step = 0; step < 40; step++) {
  rows.push({ variant: "pre-ln", step, loss: 4 - step / 20 });
  chart.update();
  await new Promise((resolve) => setTimeout(resolve, 15));
}
await chart.end();
console.log("trained");`),
    ),
    { cwd: checkout },
  );
  const [shown, printed, ...others] = outputsOf(executed.cells[1]);
  assert(shown!.startsWith("display_data "), shown);
  assertStringIncludes(shown!, "So far 40");
  assertEquals(printed, "stdout trained\n");
  assertEquals(others, []);
});

Deno.test("live() shows its chart again when the cell that updates it is run again", async () => {
  const draws = code(`for (let step = 0; step < 3; step++) {
  rows.push({ variant: "pre-ln", step: rows.length, loss: 4 });
  chart.update();
}
await chart.end();`);
  const executed = await executeNotebook(
    notebook(
      code(`import { live } from "@normkit/normkit/notebook";
import { lossCurves, type LossRow } from "@normkit/normkit/plots";
const rows: LossRow[] = [];
const chart = live(() => lossCurves(rows, { title: "Now " + rows.length }));`),
      draws,
      { ...draws, id: "again" },
    ),
    { cwd: checkout },
  );
  const [, first, again] = executed.cells.map(outputsOf);
  assertEquals([first!.length, again!.length], [1, 1]);
  assertStringIncludes(first![0]!, "Now 3");
  assertStringIncludes(again![0]!, "Now 6");
});

// The benchmark's own arithmetic; what it times is not tested here.

import { assert, assertEquals } from "@std/assert";
import { onnxModel } from "./contestants/onnx_model.ts";
import type { Line, TimeLine } from "./record/lines.ts";
import { resultsMarkdown } from "./table.ts";
import { judge } from "./targets.ts";
import type { Contestant, KernelMode } from "./timing/contestant.ts";
import { measure } from "./timing/measure.ts";
import { quartiles, ratios } from "./timing/statistics.ts";

/** A contestant whose clock is a number. */
function fake(name: string, ms: number, kernels?: KernelMode): Contestant & { freed: number } {
  const contestant = {
    task: "task",
    name,
    freed: 0,
    ...(kernels && { kernels }),
    setup: () => ({
      time: (times: number) =>
        Number.isNaN(ms) ? Promise.reject(new Error("it broke")) : Promise.resolve(times * ms),
      dispose: () => {
        contestant.freed++;
      },
    }),
  };
  return contestant;
}

Deno.test("quartiles() interpolates between the sorted values", () => {
  assertEquals(quartiles([4, 1, 3, 2]), { median: 2.5, low: 1.75, high: 3.25 });
  assertEquals(quartiles([7]), { median: 7, low: 7, high: 7 });
});

Deno.test("ratios() divides round by round", () => {
  assertEquals(ratios([2, 9], [1, 3]), [2, 3]);
});

Deno.test("measure() repeats short runs, leaves out what fails, and frees everything once", async () => {
  const [quick, slow, broken] = [fake("quick", 0.5), fake("slow", 40), fake("broken", NaN)];
  const endless = fake("endless", 9000);
  const timing = { rounds: 3, warmUp: 1, settle: 0, sample: 30, longest: 8000 };
  const all = [quick, broken, endless, slow];
  const outcomes = await measure(all, timing, () => Promise.resolve());
  assertEquals(outcomes.find(({ name }) => name === "slow"), {
    task: "task",
    name: "slow",
    times: [40, 40, 40],
    repeats: 1,
  });
  const short = outcomes.find(({ name }) => name === "quick");
  assert(short !== undefined && "times" in short && short.repeats! >= 60);
  assertEquals(outcomes.find(({ name }) => name === "broken"), {
    task: "task",
    name: "broken",
    absent: "it broke",
  });
  assertEquals(outcomes.find(({ name }) => name === "endless"), {
    task: "task",
    name: "endless",
    absent: "a run takes 9.0 s, more than 8.0 s",
  });
  assertEquals(all.map(({ freed }) => freed), [1, 1, 1, 1]);
});

Deno.test("measure() prepares the kernels before every turn", async () => {
  const modes: KernelMode[] = [];
  const prepare = (mode: KernelMode): Promise<void> => {
    modes.push(mode);
    return Promise.resolve();
  };
  const pair = [fake("a", 40, "fused"), fake("b", 40, "composed")];
  await measure(pair, { rounds: 2, warmUp: 0, settle: 0, sample: 1, longest: 1000 }, prepare);
  assertEquals(modes, ["fused", "composed", "fused", "composed", "composed", "fused"]);
});

const facts = { norm: "LayerNorm", parameters: "gain and bias", rows: 2048, width: 768 };

Deno.test("judge() compares the median of the ratios with the limit of the platform", () => {
  const known: Readonly<Record<string, readonly number[]>> = {
    "copy/copy": [1, 1, 1],
    "forward/fused": [1.5, 1.55, 9],
  };
  const times = (task: string, name: string) => known[`${task}/${name}`];
  const on = (platform: "wasm" | "webgpu, software") =>
    judge({ suite: "norms", platform, facts, times, flops: undefined });
  assertEquals(on("wasm").map(({ median, reached }) => [median, reached]), [[1.55, true]]);
  assertEquals(on("webgpu, software").map(({ median, reached }) => [median, reached]), [
    [1.55, false],
  ]);
});

Deno.test("resultsMarkdown() keeps the newest of each measurement", () => {
  const line = (median: number): TimeLine => ({
    kind: "time",
    suite: "norms",
    platform: "wasm",
    facts,
    task: "forward",
    contestant: "fused",
    ...{ median, low: median, high: median },
    unit: "ms",
    rounds: 3,
    ratios: { copy: { median: 1.7, low: 1.6, high: 1.8 } },
  });
  const lines: Line[] = [line(5), line(4)];
  const table = resultsMarkdown(lines);
  assert(table.includes("| LayerNorm (gain and bias), 2048×768, forward | 4 ms (1.7×) |"), table);
  assert(!table.includes("5 ms"), table);
});

Deno.test("onnxModel() writes the format's version, an operator and its float attribute", () => {
  const bytes = onnxModel({
    type: "LayerNormalization",
    domain: "",
    opset: 17,
    inputs: { x: [2, 300] },
    outputs: ["y"],
    floats: { epsilon: 1 },
  });
  const text = String.fromCharCode(...bytes);
  assertEquals([...bytes.slice(0, 2)], [8, 8]);
  assert(text.includes("LayerNormalization") && text.includes("epsilon"));
  const one = String.fromCharCode(0x15, 0, 0, 0x80, 0x3f); // field 2, 32 bits: 1.0
  const threeHundred = String.fromCharCode(8, 0xac, 2); // field 1, a varint
  assert(text.includes(one) && text.includes(threeHundred));
});

// The file of a sweep: every bad field is told by name, with what is allowed; and what it sweeps.

import { assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import schema from "../../../lib/sweep/schema.json" with { type: "json" };
import { fileKinds, requireSweep, type SweepFile } from "../../../lib/sweep/file.ts";
import { probeNames } from "../../../lib/sweep/probes.ts";
import { pointsOf } from "../../../lib/sweep/points.ts";
import { settingKinds } from "../../../lib/train/complete_settings.ts";
import { taskKinds } from "../../../lib/tasks/settings.ts";
import { makeSweep } from "../../../lib/sweep/sweep.ts";
import { tinySweep } from "./tiny_sweep.ts";

/** Fields over those of a good file, and words of what is said of them. */
const wrong: readonly (readonly [fields: object, words: string])[] = [
  [{ grids: {} }, 'Cannot use the option "grids" of a.json: did you mean "grid"?'],
  [{ settings: 3 }, "Cannot use settings = 3 of a.json: it must be an object"],
  [{ settings: undefined }, 'Cannot do without the option "settings" of a.json'],
  [{ backend: "cuda" }, 'Cannot use backend = "cuda": it must be one of wasm, cpu, webgpu'],
  [{ best: "least" }, 'Cannot use best = "least": it must be one of lowest, highest'],
  [{ digits: 0 }, "Cannot use digits = 0: it must be a whole number ≥ 1 and ≤ 17"],
  [{ grid: 3 }, "Cannot use grid = 3 of a.json: it must be an object, or a list of such"],
  [{ grid: [] }, "Cannot use grid = []: it must be a list of one or more values"],
  [{ grid: [3] }, "Cannot use 3 as a grid of a.json: it must be an object"],
  [{ grid: { steps: 3 } }, 'Cannot use grid["steps"] = 3: it must be a list of one or more values'],
  [{ grid: { steps: [] } }, 'Cannot use grid["steps"] = []'],
  [
    { grid: { "schedule.peak": [1, 2], schedule: [{}] } },
    "Cannot sweep schedule.peak before schedule, which replaces it",
  ],
  [
    { random: { count: 1, draw: { model: { of: [{}] } } } },
    "Cannot sweep model.residual before model",
  ],
  [{ grid: { steps: [1, 1] } }, 'Cannot use 1 twice in grid["steps"]: name each value once'],
  [{ grid: { "a b": [1] } }, 'Cannot use "a b" in grid: it must be the place of a setting'],
  [{ grid: { seed: [1] } }, 'Cannot use "seed" in grid: name the seeds under "seeds"'],
  [{ seeds: 0 }, "Cannot use seeds = 0: it must be a whole number ≥ 1"],
  [{ seeds: "2" }, 'Cannot use seeds = "2": it must be a whole number ≥ 1, or a list of seeds'],
  [{ seeds: 1e12 }, "Cannot make the 4000000000000 cells of a.json: there must be at most 100000"],
  [
    { random: { count: 1e9, draw: { clip: { min: 1, max: 2 } } } },
    "Cannot make the 8000000000 cells of a.json",
  ],
  [{ text: {} }, "Cannot use text.file = undefined of a.json: it must be the path of a file"],
  [{ text: { file: 3 } }, "Cannot use text.file = 3 of a.json"],
  [{ text: { file: "" } }, 'Cannot use text.file = "" of a.json'],
  [{ seeds: [0, 0] }, "Cannot use 0 twice in seeds"],
  [{ seeds: [-1] }, "Cannot use a seed of seeds = -1: it must be a whole number ≥ 0"],
  [{ seeds: 2, settings: { seed: 1 } }, "Cannot use seed in settings beside seeds"],
  [{ random: { cuont: 1 } }, 'did you mean "count"?'],
  [{ random: { count: 0, draw: {} } }, "Cannot use random.count = 0"],
  [
    { random: { count: 1, draw: { rows: { min: 1 } } } },
    'Cannot draw random.draw["rows"] without min and max, or of',
  ],
  [
    { random: { count: 1, draw: { rows: { min: 0, max: 1, log: true } } } },
    'Cannot use random.draw["rows"].min = 0: it must be a finite number > 0',
  ],
  [
    { random: { count: 1, draw: { rows: { min: 2, max: 1 } } } },
    'Cannot use random.draw["rows"].max = 1: it must be a finite number > 2',
  ],
  [
    { random: { count: 1, draw: { rows: { of: [1], min: 2 } } } },
    'Cannot use min beside of in random.draw["rows"]',
  ],
  [
    { random: { count: 1, draw: { rows: { min: 1.5, max: 3, whole: true } } } },
    'Cannot use random.draw["rows"].min = 1.5: it must be a whole number',
  ],
  [
    { grid: { rows: [1] }, random: { count: 1, draw: { rows: { of: [1] } } } },
    "Cannot draw rows: it stands in the grid already",
  ],
  [
    { nuisance: ["schedule.peek"] },
    'Cannot use a parameter of nuisance = "schedule.peek": it must be one of model.residual, schedule.peak',
  ],
  [{ probes: ["streem"] }, 'Cannot use a probe of probes = "streem": it must be one of stream'],
  [{ during: ["output"] }, 'Cannot use a probe of during = "output"'],
  [{ halving: { steps: [2, 2] } }, "Cannot use 2 twice in halving.steps"],
  [{ halving: { steps: [4, 2] } }, "Cannot use a step of halving.steps = 2: it must be a whole"],
  [{ halving: { steps: [2], factor: 1 } }, "Cannot use halving.factor = 1"],
  [{ halving: { steps: [2] }, nuisance: [] }, "Cannot halve without nuisance parameters"],
  [
    { settings: { task: "keyword" }, probes: ["stream"] },
    "Cannot use probes in a.json: it is of decoders without a task",
  ],
];
for (const [fields, words] of wrong) {
  Deno.test(`a sweep with ${JSON.stringify(fields)} is refused`, () => {
    assertThrows(() => requireSweep("a.json", { ...tinySweep, ...fields }), RangeError, words);
  });
}

/** Settings that what trains the cells refuses. */
const untrainable: readonly (readonly [fields: Partial<SweepFile>, words: string])[] = [
  [{ grid: { "schedule.peek": [1] }, nuisance: [] }, 'did you mean "peak"?'],
  [{ grid: { "model.residual": ["pre-lm"] }, nuisance: [] }, 'variant "pre-lm": known are'],
  [{ grid: { "schedule.peak": [0.1, -1] } }, "(a.json, at schedule.peak = -1, seed = 0)"],
  [{ grid: { model: [3] }, nuisance: [] }, "Cannot train a decoder without model and schedule"],
  [{ settings: { task: "chess" }, grid: {}, nuisance: [] }, 'Cannot use task = "chess"'],
  [{ halving: { steps: [3] } }, "Cannot halve at step 3: it must be one with an evaluation"],
  [{ halving: { steps: [8] } }, "Cannot halve at step 8: it must be before the last, which is 8"],
];
for (const [fields, words] of untrainable) {
  Deno.test(`a sweep whose cells have ${JSON.stringify(fields)} is refused`, async () => {
    await assertRejects(() => makeSweep({ ...tinySweep, ...fields }, "a.json"), RangeError, words);
  });
}

Deno.test("pointsOf() crosses grids with draws, the first seed of all before the second of any", () => {
  const points = pointsOf({
    settings: {},
    grid: [{ "model.residual": ["a", "b"], steps: [1, 2] }, { "model.residual": ["b", "c"] }],
    seeds: [3, 5],
  });
  assertEquals(points.length, 2 * (4 + 2));
  assertEquals(points[1], { "model.residual": "a", steps: 2, seed: 3 });
  assertEquals(points[6], { "model.residual": "a", steps: 1, seed: 5 });
});

Deno.test("draws are the same again, stay where there are more, and depend on their seed", () => {
  const draw = {
    "schedule.peak": { min: 1e-4, max: 1e-1, log: true },
    rows: { min: 1, max: 4, whole: true },
    "model.norm": { of: ["layer", "rms"] },
  };
  const of = (count: number, seed = 0, own: object = draw) =>
    pointsOf({ settings: {}, random: { count, seed, draw: own } } as SweepFile);
  const [few, many] = [of(20), of(200)];
  assertEquals(many.slice(0, 20), few);
  assertNotEquals(of(20, 1), few);
  const rates = many.map((point) => point["schedule.peak"] as number);
  assertEquals(rates.every((rate) => rate >= 1e-4 && rate <= 1e-1), true);
  const low = rates.filter((rate) => rate < 10 ** -2.5).length;
  assertEquals(low > 70 && low < 130, true, "half of the logarithms are below their middle");
  assertEquals([...new Set(many.map(({ rows }) => rows))].sort(), [1, 2, 3, 4]);
  const { "model.norm": _, ...fewer } = draw;
  assertEquals(of(20, 0, fewer).map(({ rows }) => rows), few.map(({ rows }) => rows));
});

Deno.test("cells are named by what determines them, not by how that is written", async () => {
  const one = await makeSweep(tinySweep);
  const { settings, ...rest } = tinySweep;
  const clear = await makeSweep({ ...rest, settings: { ...settings, accumulate: 1 }, title: "x" });
  assertEquals(clear.cells.map(({ name }) => name), one.cells.map(({ name }) => name));
  const other = await makeSweep({ ...tinySweep, probes: ["stream"] });
  assertNotEquals(other.cells[0]!.name, one.cells[0]!.name);
  const twice = await makeSweep({ ...tinySweep, grid: { clip: [1, 1.0000000000000001e0] } })
    .catch((error) => error.message);
  assertEquals(twice, 'Cannot use 1 twice in grid["clip"]: name each value once');
  assertEquals(new Set(one.cells.map(({ name }) => name)).size, 8);
});

Deno.test("a measure that evaluations lack is refused, and those that they have are named", async () => {
  const images = { task: "image-classification", model: { width: 4, heads: 1 } };
  const cases = [
    [{ measure: "acuracy" }, "nats, bitsPerByte"],
    [{ measure: "bleu", settings: images, grid: {}, nuisance: [] }, "nats, accuracy"],
  ] as const;
  for (const [fields, known] of cases) {
    await assertRejects(
      () => makeSweep({ ...tinySweep, ...fields }, "a.json"),
      RangeError,
      `Cannot use measure = "${fields.measure}" of a.json: it must be one of ${known}`,
    );
  }
  await makeSweep({ ...tinySweep, measure: "bitsPerByte" });
});

Deno.test("the schema that editors read knows what the file may hold", () => {
  const { properties, $defs } = schema;
  assertEquals(Object.keys(properties).sort(), Object.keys(fileKinds).sort());
  const settings = Object.keys({ ...settingKinds, ...taskKinds });
  assertEquals(Object.keys(properties.settings.properties).sort(), settings.sort());
  assertEquals([...$defs.probes.items.enum].sort(), [...probeNames].sort());
  assertEquals(properties.seeds.oneOf.length, 2);
});

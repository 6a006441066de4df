// What a manifest says of all that determines its run: every choice, and a hash that changes with any of them and with nothing else.

import { assertEquals, assertNotEquals } from "@std/assert";
import { useBackend } from "../../../lib/kernels/mod.ts";
import { preLn, type Residual } from "../../../lib/residual/mod.ts";
import { type Determinants, determined } from "../../../lib/train/determinants.ts";
import { train, type TrainOptions, type TrainSettings } from "../../../lib/train/mod.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { manyRows, tiny } from "./tiny_run.ts";

const run: Determinants = { settings: tiny, corpus: manyRows, backend: "cpu" };
const hashOf = (change: Partial<Determinants>): string =>
  determined({ ...run, ...change }).determines;

Deno.test("defaults are what the settings leave open, in the same places", () => {
  const { settings, defaults } = determined(run);
  assertEquals(settings, tiny);
  assertEquals(defaults, {
    length: 8,
    accumulate: 1,
    reportEvery: 1,
    evaluateEvery: 5,
    optimizer: { kind: "adamw", betas: [0.9, 0.98], eps: 1e-8, weightDecay: 0 },
    schedule: { warmup: 1, floor: 0 },
    model: {
      hidden: 32,
      residual: "pre-ln",
      norm: "layer",
      eps: 1e-5,
      normEps: {},
      ends: ["final"],
      positions: "learned",
      activation: "gelu",
      tied: false,
      bias: true,
      dropout: 0,
      init: "xavier",
      embeddingStd: 8 ** -0.5,
      embeddingScale: 8 ** 0.5,
    },
  });
});

Deno.test("settings that say the same have one hash, whatever their order", () => {
  const { model, ...others } = tiny;
  const written: TrainSettings = {
    ...others,
    optimizer: { weightDecay: 0, kind: "adamw" },
    schedule: { peak: 0.01, kind: "constant", warmup: 1 },
    model: { residual: "pre-ln", ...model, hidden: 32 },
    accumulate: 1,
  };
  assertEquals(hashOf({ settings: written }), hashOf({}));
  assertEquals(hashOf({ corpus: { ...manyRows, name: "elsewhere" } }), hashOf({}));
});

Deno.test("whatever determines a run is in its hash", () => {
  const settings = (change: Partial<TrainSettings>): Partial<Determinants> => ({
    settings: { ...tiny, ...change },
  });
  const own = (change: Partial<Residual>): Partial<Determinants> => ({
    residual: { ...preLn, ...change },
  });
  const wiring = (alpha: number): Residual["wiring"] => () => ({
    norms: ["input"],
    gate: "sum",
    weights: { alpha },
    update: ({ add, weigh }, x, f, n) => add(x, weigh(n.weight("alpha"), f(n.input(x)))),
  });
  const init = (gain: number): Residual["init"] => ({ base: "normal", gain: () => gain });
  const [first, ...rest] = manyRows.train;
  const hashes = [
    {},
    settings({ seed: 8 }),
    settings({ steps: 6 }),
    settings({ clip: 1 }),
    settings({ optimizer: { kind: "sgd" } }),
    settings({ schedule: { kind: "constant", peak: 0.01, warmup: 2 } }),
    settings({ model: { ...tiny.model, dropout: 0.1 } }),
    settings({ model: { ...tiny.model, residual: "post-ln" } }),
    { corpus: { ...manyRows, train: Int32Array.of(first! + 1, ...rest) } },
    { corpus: { ...manyRows, heldOut: manyRows.heldOut.subarray(1) } },
    { backend: "wasm" },
    { form: "pre-rmsnorm" },
    { probes: ["stream"] },
    { probes: ["stream", "angles"] },
    { start: "00" },
    own({}),
    own({ init: init(1) }),
    own({ init: init(2) }), // the same text
    own({ wiring: wiring(1) }),
    own({ wiring: wiring(2) }), // the same text
    own({ finalEps: 1e-6 }),
    own({ start: (_, x) => [x, x] }),
  ].map(hashOf);
  assertEquals(new Set(hashes).size, hashes.length);
  assertEquals(hashOf(own({ label: "another", source: "", equation: "" })), hashOf(own({})));
});

/** The hash in the manifest of a training. */
async function trained(options: TrainOptions = {}): Promise<string> {
  const { parameters, record } = await train({ ...tiny, steps: 0 }, manyRows, options);
  disposeTree(parameters);
  return record.manifest.determines;
}

Deno.test("train() hashes its form, its probes and its start, by name or by text", async () => {
  await useBackend("cpu");
  const zero = { settings: { ...tiny, steps: 0 } };
  assertEquals(await trained(), hashOf(zero));
  const probe = (): Promise<[]> => Promise.resolve([]);
  const probes = { evaluations: ["nothing"] };
  assertEquals(await trained({ probe, probes }), hashOf({ ...zero, probes }));
  assertEquals(
    await trained({ probe }),
    hashOf({ ...zero, probes: String(probe).replaceAll(/\s+/g, " ") }),
  );
  const { parameters } = await train({ ...tiny, steps: 1 }, manyRows);
  const start = await trained({ parameters });
  assertEquals(await trained({ parameters }), start);
  assertNotEquals(start, await trained());
  disposeTree(parameters);
  const form: NonNullable<TrainOptions["form"]> = (parameters, config) => ({ parameters, config });
  assertNotEquals(await trained({ form }), await trained());
  assertEquals(await trained({ form, label: "as it is" }), hashOf({ ...zero, form: "as it is" }));
});

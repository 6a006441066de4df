// From records to the rows of charts, on records written by hand.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  angularDistances,
  baselines,
  gateScales,
  gradientNorms,
  heldOutLosses,
  heldOutMeasures,
  inputDifferences,
  layerGradients,
  normSizes,
  outputChanges,
  removalIncreases,
  type Row,
  type RunRecord,
  streamVariance,
  weightNorms,
} from "../../../lib/train/mod.ts";
import { tiny } from "./tiny_run.ts";

const stream = (step: number, name: string, layer: number, variance: number): Row => ({
  kind: "stream",
  step,
  name,
  layer,
  variance,
});

const gradient = (step: number, layer: number, parameter: string, norm: number): Row => ({
  kind: "gradient",
  step,
  layer,
  parameter,
  norm,
});

function recordOf(variant: string, seed: number, rows: readonly Row[]): RunRecord {
  return {
    manifest: {
      variant,
      settings: { ...tiny, seed },
      corpus: {
        name: "",
        trainTokens: 0,
        heldOutTokens: 0,
        bytesPerToken: 1,
        characters: "a",
        sha256: "",
      },
      defaults: {},
      determines: "",
      parameters: 0,
      backend: "cpu",
      versions: {},
      hardware: "",
      started: "",
      wallSeconds: 0,
    },
    rows,
  };
}

const record = recordOf("lns", 4, [
  { kind: "evaluation", step: 0, nats: 3, bitsPerByte: 4 },
  stream(0, "blocks.1.resid_pre", 0, 1),
  gradient(0, 1, "attention.wq", 9),
  { kind: "step", step: 5, loss: 2.5 },
  { kind: "evaluation", step: 5, nats: 2, bitsPerByte: 3 },
  stream(5, "blocks.1.resid_pre", 0, 2),
  stream(5, "blocks.1.resid_mid", 1, 3),
  stream(5, "blocks.1.resid_post", 1, 4),
  stream(5, "blocks.2.resid_pre", 1, 4),
  stream(5, "blocks.2.resid_post", 2, 6),
  gradient(5, 0, "wte", 100),
  gradient(5, 1, "attention.wq", 3),
  gradient(5, 1, "attention.wk", 4),
  gradient(5, 2, "attention.wq", 5),
]);
const other = recordOf("pre-ln", 1, [{ kind: "evaluation", step: 0, nats: 7, bitsPerByte: 8 }]);

Deno.test("heldOutLosses() has a row for each evaluation of each run", () => {
  assertEquals(heldOutLosses([record, other]), [
    { variant: "lns", seed: 4, step: 0, loss: 3 },
    { variant: "lns", seed: 4, step: 5, loss: 2 },
    { variant: "pre-ln", seed: 1, step: 0, loss: 7 },
  ]);
});

Deno.test("streamVariance() has the embedding and the end of each layer, at the last step or another", () => {
  const run = { variant: "lns", seed: 4 };
  assertEquals(streamVariance([record, other]), [
    { ...run, layer: 0, value: 2 },
    { ...run, layer: 1, value: 4 },
    { ...run, layer: 2, value: 6 },
  ]);
  assertEquals(streamVariance([record], 0), [{ ...run, layer: 0, value: 1 }]);
});

Deno.test("gradientNorms() leaves out what is in no layer", () => {
  const found = gradientNorms([record]).map((
    { layer, parameter, norm },
  ) => [layer, parameter, norm]);
  assertEquals(found, [[1, "attention.wq", 3], [1, "attention.wk", 4], [2, "attention.wq", 5]]);
});

Deno.test("layerGradients() joins the parameters of a layer", () => {
  const [first, second] = layerGradients([record]);
  assertEquals([first!.layer, second!.layer, second!.value], [1, 2, 5]);
  assertAlmostEquals(first!.value, 5, 1e-15);
  assertEquals(layerGradients([record], 0), [{ variant: "lns", seed: 4, layer: 1, value: 9 }]);
});

Deno.test("measures of a task come by their names, with what the baseline reaches", () => {
  const baseline = { kind: "baseline", step: 0, name: "the most frequent class", accuracy: 0.1 };
  const task = [1, 2].map((seed) =>
    recordOf("pre-ln", seed, [
      baseline,
      { kind: "evaluation", step: 0, nats: 3, accuracy: 0.2 },
      { kind: "evaluation", step: 5, nats: 2, accuracy: 0.3 + seed },
    ])
  );
  const run = { variant: "pre-ln", seed: 1 };
  assertEquals(heldOutMeasures([task[0]!, record], "accuracy"), [
    { ...run, step: 0, value: 0.2 },
    { ...run, step: 5, value: 1.3 },
  ]);
  assertEquals(baselines([...task, record], "accuracy"), [
    { label: "the most frequent class", value: 0.1 },
  ]);
  assertEquals(baselines(task, "bleu"), []);
});

Deno.test("layers of several stacks are told apart", () => {
  const own = (row: Row, stack: string): Row => ({ ...row, stack });
  const both = recordOf("pre-ln", 1, [
    own(stream(5, "encoder.blocks.1.resid_pre", 0, 2), "encoder"),
    own(stream(5, "encoder.blocks.1.resid_post", 1, 3), "encoder"),
    own(stream(5, "decoder.blocks.1.resid_pre", 0, 4), "decoder"),
    own(stream(5, "decoder.blocks.1.resid_cross", 1, 9), "decoder"),
    own(stream(5, "decoder.blocks.1.resid_post", 1, 5), "decoder"),
    own(gradient(5, 1, "attention.wq", 3), "encoder"),
    own(gradient(5, 1, "attention.wk", 4), "encoder"),
    own(gradient(5, 1, "attention.wq", 7), "decoder"),
  ]);
  assertEquals(
    streamVariance([both]).map(({ stack, layer, value }) => [stack, layer, value]),
    [["encoder", 0, 2], ["encoder", 1, 3], ["decoder", 0, 4], ["decoder", 1, 5]],
  );
  assertEquals(
    layerGradients([both]).map(({ stack, layer, value }) => [stack, layer, value]),
    [["encoder", 1, 5], ["decoder", 1, 7]],
  );
  assertEquals(
    gradientNorms([both]).map(({ parameter }) => parameter),
    ["encoder.attention.wq", "encoder.attention.wk", "decoder.attention.wq"],
  );
});

Deno.test("what probes saw at the last step comes by layer, sub-layer and pair of depths", () => {
  const run = { variant: "pre-ln+gpas", seed: 2 };
  const seen = recordOf(run.variant, run.seed, [
    { kind: "removal", step: 1, layer: 1, loss: 9, increase: 9 },
    { kind: "removal", step: 2, layer: 1, loss: 3, increase: 0.5 },
    { kind: "gate", step: 2, name: "blocks.1.gate", layer: 1, gate: 0.1, scale: 0.95 },
    { kind: "input", step: 2, name: "blocks.1.mlp_in", sublayer: 2, difference: 0.7 },
    { kind: "gradient", step: 2, layer: 1, parameter: "feedForward.w2", norm: 4, weight: 10 },
    { kind: "gradient", step: 2, layer: 1, parameter: "attention.wq", norm: 5, weight: 11 },
    { kind: "angle", step: 2, from: 0, to: 1, cosine: 0, angular: 0.5 },
  ]);
  assertEquals(removalIncreases([seen]), [{ ...run, layer: 1, value: 0.5 }]);
  assertEquals(removalIncreases([seen], 1), [{ ...run, layer: 1, value: 9 }]);
  assertEquals(gateScales([seen]), [{ ...run, layer: 1, value: 0.95 }]);
  assertEquals(inputDifferences([seen]), [{ ...run, layer: 2, value: 0.7 }]);
  assertEquals(weightNorms([seen]), [{ ...run, layer: 1, value: 10 }]);
  assertEquals(weightNorms([seen], "attention.wq"), [{ ...run, layer: 1, value: 11 }]);
  assertEquals(angularDistances([seen]), [{ ...run, from: 0, to: 1, value: 0.5 }]);
  assertEquals(removalIncreases([other]), []);
});

Deno.test("what probes saw over the steps comes with each step", () => {
  const norm = (step: number, name: string, size: number): Row => (
    { kind: "norm", step, name, layer: 1, size }
  );
  const seen = recordOf("post-ln", 0, [
    { kind: "output", step: 0, change: 0 },
    norm(0, "blocks.1.norm.attention.stream", 1),
    norm(0, "blocks.1.norm.feedForward.stream", 2),
    { kind: "output", step: 5, change: 1.5 },
    norm(5, "blocks.1.norm.attention.stream", 3),
  ]);
  const run = { variant: "post-ln", seed: 0 };
  assertEquals(outputChanges([seen]), [
    { ...run, step: 0, value: 0 },
    { ...run, step: 5, value: 1.5 },
  ]);
  assertEquals(normSizes([seen], "attention.stream"), [
    { ...run, step: 0, layer: 1, value: 1 },
    { ...run, step: 5, layer: 1, value: 3 },
  ]);
});

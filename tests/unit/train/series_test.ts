// From records to the rows of charts, on records written by hand.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  gradientNorms,
  heldOutLosses,
  layerGradients,
  type Row,
  type RunRecord,
  streamVariance,
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
      corpus: { name: "", trainTokens: 0, heldOutTokens: 0, bytesPerToken: 1, characters: "a" },
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

// Probes of parameters: gradients, updates and gates against float64 computation.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { disposeTree, tensorsOf } from "../../../lib/core/mod.ts";
import { valueAndGradient } from "../../../lib/backend/mod.ts";
import { decoder, initDecoder } from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { probeGates, probeGradients, probeUpdates } from "../../../lib/probes/mod.ts";
import { residuals, withGpas } from "../../../lib/residual/mod.ts";
import { makeOptimizer } from "../../../lib/train/mod.ts";
import { dot } from "../../reference/rows.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";
import { batch, config, shakenModel } from "./model.ts";

const norm = (row: readonly number[]): number => Math.sqrt(dot(row, row));

const lossGradient = (model: ReturnType<typeof shakenModel>) =>
  valueAndGradient(
    model,
    (p) => crossEntropy(decoder(p, config, batch.inputs), batch.targets),
  );

onEachBackend("probeGradients() gives the norms of every gradient and weight", async (backend) => {
  const model = shakenModel();
  const { value, gradient } = lossGradient(model);
  const rows = await probeGradients(model, config, batch);
  const list = tensorsOf(gradient);
  assertEquals(rows.map(({ name }) => name), list.map(({ path }) => path));
  const gradients = (await numbersOf(() => list.map((leaf) => leaf.value))).map(norm);
  const weights = (await numbersOf(() => tensorsOf(model).map((leaf) => leaf.value))).map(norm);
  rows.forEach(({ name, norm: found, weight }, i) => {
    // relative to each weight, so that a gradient of rounding errors (the key bias's is 0) is compared by what it can move
    const scale = Math.max(gradients[i]!, weights[i]!);
    const limit = tolerance(backend, "value");
    assertClose([found, scale], [gradients[i]!, scale], limit, `gradient of ${name}`);
    assertClose([weight], [weights[i]!], limit, `weight of ${name}`);
  });
  disposeTree([model, value, gradient]);
});

onEachBackend("probeGradients() says the layer and the place of a parameter", async () => {
  const model = shakenModel();
  const rows = await probeGradients(model, config, batch);
  const place = (wanted: string) => {
    const { layer, parameter } = rows.find(({ name }) => name === wanted)!;
    return [layer, parameter];
  };
  assertEquals(place("wte"), [0, "wte"]);
  assertEquals(place("head.w"), [0, "head.w"]);
  assertEquals(place("blocks.2.attention.wq"), [2, "attention.wq"]);
  assertEquals(place("blocks.1.norm.attention.input.gain"), [1, "norm.attention.input.gain"]);
  assertEquals(place("blocks.1.gate"), [1, "gate"]);
  disposeTree(model);
});

onEachBackend("probeUpdates() after a step of SGD is lr · ‖g‖ / ‖w‖", async (backend) => {
  const rate = 8; // large, so that the difference of the parameters keeps its digits
  const model = shakenModel();
  const gradients = await probeGradients(model, config, batch);
  const { value, gradient } = lossGradient(model);
  const sgd = makeOptimizer({ kind: "sgd" });
  const { parameters } = sgd.update(model, gradient, sgd.init(model), rate);
  const rows = await probeUpdates(model, parameters);
  assertEquals(
    rows.map(({ name, layer }) => [name, layer]),
    gradients.map(({ name, layer }) => [name, layer]),
  );
  const expected = gradients.map((row) => rate * row.norm / row.weight);
  const found = rows.map(({ ratio }) => ratio);
  assertClose(found, expected, tolerance(backend, "gradient"), "ratios");
  disposeTree([model, value, gradient, parameters]);
});

onEachBackend(
  "probeUpdates() is 0 where nothing moved and infinite where a parameter left 0",
  async () => {
    const model = initDecoder(config, 1); // its biases and gates are 0
    const moved = { ...model, norm: { final: { ...model.norm.final!, bias: tf.ones([8]) } } };
    const rows = await probeUpdates(model, moved);
    for (const { name, ratio } of rows) {
      assertEquals(ratio, name === "norm.final.bias" ? Infinity : 0, name);
    }
    moved.norm.final.bias.dispose();
    disposeTree(model);
  },
);

const silu = (x: number): number => x / (1 + Math.exp(-x));

onEachBackend("probeGates() gives α and 1 − SiLU(α) for each gate", async (backend) => {
  const model = shakenModel();
  const rows = await probeGates(model, config);
  assertEquals(rows.map(({ name, layer }) => [name, layer]), [["blocks.1.gate", 1], [
    "blocks.2.gate",
    2,
  ]]);
  const gates = await numbersOf(() => model.blocks.map(({ gate }) => gate as tf.Tensor));
  assertEquals(rows.map(({ gate }) => [gate]), gates);
  const expected = gates.map(([gate]) => 1 - silu(gate!));
  assertClose(rows.map(({ scale }) => scale), expected, tolerance(backend, "value"), "scales");
  disposeTree(model);
});

onEachBackend(
  "probeGates() knows gates of sub-layers, other activations and models without gates",
  async (backend) => {
    const base = residuals.find(({ id }) => id === "pre-ln")!;
    const own = { ...config, residual: withGpas(base, { gate: "site", activation: "tanh" }) };
    const model = shakenModel(own);
    const rows = await probeGates(model, own);
    assertEquals(rows.map(({ name }) => name), [
      "blocks.1.gate.attention",
      "blocks.1.gate.feedForward",
      "blocks.2.gate.attention",
      "blocks.2.gate.feedForward",
    ]);
    const expected = rows.map(({ gate }) => 1 - Math.tanh(gate));
    assertClose(rows.map(({ scale }) => scale), expected, tolerance(backend, "value"), "scales");
    const plain = { ...config, residual: "pre-ln" };
    const ungated = shakenModel(plain);
    assertEquals(await probeGates(ungated, plain), []);
    disposeTree([model, ungated]);
  },
);

onEachBackend("probeGates() of a model at its start scales by 1", async () => {
  const model = initDecoder(config, 1);
  const rows = await probeGates(model, config);
  assertEquals(rows.map(({ gate, scale }) => [gate, scale]), [[0, 1], [0, 1]]);
  disposeTree(model);
});

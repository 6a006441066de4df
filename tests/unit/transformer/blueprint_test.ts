// What a blueprint says of parameters, against what is drawn of it.

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree } from "../../../lib/core/mod.ts";
import { Random } from "../../../lib/core/random.ts";
import { Blueprint, drawStarts } from "../../../lib/transformer/blueprint.ts";
import { onEachBackend } from "../../support/backends.ts";

onEachBackend("drawStarts() draws each parameter from a stream of its own name", async () => {
  const blueprint = new Blueprint("layer");
  const map = { weight: "encoder.blocks.2.attention.wq", bias: "encoder.blocks.2.attention.bq" };
  assertEquals(blueprint.linear(map, [30, 40], { std: 0.5, bias: true, stream: "reads" }), {
    ...map,
    layout: "in-out",
  });
  blueprint.linear({ weight: "head.w", bias: "head.b" }, [3, 2], {
    std: 1,
    bias: false,
    stream: "reads",
  });
  blueprint.norm("norm.final", "layer", 1e-5, { width: 4, gain: 3, bias: true });
  blueprint.scalar("gate", -1);
  const drawn = drawStarts(blueprint.starts, 7);
  const shapes = Object.entries(drawn).map(([name, { shape }]) => [name, shape]);
  assertEquals(shapes, [
    ["encoder.blocks.2.attention.wq", [30, 40]],
    ["encoder.blocks.2.attention.bq", [40]],
    ["head.w", [3, 2]],
    ["norm.final.gain", [4]],
    ["norm.final.bias", [4]],
    ["gate", []],
  ]);
  const matrix = [...await drawn["encoder.blocks.2.attention.wq"]!.data()];
  const own = ["encoder", "blocks.2", "attention", "wq"];
  const stream = own.reduce((random, label) => random.fork(label), new Random(7));
  assertEquals(matrix, [...Float32Array.from(stream.normals(1200, 0.5))]);
  const square = matrix.reduce((sum, x) => sum + x * x, 0) / matrix.length;
  assertAlmostEquals(Math.sqrt(square), 0.5, 0.05);
  assertEquals([...await drawn["norm.final.gain"]!.data()], [3, 3, 3, 3]);
  assertEquals([...await drawn["gate"]!.data()], [-1]);
  disposeTree(drawn);
  const before = tf.memory().numTensors;
  assertThrows(() => drawStarts(blueprint.starts, -1), RangeError, "seed");
  assertEquals(tf.memory().numTensors, before);
});

// The layers where a program has loaded tfjs twice: the other copy's tensors work, and of its models a sentence says what is wrong.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import {
  accelerate,
  CRMSNormalization,
  GPAS,
  LayerNormalization,
  RMSNormalization,
} from "../../../lib/tfjs/mod.ts";
import { useBackend } from "../../../mod.ts";

tf.env().set("PROD", true); // else the other copy warns of each kernel that both have
const file: string = "@tensorflow/tfjs/dist/tf.min.js"; // it has no types of its own
const { default: other } = await import(file) as { default: typeof tf };

const classes = { CRMSNormalization, GPAS, LayerNormalization, RMSNormalization };

for (const [name, Layer] of Object.entries(classes)) {
  Deno.test(`${name} refuses models of another copy of tfjs by name`, () => {
    const layer = new Layer({ name: "mine" });
    const refused = "Cannot apply mine to an input of another copy of tfjs: ";
    const first = other.layers.dense({ units: 4, inputShape: [4] });
    assertThrows(() => other.sequential({ layers: [first, layer] }), RangeError, refused);
    const input = other.input({ shape: [4] });
    assertThrows(() => new Layer({ name: "mine" }).apply(input), RangeError, refused);
    first.dispose();
  });
}

Deno.test("a layer takes tensors of another copy of tfjs", async () => {
  await useBackend("cpu");
  const x = other.tensor2d([[3, 4]]);
  const y = new RMSNormalization({ epsilon: 1e-12 }).apply(x) as tf.Tensor;
  const [first, second] = await y.data();
  assertEquals([first!.toFixed(4), second!.toFixed(4)], ["0.8485", "1.1314"]);
  tf.dispose([x, y]);
});

Deno.test("accelerate() refuses a model of another copy of tfjs", async () => {
  const layer = other.layers.layerNormalization({ inputShape: [4] });
  const model = other.sequential({ layers: [layer] });
  await assertRejects(
    () => accelerate(model),
    RangeError,
    "Cannot accelerate a model of another copy of tfjs: ",
  );
  model.dispose();
});

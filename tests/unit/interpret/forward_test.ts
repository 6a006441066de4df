// Whole models: a decoder that attends to an encoder, in both arithmetics, and nothing left behind.

import { assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import type { TensorSource } from "../../../lib/checkpoint/tensors.ts";
import type { ModelSpec } from "../../../lib/model/spec.ts";
import { branch } from "../../../lib/families/spec_parts.ts";
import { float32 } from "../../../lib/interpret/float32.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { runModel } from "../../../lib/interpret/stream.ts";
import type { Rows } from "../../reference/rows.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { makeAttention } from "../../support/described_layer.ts";
import { memoryTensors } from "../../support/memory_tensors.ts";
import { affine, plainAttention, plainNorm } from "../../support/plain_layer.ts";
import { tolerance } from "../../support/tolerances.ts";
import { pixels, tokens, twoStacks } from "../../support/two_stacks.ts";

const limit = 1e-13;
const width = 4;

/** An image encoder whose final norm a decoder of tokens attends to, then a head. */
function crossModel(): { spec: ModelSpec; tensors: TensorSource; logits: Rows } {
  const { store, stacks, text, image } = twoStacks();
  const plan = {
    heads: 2,
    keyValueHeads: 2,
    causal: false,
    stored: "separate",
    layout: "out-in",
    memory: "vision",
  } as const;
  const attention = makeAttention(store, width, plan);
  const [norm, end] = [store.norm("norm", "layer", width), store.norm("end", "rms", width)];
  const map = store.affine(3, width);
  const block = {
    branches: [branch({ input: norm.site }, attention.described)],
    parallel: false,
  };
  const memory = plainNorm(end.plain, image);
  const added = plainAttention(attention.plain, plainNorm(norm.plain, text), memory);
  const stream = text.map((row, t) => row.map((value, lane) => value + added[t]![lane]!));
  return {
    spec: {
      stacks: {
        vision: { ...stacks["vision"]!, final: end.site },
        text: { ...stacks["text"]!, blocks: [block], final: end.site },
      },
      heads: [{
        linear: store.linear("head", "out-in", [map]),
        stack: "text",
        reads: "all",
      }],
    },
    tensors: memoryTensors(store.tensors),
    logits: plainNorm(end.plain, stream).map((row) => affine(map, row)),
  };
}

Deno.test("runModel() lets a decoder attend to an encoder, and shows every stream", async () => {
  const { logits, ...model } = crossModel();
  const seen: string[] = [];
  const { outputs } = await runModel(float64, model, { tokens, pixels }, {
    onLayer: (stack, layer, stream) => {
      seen.push(`${stack} ${layer}: ${stream.length / width}`);
    },
  });
  assertClose(outputs["logits"]!.values, logits.flat(), limit, "logits");
  assertEquals(seen, ["vision 0: 6", "text 0: 5", "text 1: 5"]);
});

onEachBackend("runModel() gives the same in float32 and leaves nothing behind", async (backend) => {
  const { logits, ...model } = crossModel();
  const { outputs } = await runModel(float32(), model, { tokens, pixels });
  assertClose(outputs["logits"]!.values, logits.flat(), tolerance(backend, "value"), "logits");
  const before = tf.memory().numTensors;
  const stop = (_: string, layer: number): void => {
    if (layer === 1) throw new Error("stopped");
  };
  const inputs = { tokens, pixels };
  await assertRejects(
    () => runModel(float32(), model, inputs, { onLayer: stop }),
    Error,
    "stopped",
  );
  await assertRejects(() => runModel(float32(), model, { tokens }), RangeError, "Cannot attend");
  assertEquals(tf.memory().numTensors, before);
});

// ResiDual of an encoder–decoder: each stack gives its Post-LN stream plus a final norm, with an ε of its own, of all that was added to what
// entered (papers.md §3.1). That the decoder attends to this sum is held by tests/golden/transformers_test.ts.

import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree } from "../../../lib/core/mod.ts";
import { normsIn } from "../../../lib/model/parameters.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { norm } from "../../reference/norms.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tapsOf } from "../../support/taps.ts";
import { layers, transformerCases } from "../../support/transformer_cases.ts";

const { make, inputs, options } = transformerCases["encoder-decoder"]!;
const stacks = ["encoder", "decoder"] as const;

Deno.test("ResiDual has a final norm for each stack, whose ε is 1e-7 and no other's", () => {
  const { spec } = make("resi-dual");
  const small = normsIn(spec).filter(({ eps }) => eps !== 1e-5);
  assertEquals(
    small.map(({ gain, eps }) => [gain, eps]),
    stacks.map((stack) => [`${stack}.norm.final.gain`, 1e-7]),
  );
  for (const stack of stacks) {
    assertEquals(spec.stacks[stack]!.final?.gain, `${stack}.norm.final.gain`);
  }
});

onEachBackend(
  "ResiDual's output is x + LN(x⁰ + Σ f), in the encoder and in the decoder",
  async () => {
    const model = make("resi-dual");
    const drawn = drawStarts(model.starts, 4);
    // what is added is so small that ε decides
    const parameters = tf.tidy(() =>
      Object.fromEntries(
        Object.entries(drawn).map(([name, value]) => {
          const factor = /wte|wpe|w[o2]$/.test(name) ? 2e-4 : 1;
          const shift = name.includes("norm.final") ? 0.3 : 0;
          return [name, tf.add(tf.mul(value, factor), shift)];
        }),
      )
    );
    const taps = await tapsOf((tap) =>
      runBatch(parameters, model, inputs(), { ...options, tap })["logits"]!
    );
    const { width } = layers;
    const finalNorm = { eps: 1e-7, gain: Array(width).fill(1.3), bias: Array(width).fill(0.3) };
    for (const stack of stacks) {
      const added = [...taps.keys()].filter((name) => name.startsWith(`${stack}.`))
        .filter((name) => /embed|(attn|mlp)_out$/.test(name));
      const depth = model.spec.stacks[stack]!.blocks.length;
      assertEquals(added.length, 1 + depth * (stack === "encoder" ? 2 : 3));
      const dual = added.map((name) => taps.get(name)!)
        .reduce((sum, values) => sum.map((value, at) => value + values[at]!));
      const stream = taps.get(`${stack}.blocks.${depth}.resid_post`)!;
      const expected = stream.map((value, at) => {
        const first = at - at % width;
        const row = dual.slice(first, first + width);
        return value + norm("layer", row, finalNorm)[at % width]!;
      });
      assertClose(taps.get(`${stack}.final`)!, expected, 2e-5, stack);
    }
    disposeTree([drawn, parameters]);
  },
);

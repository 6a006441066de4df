// The figures' own variants: their starts and gradients are what the papers' controls say.

import { assert, assertAlmostEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { postLnInit, preLnScaled } from "../../../lib/workshop/figures/control_variants.ts";
import { disposeTree, mapTree, tensorsOf } from "../../../lib/core/mod.ts";
import { takeNumbers, valueAndGradient } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
} from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { batch, config, shakenModel } from "../probes/model.ts";

const loss = (own: DecoderConfig) => (model: DecoderParameters) =>
  crossEntropy(decoder(model, own, batch.inputs), batch.targets);

Deno.test("Post-LN-init divides the weights of layer l by N − l + 1 and leaves queries and keys", () =>
  onBackend("cpu", async () => {
    const [own, plain] = [postLnInit, "post-ln"].map((residual) =>
      initDecoder({ ...config, residual, depth: 3 }, 1)
    ) as [DecoderParameters, DecoderParameters];
    const reference = new Map(tensorsOf(plain).map(({ path, value }) => [path, value]));
    for (const { path, value } of tensorsOf(own)) {
      const [, layer, name] = /^blocks\.(\d)\..*\.(w[qkvo12])$/.exec(path) ?? [];
      if (name === undefined) continue;
      const expected = name === "wq" || name === "wk" ? 1 : 1 / (3 - Number(layer) + 1);
      const ratio = tf.tidy(() => tf.div<Tensor>(tf.norm(value), tf.norm(reference.get(path)!)));
      assertAlmostEquals((await takeNumbers([ratio]))[0]!, expected, 1e-5, path);
    }
    for (const model of [own, plain]) disposeTree(model);
  }));

Deno.test("scaling without a stop-gradient has GPAS's value and the gradient of what it computes", () =>
  onBackend("cpu", async () => {
    const [own, gated] = [{ ...config, residual: preLnScaled }, config];
    const model = shakenModel(gated);
    const of = (variant: DecoderConfig) => valueAndGradient(model, loss(variant));
    const [a, b] = [of(own), of(gated)];
    const values = await takeNumbers([a.value, b.value]);
    assertAlmostEquals(values[0]!, values[1]!, 1e-6);

    // by differences along the gradient: the slope is ‖g‖ where g is the true gradient
    const slope = async (along: DecoderParameters): Promise<[measured: number, norm: number]> => {
      const parts = new Map(tensorsOf(along).map(({ path, value }) => [path, value]));
      const squares = tensorsOf(along).map(({ value }) => tf.tidy(() => tf.sum(tf.square(value))));
      const norm = Math.sqrt((await takeNumbers(squares)).reduce((sum, square) => sum + square, 0));
      const at = (step: number): Tensor =>
        tf.tidy(() => {
          const move = (leaf: Tensor, path: string) =>
            tf.add<Tensor>(leaf, tf.mul(step / norm, parts.get(path)!));
          return loss(gated)(mapTree<DecoderParameters, Tensor>(model, move));
        });
      const [up, down] = await takeNumbers([at(1e-2), at(-1e-2)]);
      return [(up! - down!) / 2e-2, norm];
    };
    const [measured, norm] = await slope(a.gradient);
    assertAlmostEquals(measured / norm, 1, 5e-3);
    const [withSg, normWithSg] = await slope(b.gradient);
    assert(Math.abs(withSg / normWithSg - 1) > 0.02, `GPAS's own: ${withSg / normWithSg}`);
    for (const tree of [model, a.gradient, b.gradient]) disposeTree(tree);
  }));

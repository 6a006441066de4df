// What sub-layers and norms read, a layer's worth, and the output's way, against float64 computation on the model's values.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { disposeTree, mapTree } from "../../../lib/core/mod.ts";
import { takeNumbers } from "../../../lib/backend/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import { decoder, type DecoderParameters } from "../../../lib/decoder/mod.ts";
import { crossEntropy } from "../../../lib/ops/mod.ts";
import { probeInputs, probeNorms, probeRemoval, watchOutput } from "../../../lib/probes/mod.ts";
import { dot, mean } from "../../reference/rows.ts";
import { onBackend, onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { tolerance } from "../../support/tolerances.ts";
import { activations, batch, config, shakenModel } from "./model.ts";

onEachBackend(
  "probeInputs() gives the mean absolute difference of consecutive sub-layers' inputs",
  async (backend) => {
    const model = shakenModel();
    const seen = await activations(model);
    const rows = await probeInputs(model, config, batch.inputs);
    const names = ["blocks.1.attn_in", "blocks.1.mlp_in", "blocks.2.attn_in", "blocks.2.mlp_in"];
    assertEquals(rows.map(({ name }) => name), names.slice(1));
    assertEquals(rows.map(({ sublayer }) => sublayer), [2, 3, 4]);
    for (const [i, { kind, name, difference }] of rows.entries()) {
      const [before, now] = [seen.get(names[i]!)!.flat(), seen.get(name)!.flat()];
      const expected = mean(now.map((value, at) => Math.abs(value - before[at]!)));
      assertEquals(kind, "input");
      assertClose([difference], [expected], tolerance(backend, "value"), name);
    }
    disposeTree(model);
  },
);

Deno.test("what a sub-layer reads is the normed stream in Pre-LN and the stream itself in ResiDual", () =>
  onBackend("cpu", async () => {
    const dual = { ...config, residual: "resi-dual" };
    const [pre, post] = [shakenModel(), shakenModel(dual)];
    const seen = await activations(post, dual);
    assertEquals(seen.get("blocks.2.attn_in"), seen.get("blocks.2.resid_pre"));
    assertEquals(seen.get("blocks.2.mlp_in"), seen.get("blocks.2.resid_mid"));
    const normed = await activations(pre);
    assertEquals(normed.get("blocks.2.norm.attention.input"), normed.get("blocks.2.resid_pre"));
    for (const model of [pre, post]) disposeTree(model);
  }));

onEachBackend(
  "probeNorms() gives the size of what each norm reads, by its parameters' path",
  async (backend) => {
    for (const residual of ["post-ln", "deep-norm", "sub-ln", "peri-ln"]) {
      const own = { ...config, residual };
      const model = shakenModel(own);
      const seen = await activations(model, own);
      const rows = await probeNorms(model, own, batch.inputs);
      const sites = Object.keys(model.blocks[0]!.norm.attention!).length;
      assertEquals(rows.length, 2 * 2 * sites, residual);
      for (const { kind, name, layer, size } of rows) {
        const sizes = seen.get(name)!.map((x) => Math.sqrt(dot(x, x) / x.length));
        assertEquals([kind, layer], ["norm", Number(name.split(".")[1])]);
        assertClose([size], [mean(sizes)], tolerance(backend, "value"), `${residual} ${name}`);
      }
      disposeTree(model);
    }
  },
);

/** The loss of the model on the batch. */
async function lossOf(model: DecoderParameters, own = config): Promise<number> {
  const loss = tf.tidy(() => crossEntropy(decoder(model, own, batch.inputs), batch.targets));
  return (await takeNumbers([loss]))[0]!;
}

onEachBackend(
  "probeRemoval() gives the loss of the model that lacks the layer",
  async (backend) => {
    // gates of 0, so that a Pre-LN layer without its output projections passes the stream on as it is
    const own = { ...config, residual: "pre-ln" };
    const model = shakenModel(own);
    const whole = await lossOf(model, own);
    const rows = await probeRemoval(model, own, batch);
    assertEquals(rows.map(({ kind, layer }) => [kind, layer]), [["removal", 1], ["removal", 2]]);
    for (const { layer, loss, increase } of rows) {
      const silenced = mapTree<DecoderParameters, Tensor>(
        model,
        (leaf, path) =>
          new RegExp(`^blocks\\.${layer}\\..*\\.(wo|w2|bo|b2)$`).test(path)
            ? tf.zerosLike(leaf)
            : leaf.clone(),
      );
      const expected = await lossOf(silenced, own);
      assertClose([loss], [expected], tolerance(backend, "value"), `layer ${layer}`);
      assertAlmostEquals(increase, loss - whole, 1e-6);
      disposeTree(silenced);
    }
    disposeTree(model);
  },
);

Deno.test("probeRemoval() takes the norm on the stream away too, and the branch out of ResiDual's sum", () =>
  onBackend("cpu", async () => {
    // in a stack whose second layer is left out, what is left is the first layer alone
    for (const residual of ["post-ln", "resi-dual"]) {
      const [two, one] = [{ ...config, residual }, { ...config, residual, depth: 1 }];
      const model = shakenModel(two);
      const first = { ...model, blocks: model.blocks.slice(0, 1) };
      const [, last] = await probeRemoval(model, two, batch);
      assertClose([last!.loss], [await lossOf(first, one)], tolerance("cpu", "value"), residual);
      disposeTree(model);
    }
  }));

onEachBackend(
  "watchOutput() gives the RMS distance of the logits from the first",
  async (backend) => {
    const [start, later] = [shakenModel(), shakenModel({ ...config, residual: "pre-ln+gpas" })];
    const wte = tf.mul(later.wte, 1.5);
    const moved = { ...later, wte };
    const watch = watchOutput();
    const [first] = await watch(start, config, batch.inputs);
    assertEquals(first, { kind: "output", change: 0 });
    const [second] = await watch(moved, config, batch.inputs);
    const [a, b] = await numbersOf(() =>
      [start, moved].map((model) => decoder(model, config, batch.inputs))
    );
    const expected = Math.sqrt(mean(a!.map((value, i) => (value - b![i]!) ** 2)));
    assertClose([second!.change], [expected], tolerance(backend, "value"), "ΔF");
    for (const tree of [start, later]) disposeTree(tree);
    wte.dispose();
  },
);

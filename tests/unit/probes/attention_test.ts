// The entropy of attention, where it is known and against float64 computation on the pattern.

import * as tf from "@tensorflow/tfjs";
import { assertEquals } from "@std/assert";
import { disposeTree, mapTree } from "../../../lib/core/mod.ts";
import type { Tensor } from "../../../lib/core/tensor.ts";
import type { DecoderParameters } from "../../../lib/decoder/mod.ts";
import { probeAttention } from "../../../lib/probes/mod.ts";
import { mean } from "../../reference/rows.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { activations, batch, config, shakenModel } from "./model.ts";

const entropyOf = (row: readonly number[]): number =>
  row.reduce((sum, p) => sum - (p === 0 ? 0 : p * Math.log(p)), 0);

onEachBackend("probeAttention() gives the mean entropy of each head", async (backend) => {
  const model = shakenModel();
  const seen = await activations(model);
  const rows = await probeAttention(model, config, batch.inputs);
  assertEquals(rows.map(({ layer, head }) => [layer, head]), [[1, 1], [1, 2], [2, 1], [2, 2]]);
  const [queries, heads] = [5, 2];
  const expected = rows.map(({ name, layer, head }) => {
    assertEquals(name, `blocks.${layer}.attn.pattern`);
    const pattern = seen.get(name)!; // rows in the order batch, head, query
    return mean(
      pattern.filter((_, i) => Math.floor(i / queries) % heads === head - 1).map(entropyOf),
    );
  });
  const found = rows.map(({ entropy }) => entropy);
  assertClose(found, expected, tolerance(backend, "value"), "entropies");
  disposeTree(model);
});

/** The model with queries of 0, which look at every key alike. */
function indifferentModel(): DecoderParameters {
  const model = shakenModel();
  const indifferent = mapTree<DecoderParameters, Tensor>(
    model,
    (leaf, path) => /attention\.(wq|bq)$/.test(path) ? tf.zerosLike(leaf) : leaf.clone(),
  );
  disposeTree(model);
  return indifferent;
}

onEachBackend(
  "probeAttention() of uniform attention is the mean of ln t over queries",
  async (backend) => {
    const model = indifferentModel();
    const rows = await probeAttention(model, config, batch.inputs);
    const expected = mean([1, 2, 3, 4, 5].map(Math.log));
    const limit = tolerance(backend, "value");
    assertClose(rows.map(({ entropy }) => entropy), rows.map(() => expected), limit, "entropies");
    disposeTree(model);
  },
);

onEachBackend(
  "probeAttention() of a first query, which sees itself alone, is 0",
  async (backend) => {
    const model = shakenModel();
    const rows = await probeAttention(model, config, [[3], [4]]);
    const limit = tolerance(backend, "value");
    assertClose(rows.map(({ entropy }) => entropy), rows.map(() => 0), limit, "entropies");
    disposeTree(model);
  },
);

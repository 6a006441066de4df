// Probes of the residual stream against float64 computation on its values.

import { assertEquals } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { probeAngles, probeBranches, probeStream } from "../../../lib/probes/mod.ts";
import { dot, mean } from "../../reference/rows.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { tolerance } from "../../support/tolerances.ts";
import { type Activation, activations, batch, config, shakenModel } from "./model.ts";

const norm = (row: readonly number[]): number => Math.sqrt(dot(row, row));

function variance(row: readonly number[]): number {
  const center = mean(row);
  return mean(row.map((value) => (value - center) ** 2));
}

const places = ["resid_pre", "resid_mid", "resid_post"];

onEachBackend(
  "probeStream() gives mean, RMS and variance at TransformerLens's places, layers from 1",
  async (backend) => {
    const model = shakenModel();
    const seen = await activations(model);
    const rows = await probeStream(model, config, batch.inputs);
    const names = [1, 2].flatMap((layer) => places.map((place) => `blocks.${layer}.${place}`));
    assertEquals(rows.map(({ name }) => name), names);
    assertEquals(rows.map(({ layer }) => layer), [0, 1, 1, 1, 2, 2]);
    for (const { kind, name, mean: found, rms, variance: spread } of rows) {
      const x = seen.get(name)!;
      const flat = x.flat();
      const expected = [mean(flat), Math.sqrt(mean(flat.map((v) => v * v))), mean(x.map(variance))];
      assertEquals(kind, "stream");
      assertClose([found, rms, spread], expected, tolerance(backend, "value"), name);
    }
    disposeTree(model);
  },
);

onEachBackend(
  "probeStream() sees one stream, whose end of a layer is the next one's start",
  async () => {
    const model = shakenModel();
    const rows = await probeStream(model, config, batch.inputs);
    const at = (wanted: string) => {
      const { name: _, layer: __, ...numbers } = rows.find(({ name }) => name === wanted)!;
      return numbers;
    };
    assertEquals(at("blocks.2.resid_pre"), at("blocks.1.resid_post"));
    disposeTree(model);
  },
);

onEachBackend(
  "probeBranches() gives what a branch adds beside the stream that it joins",
  async (backend) => {
    for (const residual of ["pre-ln+gpas", "post-ln", "resi-dual"]) {
      const own = { ...config, residual };
      const model = shakenModel(own);
      const seen = await activations(model, own);
      const rows = await probeBranches(model, own, batch.inputs);
      const pairs = [1, 2].flatMap((layer) => [
        [`blocks.${layer}.attn_out`, `blocks.${layer}.resid_pre`],
        [`blocks.${layer}.mlp_out`, `blocks.${layer}.resid_mid`],
      ]) as [string, string][];
      assertEquals(rows.map(({ name }) => name), pairs.map(([name]) => name));
      assertEquals(rows.map(({ layer }) => layer), [1, 1, 2, 2]);
      const ratio = ([branch, stream]: [string, string]): number =>
        mean(seen.get(branch)!.map((row, i) => norm(row) / norm(seen.get(stream)![i]!)));
      const found = rows.map((row) => row.ratio);
      assertClose(found, pairs.map(ratio), tolerance(backend, "value"), residual);
      disposeTree(model);
    }
  },
);

onEachBackend("probeAngles() gives cosine and angle between every two depths", async (backend) => {
  const model = shakenModel();
  const seen = await activations(model);
  const depths = ["blocks.1.resid_pre", "blocks.2.resid_pre", "blocks.2.resid_post"];
  const rows = await probeAngles(model, config, batch.inputs);
  assertEquals(rows.map(({ from, to }) => [from, to]), [[0, 1], [0, 2], [1, 2]]);
  for (const { from, to, cosine, angular } of rows) {
    const [x, y] = [seen.get(depths[from]!)!, seen.get(depths[to]!)!] as [Activation, Activation];
    const cosines = x.map((row, i) => dot(row, y[i]!) / norm(row) / norm(y[i]!));
    const expected = [mean(cosines), mean(cosines.map((c) => Math.acos(c) / Math.PI))];
    assertClose([cosine, angular], expected, tolerance(backend, "value"), `${from} to ${to}`);
  }
  disposeTree(model);
});

// GPAS in the real decoder: what stop-gradient does to the gradient of every parameter (papers: the ratio law), and that gates at
// 0 leave the model as it is.

import { assert, assertEquals } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { decoder, type DecoderConfig, initDecoder } from "../../../lib/decoder/mod.ts";
import {
  lns,
  periLn,
  preLn,
  type Residual,
  residuals,
  sandwichLn,
  type StreamWiring,
  subLn,
} from "../../../lib/residual/mod.ts";
import { gateActivations } from "../../reference/gpas.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { changed, lossAndGradients } from "../../support/parameters.ts";
import { tolerance } from "../../support/tolerances.ts";

const gates = [0.3, -0.4, 0.35] as const;
const depth = gates.length;
const config: DecoderConfig = {
  vocabulary: 9,
  context: 6,
  width: 8,
  depth,
  heads: 2,
  hidden: 12,
  init: "xavier",
};
const tokens = [[1, 6, 0, 3, 2], [4, 8, 5, 0, 1]];
const targets = Int32Array.from([6, 0, 3, 2, 7, 8, 5, 0, 1, 4]);

/** c = 1 − SiLU(α) of a layer. */
const scaleOf = (layer: number): number => 1 - gateActivations.silu.value(gates[layer - 1]!);

/** The same forward pass as `base+gpas`, its scaling written as a plain product that the gradient passes through. */
const scaledPlainly = (base: Residual): Residual => ({
  ...base,
  id: `${base.id}, scaled`,
  wiring: (site) => {
    const wiring = base.wiring(site) as StreamWiring;
    return {
      ...wiring,
      update: (algebra, x, f, n) =>
        algebra.scale(scaleOf(site.layer), wiring.update(algebra, x, f, n)),
    };
  },
});

/** ∏ c over the sites that a parameter's effect passes. */
function productAfter(path: string): number {
  const later = (layer: number): number =>
    Array.from({ length: depth - layer }, (_, index) => scaleOf(layer + 1 + index) ** 2)
      .reduce((product, c) => product * c, 1);
  if (/^(wte|wpe)/.test(path)) return later(0);
  const layer = Number(/^blocks\.(\d+)\./.exec(path)?.[1] ?? depth + 1);
  if (layer > depth) return 1; // final norm and head
  const sites = path.includes("feedForward") ? 1 : 2;
  return later(layer) * scaleOf(layer) ** sites;
}

for (const base of [preLn, subLn, sandwichLn, lns, periLn]) {
  onEachBackend(
    `decoder() of ${base.id}+gpas obeys the ratio law in every parameter`,
    async (backend) => {
      const withGates = { ...config, residual: `${base.id}+gpas` };
      const plain = { ...config, residual: scaledPlainly(base) };
      const parameters = await changed(
        initDecoder(withGates, 3),
        (path, value) => path.endsWith(".gate") ? gates[Number(path.split(".")[1]) - 1]! : value,
      );
      const found = await lossAndGradients(parameters, withGates, tokens, targets);
      disposeTree(parameters);
      const start = initDecoder(plain, 3);
      const expected = await lossAndGradients(start, plain, tokens, targets);
      disposeTree(start);

      assertClose([found.loss], [expected.loss], tolerance(backend, "value"), "loss");
      assert(expected.gradients.size > 30);
      for (const [path, gradient] of expected.gradients) {
        if (path.endsWith(".bk")) continue; // 0 by symmetry
        const divided = gradient.map((value) => value / productAfter(path));
        assertClose(found.gradients.get(path)!, divided, tolerance(backend, "gradient"), path);
      }
    },
  );
}

onEachBackend("decoder() with every gate at 0 is its base, bit for bit", async () => {
  for (const { id } of residuals) {
    const [logits, expected] = await numbersOf(() =>
      [`${id}+gpas`, id].map((residual) => {
        const full = { ...config, residual };
        return decoder(initDecoder(full, 3), full, tokens);
      })
    );
    assertEquals(logits, expected, id);
  }
});

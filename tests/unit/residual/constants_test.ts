import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  deepNorm,
  deepNormScale,
  lnsGain,
  type ScaledMatrix,
  subLn,
} from "../../../lib/residual/mod.ts";
import type { Site } from "../../../lib/residual/mod.ts";
import { constantsTable, depthConstants } from "../../reference/constants.ts";

const matrices: readonly ScaledMatrix[] = ["wv", "wo", "w1", "w2"];
const at = (depth: number, role: Site["role"] = "attention"): Site => ({
  layer: 1,
  depth,
  stack: "decoder",
  role,
});

Deno.test("deepNormScale() gives the table's α and β of a stack on its own", () => {
  for (const { depth, alpha, beta } of constantsTable) {
    const found = deepNormScale({ depth });
    assertAlmostEquals(found.alpha, alpha, 5.001e-5, `α at depth ${depth}`);
    assertAlmostEquals(found.beta, beta, 5.001e-5, `β at depth ${depth}`);
    const exact = depthConstants(depth, depth);
    assertAlmostEquals(found.alpha, exact.alpha, 1e-14);
    assertAlmostEquals(found.beta, exact.beta, 1e-14);
  }
});

Deno.test("deepNorm's start scales the four matrices by β, cross-attention included", () => {
  for (const { depth } of constantsTable) {
    const { beta } = depthConstants(depth, depth);
    for (const role of ["attention", "crossAttention", "feedForward"] as const) {
      for (const matrix of matrices) {
        assertAlmostEquals(deepNorm.init.gain!(at(depth, role), matrix), beta, 1e-14);
      }
    }
  }
});

Deno.test("subLn's start scales the four matrices by γ, but for cross-attention", () => {
  for (const { depth, gamma } of constantsTable) {
    for (const matrix of matrices) {
      const found = subLn.init.gain!(at(depth), matrix);
      assertAlmostEquals(found, gamma, 5.001e-5, `γ at depth ${depth}`);
      assertAlmostEquals(found, depthConstants(depth, depth).gamma, 1e-14);
      assertEquals(subLn.init.gain!(at(depth, "crossAttention"), matrix), 1);
    }
  }
});

Deno.test("lnsGain's input gains start at 1/√l", () => {
  for (const layer of [1, 2, 3, 16]) {
    const found = lnsGain.init.normGain!({ ...at(16), layer });
    assertAlmostEquals(found, 1 / Math.sqrt(layer), 1e-14);
  }
});

// The closed forms behind figures that move: against the papers' own numbers, and against models in float64.

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { deepNormScale, subLnGain } from "../../../../lib/residual/variants.ts";
import {
  countTo,
  deepNetBound,
  gateScale,
  gpasRatio,
  lastGradient,
  magnetoBound,
  normShares,
  postLnExtension,
  postLnPath,
  postLnSize,
  preLnPath,
  preLnSize,
  resiDualPath,
} from "../../../../lib/workshop/web/formulas/closed_forms.ts";
import { Random } from "../../../../mod.ts";
import { gateActivations } from "../../../reference/gpas.ts";

const mean = (values: readonly number[]): number =>
  values.reduce((sum, one) => sum + one, 0) / values.length;

Deno.test("Xiong et al.: Post-LN's gradient does not depend on depth, and the extension's factor is the paper's", () => {
  assertAlmostEquals(lastGradient(postLnSize, 128, 32), Math.sqrt(4 / 3), 1e-12);
  assertAlmostEquals(postLnExtension(11), 0.1075, 5e-5);
  assertEquals(postLnExtension(0), 1);
});

Deno.test("Xiong et al.: Pre-LN's stream lies in Lemma 2's band, at its upper end for one token", () => {
  for (const tokens of [1, 2, 32, 1e6]) {
    preLnSize(24, tokens).forEach((size, l) => {
      assert(
        size >= 1 + l / 2 - 1e-9 && size <= 1 + 3 * l / 2 + 1e-9,
        `${tokens} tokens, layer ${l}`,
      );
    });
  }
  assertAlmostEquals(preLnSize(4, 1)[4]!, 1 + 3 * 4 / 2, 1e-9);
  assertAlmostEquals(preLnSize(1, 1e9)[1]!, 1.5, 1e-6); // independent tokens: attention averages them away
});

Deno.test("DeepNet: the paper's constants hold the bound at 1 at any depth, Post-LN's grows with it", () => {
  for (const depth of [1, 12, 100]) {
    const { alpha, beta } = deepNormScale({ depth });
    assertAlmostEquals(deepNetBound(depth, alpha, beta), 1, 1e-12);
    assertEquals(deepNetBound(depth, 1, 1), 4 * depth);
  }
});

/** Theorem 3.1 as it is printed, for sub-layers that are alike. */
function printedBound(sublayers: number, gain: number): number {
  const squares = countTo(sublayers).map(() => gain ** 2);
  const all = squares.reduce((sum, one) => sum + one, 0);
  const direct = sublayers * 2 / all;
  const through = countTo(sublayers).slice(1).reduce(
    (sum, k) => sum + direct * squares[k - 1]! / ((k - 1) * gain ** 2),
    0,
  );
  return direct + through;
}

Deno.test("Magneto: the bound is the printed double sum, and γ makes it level", () => {
  for (const sublayers of [2, 6, 48]) {
    for (const gain of [1, 1.7]) {
      assertAlmostEquals(magnetoBound(sublayers, gain), printedBound(sublayers, gain), 1e-9);
    }
  }
  assertAlmostEquals(magnetoBound(48, 1) / magnetoBound(6, 1), 1.656, 1e-3);
  const level = [3, 1000].map((depth) => magnetoBound(2 * depth, subLnGain({ depth })));
  assert(level[1]! < level[0]! && level[1]! > 2, String(level));
});

/** The gradient that each branch receives on average, by drawing linear branches in float64. */
function drawnPaths(sublayers: number, b: number, sigma: number, kind: "post" | "pre" | "dual") {
  const [width, draws] = [64, 12];
  const random = new Random(0);
  const received = countTo(sublayers).map(() => [] as number[]);
  const normalsOf = (label: string, count: number, std: number) => [
    ...random.fork(label).normals(count, std),
  ];
  const norm = (v: readonly number[]) => Math.hypot(...v);
  for (let draw = 0; draw < draws; draw++) {
    const maps = countTo(sublayers).map((k) => {
      const entries = normalsOf(`${draw} ${k}`, width ** 2, b / Math.sqrt(width));
      return countTo(width).map((row) => entries.slice((row - 1) * width, row * width));
    });
    const up = normalsOf(`${draw} up`, width, 1 / Math.sqrt(width));
    const back = (map: number[][], v: readonly number[]) =>
      map.map((row) => row.reduce((sum, one, at) => sum + one * v[at]!, 0));
    const scaled = (v: readonly number[], by: number) => v.map((one) => one * by);
    const plus = (v: readonly number[], w: readonly number[]) => v.map((one, at) => one + w[at]!);
    const direct = scaled(up, 1 / Math.sqrt(1 + sublayers * sigma ** 2));
    let g = kind === "pre" ? direct : up;
    for (let k = sublayers; k >= 1; k--) {
      const a = 1 / Math.hypot(1, sigma);
      const own = kind === "pre" ? g : kind === "post" ? scaled(g, a) : plus(scaled(g, a), direct);
      received[k - 1]!.push(norm(own) ** 2 / norm(up) ** 2);
      const read = kind === "pre" ? 1 / Math.sqrt(1 + (k - 1) * sigma ** 2) : 1;
      const passed = kind === "pre" ? g : scaled(g, a);
      g = plus(passed, scaled(back(maps[k - 1]!, own), read));
    }
  }
  return received.map((squares) => Math.sqrt(mean(squares)));
}

Deno.test("ResiDual: the laws of the three designs are those of drawn branches", () => {
  const branches = { sublayers: 6, b: 0.5, sigma: 1 };
  const laws = { post: postLnPath, pre: preLnPath, dual: resiDualPath } as const;
  for (const kind of ["post", "pre", "dual"] as const) {
    const drawn = drawnPaths(6, 0.5, 1, kind);
    laws[kind](branches).forEach((value, at) => {
      assertAlmostEquals(value / drawn[at]!, 1, 0.08, `${kind}, branch ${at + 1}`);
    });
  }
});

Deno.test("ResiDual: nothing decays where b = σ, and no branch receives less than the floor", () => {
  const post = postLnPath({ sublayers: 24, b: 2, sigma: 2 });
  assertAlmostEquals(post[0]! / post[23]!, 1, 1e-12);
  for (const b of [0, 0.3, 1]) {
    const floor = 1 / Math.sqrt(1 + 48);
    const least = Math.min(...resiDualPath({ sublayers: 48, b, sigma: 1 }));
    assert(least >= floor, `b = ${b}: ${least} under ${floor}`);
  }
});

Deno.test("GPAS: a gate scales by 1 − SiLU, and gradients grow by every gate above", () => {
  for (const gate of [-1.278, -0.3, 0, 0.4]) {
    const c = 1 - gateActivations.silu.value(gate);
    assertAlmostEquals(gateScale(gate), c, 1e-12);
    const sites = countTo(2 * 3 + 1).reduce((all) => all * c, 1); // three layers of two sites above, and its own
    assertAlmostEquals(gpasRatio(gate, 3), 1 / sites, 1e-9);
  }
  assertAlmostEquals(gateScale(-1.27846), 1.27846, 1e-5);
});

Deno.test("Jiang et al.: norms are counted per token, centering writers per parameter", () => {
  const few = normShares({ width: 128, depth: 4, tokens: 64, context: 64 });
  const many = normShares({ width: 128, depth: 4, tokens: 16384, context: 64 });
  assertAlmostEquals(few.layer, many.layer, 1e-15);
  assertAlmostEquals(few.rms / few.layer, 0.5, 1e-12);
  assertAlmostEquals(few.crms / few.layer, 0.75, 1e-12);
  const embedding = 2 * 128 / (4 * (12 * 128 ** 2 + 2 * 128 * 64) + 96 * 128);
  assertAlmostEquals((few.centering - embedding) / (many.centering - embedding), 256, 1e-6);
});

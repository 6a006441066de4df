// Every residual variant next to the others, each one object that reads like its paper's equation. To add one, see the
// README: an object here, a row in tests/unit/residual/variants_test.ts, a cell in the atlas notebook.

import { add, mul } from "@tensorflow/tfjs";
import { requireNumber } from "../core/check.ts";
import type { Residual, Site, Wiring } from "./types.ts";

/** x_{l+1} = LN(x_l + f(x_l)). Cure: none, it is the original. Cost: needs warm-up; fails when deep. */
export const postLn: Residual = {
  id: "post-ln",
  label: "Post-LN",
  source: "Vaswani et al. 2017; Xiong et al. 2020, Table 1",
  equation: String.raw`x_{l+1} = \mathrm{LN}(x_l + f_l(x_l))`,
  ends: [],
  init: { base: "xavier" },
  wiring: () => ({
    norms: ["stream"],
    gate: "shortcut",
    update: (x, f, n) => n.stream(add(x, f(x))),
  }),
};

/** x_{l+1} = x_l + f(LN(x_l)). Cures the need for warm-up. Cost: the stream grows, deep layers matter less. */
export const preLn: Residual = {
  id: "pre-ln",
  label: "Pre-LN",
  source: "Xiong et al. 2020, Table 1",
  equation: String.raw`x_{l+1} = x_l + f_l(\mathrm{LN}(x_l))`,
  ends: ["final"],
  init: { base: "xavier" },
  wiring: () => ({
    norms: ["input"],
    gate: "sum",
    update: (x, f, n) => add(x, f(n.input(x))),
  }),
};

/** Pre-LN with a second norm before each output projection. Cures growth of the update. Cost: one more norm. */
export const subLn: Residual = {
  id: "sub-ln",
  label: "Sub-LN",
  source: "Wang et al. 2022 (Foundation Transformers), §3.1 and Fig. 2",
  equation: String.raw`x_{l+1} = x_l + W_o\,\mathrm{LN}(f_l(\mathrm{LN}(x_l)))`,
  ends: ["final"],
  init: {
    base: "xavier",
    gain: ({ depth, role }) => role === "crossAttention" ? 1 : Math.sqrt(Math.log(2 * depth)),
  },
  wiring: (site) => {
    if (site.role === "crossAttention") return preLn.wiring(site);
    return {
      norms: ["input", "inner"],
      gate: "sum",
      update: (x, f, n) => add(x, f(n.input(x), n.inner)),
    };
  },
};

/**
 * DeepNorm's constants for a stack on its own. Source: Wang et al. 2022 (DeepNet), Fig. 2.
 *
 * @throws {RangeError} If the depth is not above 0.
 */
export function deepNormScale({ depth }: Pick<Site, "depth">): { alpha: number; beta: number } {
  requireNumber("depth", depth, { above: 0 });
  return { alpha: (2 * depth) ** 0.25, beta: (8 * depth) ** -0.25 };
}

/** x_{l+1} = LN(α x_l + f(x_l)). Cures exploding updates of Post-LN. Cost: constants that depend on depth. */
export const deepNorm: Residual = {
  id: "deep-norm",
  label: "DeepNorm",
  source: "Wang et al. 2022 (DeepNet), §2 and Fig. 2",
  equation: String.raw`x_{l+1} = \mathrm{LN}(\alpha x_l + f_l(x_l))`,
  ends: [],
  init: { base: "xavier", gain: (site) => deepNormScale(site).beta },
  wiring: (site) => {
    const { alpha } = deepNormScale(site);
    return {
      norms: ["stream"],
      gate: "shortcut",
      update: (x, f, n) => n.stream(add(mul(alpha, x), f(x))),
    };
  },
};

const bothSides: Wiring = {
  norms: ["input", "output"],
  gate: "sum",
  update: (x, f, n) => add(x, n.output(f(n.input(x)))),
};

/** x_{l+1} = x_l + LN(f(LN(x_l))). Cures large branch outputs in half precision. Cost: two norms per sub-layer. */
export const sandwichLn: Residual = {
  id: "sandwich-ln",
  label: "Sandwich-LN",
  source: "Ding et al. 2021 (CogView), released code",
  equation: String.raw`x_{l+1} = x_l + \mathrm{LN}(f_l(\mathrm{LN}(x_l)))`,
  ends: ["final"],
  init: {
    base: "normal",
    gain: ({ depth }, matrix) => matrix === "wo" || matrix === "w2" ? (2 * depth) ** -0.5 : 1,
  },
  wiring: () => bothSides,
};

/** Post-LN whose branches are also summed on a second stream, normed once at the end. Cures vanishing gradients. */
export const resiDual: Residual = {
  id: "resi-dual",
  label: "ResiDual",
  source: "Xie et al. 2023 (ResiDual); final ε from the released code",
  equation: String
    .raw`x_{l+1} = \mathrm{LN}(x_l + f_l(x_l)),\quad y = x_{L+1} + \mathrm{LN}\Big(x_1 + \sum_l f_l(x_l)\Big)`,
  ends: ["final"],
  init: { base: "xavier" },
  finalEps: 1e-7,
  wiring: postLn.wiring,
  finish: (x, branches, final) => add(x, final(branches)),
};

/** Post-LN in the first quarter of the layers, Pre-LN in the others. Cures idle deep layers. Below L = 4 it is Pre-LN. */
export const mixLn: Residual = {
  id: "mix-ln",
  label: "Mix-LN",
  source: "Li et al. 2024 (Mix-LN)",
  equation: String
    .raw`x_{l+1} = \begin{cases}\mathrm{LN}(x_l + f_l(x_l)) & l \le \lfloor L/4 \rfloor\\ x_l + f_l(\mathrm{LN}(x_l)) & l > \lfloor L/4 \rfloor\end{cases}`,
  ends: ["final"],
  init: { base: "normal" },
  wiring: (site) => (site.layer <= Math.floor(site.depth / 4) ? postLn : preLn).wiring(site),
};

/** Pre-LN whose norm's output is scaled by 1/√l. Cures the growth of the stream. Cost: slow at first. */
export const lns: Residual = {
  id: "lns",
  label: "LNS",
  source: "Sun et al. 2025 (The Curse of Depth), Lemma 4.1",
  equation: String.raw`x_{l+1} = x_l + f_l\big(\mathrm{LN}(x_l) / \sqrt{l}\big)`,
  ends: ["final"],
  init: { base: "normal" },
  wiring: ({ layer }) => ({
    norms: ["input"],
    gate: "sum",
    update: (x, f, n) => add(x, f(mul(layer ** -0.5, n.input(x)))),
  }),
};

/** Pre-LN whose input gains start at 1/√l and are trained: the form of the GPAS code. Equal to LNS at the start only. */
export const lnsGain: Residual = {
  id: "lns-gain",
  label: "LNS, trained gain",
  source: "Chen et al. 2025 (GPAS), code; after Sun et al. 2025",
  equation: String
    .raw`x_{l+1} = x_l + f_l(\mathrm{LN}_{\gamma}(x_l)),\quad \gamma = 1/\sqrt{l}\ \text{at the start}`,
  ends: ["final"],
  init: { base: "normal", normGain: ({ layer }) => layer ** -0.5 },
  wiring: preLn.wiring,
};

/** Sandwich-LN's block with a plain start. Cures massive activations. An embedding norm is optional: the model's `ends`. */
export const periLn: Residual = {
  id: "peri-ln",
  label: "Peri-LN",
  source: "Kim et al. 2025 (Peri-LN)",
  equation: String.raw`x_{l+1} = x_l + \mathrm{LN}(f_l(\mathrm{LN}(x_l)))`,
  ends: ["final"],
  init: { base: "normal" },
  wiring: () => bothSides,
};

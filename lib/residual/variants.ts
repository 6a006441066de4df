// Every residual variant next to the others, each one object that reads like its paper's equation. CONTRIBUTING.md says how
// to add one.

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
    update: ({ add }, x, f, n) => n.stream(add(x, f(x))),
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
    update: ({ add }, x, f, n) => add(x, f(n.input(x))),
  }),
};

/** Those that were made, so that one factor is one object. */
const scaled = new Map<number, Residual>();

/**
 * Pre-LN whose branches are multiplied by one number (Granite): x_{l+1} = x_l + c f(LN(x_l)).
 *
 * @param factor c.
 * @returns Pre-LN where it is 1.
 */
export function scaledPreLn(factor: number): Residual {
  const known = factor === 1 ? preLn : scaled.get(factor);
  if (known !== undefined) return known;
  const made: Residual = {
    ...preLn,
    label: `Pre-LN with branches times ${factor}`,
    wiring: () => ({
      norms: ["input"],
      gate: "sum",
      update: ({ add, scale }, x, f, n) => add(x, scale(factor, f(n.input(x)))),
    }),
  };
  scaled.set(factor, made);
  return made;
}

/** What DeepNorm's and Sub-LN's constants depend on: the stack's depth, and which stack of a pair it is. */
export type StackDepths = Pick<Site, "depth"> & Partial<Pick<Site, "stack" | "otherDepth">>;

/**
 * Sub-LN's γ, which multiplies weights at the start, for a stack on its own, or for the encoder (N layers) and the decoder (M layers)
 * of a pair.
 *
 * ```
 * one stack   γ = √ln 2N
 * encoder     γ = √(ln 3M · ln 2N / 3)
 * decoder     γ = √ln 3M
 * ```
 *
 * Source: Wang et al. 2022 (Foundation Transformers), §3.2.
 *
 * @param depths The stack's depth, and which stack of a pair it is.
 * @returns γ.
 */
export function subLnGain({ depth, stack, otherDepth }: StackDepths): number {
  if (otherDepth === undefined) return Math.sqrt(Math.log(2 * depth));
  if (stack === "decoder") return Math.sqrt(Math.log(3 * depth));
  return Math.sqrt(Math.log(3 * otherDepth) * Math.log(2 * depth) / 3);
}

/** Pre-LN with a second norm before each output projection. Cures growth of the update. Cost: one more norm. */
export const subLn: Residual = {
  id: "sub-ln",
  label: "Sub-LN",
  source: "Wang et al. 2022 (Foundation Transformers), §3.1 and Fig. 2",
  equation: String.raw`x_{l+1} = x_l + W_o\,\mathrm{LN}(f_l(\mathrm{LN}(x_l)))`,
  ends: ["final"],
  init: {
    base: "xavier",
    gain: (site) => site.role === "crossAttention" ? 1 : subLnGain(site),
  },
  wiring: (site) => {
    if (site.role === "crossAttention") return preLn.wiring(site);
    return {
      norms: ["input", "inner"],
      gate: "sum",
      update: ({ add }, x, f, n) => add(x, f(n.input(x), n.inner)),
    };
  },
};

/**
 * DeepNorm's constants for a stack on its own, or for the encoder (N layers) and the decoder (M layers) of a pair.
 *
 * ```
 * one stack   α = (2N)^¼               β = (8N)^−¼
 * encoder     α = 0.81 (N⁴M)^(1/16)    β = 0.87 (N⁴M)^(−1/16)
 * decoder     α = (3M)^¼               β = (12M)^−¼
 * ```
 *
 * Source: Wang et al. 2022 (DeepNet), §2 and Fig. 2.
 *
 * @param depths The stack's depth, and which stack of a pair it is.
 * @returns α, which multiplies the shortcut, and β, which multiplies weights at the start.
 * @throws {RangeError} If the depth is not above 0.
 */
export function deepNormScale(
  { depth, stack, otherDepth }: StackDepths,
): { alpha: number; beta: number } {
  requireNumber("depth", depth, { above: 0 });
  if (otherDepth === undefined) return { alpha: (2 * depth) ** 0.25, beta: (8 * depth) ** -0.25 };
  if (stack === "decoder") return { alpha: (3 * depth) ** 0.25, beta: (12 * depth) ** -0.25 };
  const root = (depth ** 4 * otherDepth) ** (1 / 16);
  return { alpha: 0.81 * root, beta: 0.87 / root };
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
      update: ({ add, scale }, x, f, n) => n.stream(add(scale(alpha, x), f(x))),
    };
  },
};

const bothSides: Wiring = {
  norms: ["input", "output"],
  gate: "sum",
  update: ({ add }, x, f, n) => add(x, n.output(f(n.input(x)))),
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
  start: (_, x) => [x, x],
  wiring: () => ({
    norms: ["stream"],
    gate: "shortcut",
    read: (_, [x]) => x,
    write: ({ add }, [x, dual], y, n) => [n.stream(add(x, y)), add(dual!, y)],
  }),
  finish: ({ add }, [x, dual], final) => add(x, final(dual!)),
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
    update: ({ add, scale }, x, f, n) => add(x, f(scale(layer ** -0.5, n.input(x)))),
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

/** x_{l+1} = x_l + LN(f(x_l)). Cures large branch outputs of deep Pre-LN. Cost: branches read a stream that grows. */
export const resPostNorm: Residual = {
  id: "res-post-norm",
  label: "Res-Post-Norm",
  source: "Liu et al. 2022 (Swin Transformer V2), §3.2; OLMo 2 (2024)",
  equation: String.raw`x_{l+1} = x_l + \mathrm{LN}(f_l(x_l))`,
  ends: ["final"],
  init: { base: "normal" },
  wiring: () => ({
    norms: ["output"],
    gate: "sum",
    update: ({ add }, x, f, n) => add(x, n.output(f(x))),
  }),
};

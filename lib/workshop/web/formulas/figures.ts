// Figures that move: closed forms of the papers, with what can be moved in them.

import type { Figure } from "../../../plots/figure.ts";
import { type Guide, lineChart } from "../../../plots/line_chart.ts";
import { formatNumber } from "../../../plots/measurements.ts";
import { armStyle, type VariantStyle, variantStyle } from "../../../plots/palette.ts";
import { deepNormScale, subLnGain } from "../../../residual/variants.ts";
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
} from "./closed_forms.ts";

/** A quantity that can be moved over some values. */
export interface Slider {
  /** What it is called, with its letter. */
  readonly label: string;
  /** The values that it can have, from the least on. */
  readonly values: readonly number[];
  /** Which it has before it is moved: one of them. */
  readonly initial: number;
}

/** A figure that moves. */
export interface MovingFigure {
  /** Its name in addresses. */
  readonly id: string;
  /** What it is about. */
  readonly heading: string;
  /** Where its equations come from. */
  readonly source: string;
  /** The equations, as TeX. */
  readonly equation: string;
  /** Tells the charts below which it stands: what they measure, and the name of one of their lines. */
  readonly below: { readonly measure: RegExp; readonly line: string };
  /** What can be moved, by name. */
  readonly sliders: Readonly<Record<string, Slider>>;
  /**
   * Draws it.
   *
   * @param at A value of each slider.
   * @param width The width in pixels.
   * @returns The chart.
   */
  draw(at: Readonly<Record<string, number>>, width: number): Figure;
}

/** A curve. */
interface Line {
  readonly style: VariantStyle;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** What a chart of curves says. */
interface Words {
  readonly title: string;
  readonly subtitle: string;
  readonly x: string;
  readonly y: string;
  readonly xTicks?: readonly number[];
  readonly guides?: readonly Guide[];
}

const least = 1e-30; // what is less is 0 in float32, and would flatten all else

function chart(lines: readonly Line[], words: Words, width: number): Figure {
  const { x, y, xTicks, guides = [] } = words;
  return lineChart({
    series: lines.map(({ points }, at) => ({
      variant: String(at),
      seeds: 1,
      points: points.filter(({ y }) => y > least).map(({ x, y }) => ({
        x,
        ...{ mean: y, low: y, high: y },
      })),
    })),
    guides,
    xLabel: xTicks === undefined ? x : `${x}, log scale`,
    yLabel: `${y}, log scale`,
    ...(xTicks === undefined ? {} : { xTicks }),
    scale: "log",
    markerEvery: xTicks === undefined ? Math.ceil(lines[0]!.points.length / 12) : 1,
    notes: [],
    styleOf: (at) => lines[Number(at)]!.style,
  }, { title: words.title, subtitle: words.subtitle, width, height: 330 });
}

/** Values at 1, 2, … as points. */
const overPlaces = (values: readonly number[]): Line["points"] =>
  values.map((y, at) => ({ x: at + 1, y }));

const named = (id: string, label: string): VariantStyle => ({ ...variantStyle(id), label });

const number = (value: number): string => formatNumber(value, 3);

const depths = [1, 2, 3, 4, 6, 8, 12, 18, 24, 36, 48, 72, 100];

/** The depths of an axis that ends with one of them. */
const depthsTo = (deepest: number): number[] => depths.filter((depth) => depth <= deepest);

const xiong: MovingFigure = {
  id: "xiong",
  heading: "Where the gradient is at the start: Post-LN and Pre-LN",
  source: "Xiong et al. 2020, Theorem 1, Lemma 2 and the supplement's extension",
  equation: String
    .raw`\Big\|\frac{\partial\mathcal L}{\partial W^{2,l}}\Big\| \approx \sqrt{\tfrac{d}{3n}}\,\Big(\tfrac23\Big)^{(L-l)/2}\ \text{(Post-LN)}, \qquad \sqrt{\tfrac{d}{2n\,q_L}}\ \text{(Pre-LN)}`,
  below: { measure: /∂L\/∂W².*last layer/, line: "Post-LN" },
  sliders: {
    L: { label: "Layers L", values: depths.slice(1), initial: 12 },
    d: { label: "Width d", values: [32, 64, 128, 256, 512, 1024], initial: 128 },
    n: { label: "Tokens n", values: [1, 4, 8, 32, 128, 512], initial: 32 },
  },
  draw: ({ L = 1, d = 1, n = 1 }, width) => {
    const layers = countTo(L);
    const post = lastGradient(postLnSize, d, n);
    const pre = lastGradient(preLnSize(L, n)[L]!, d, n);
    const first = postLnExtension(L - 1);
    return chart(
      [
        {
          style: named("post-ln", "Post-LN, extension"),
          points: layers.map((x) => ({ x, y: post * postLnExtension(L - x) })),
        },
        { style: named("pre-ln", "Pre-LN"), points: layers.map((x) => ({ x, y: pre })) },
      ],
      {
        title:
          `Post-LN's last gradient is ${number(post / pre)} times Pre-LN's; its first, by the ` +
          `extension, ${number(first)} of its last`,
        subtitle: `${L} layers, width ${d}, ${n} tokens`,
        x: "Layer",
        y: "‖∂L/∂W²‖ at the start",
        guides: [{
          label: "branches counted",
          points: [{ x: 1, y: post }, { x: L, y: post }],
        }],
      },
      width,
    );
  },
};

const deepNet: MovingFigure = {
  id: "deepnet",
  heading: "How far one step can move a deep model: DeepNorm's α and β",
  source: "Wang et al. 2022 (DeepNet), Theorem 4.2",
  equation: String
    .raw`\|\Delta F\| \le \eta \sum_{i=1}^{2N} \frac{v_i^2 + w_i^2}{\alpha^2} = \eta\, \frac{4N\beta^2}{\alpha^2}`,
  below: { measure: /^Speed of the output/, line: "DeepNorm" },
  sliders: {
    N: { label: "Deepest N", values: depths.slice(4), initial: 48 },
    alpha: { label: "Shortcut α", values: [0.5, 1, 1.5, 2, 2.25, 2.5, 3, 4, 5], initial: 2.25 },
    beta: { label: "Weights β", values: [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.4], initial: 0.3 },
    rate: { label: "Rate η", values: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1], initial: 1 },
  },
  draw: ({ N = 1, alpha = 1, beta = 1, rate = 1 }, width) => {
    const ticks = depthsTo(N);
    const line = (style: VariantStyle, scaleAt: (depth: number) => [number, number]): Line => ({
      style,
      points: ticks.map((x) => ({ x, y: rate * deepNetBound(x, ...scaleAt(x)) })),
    });
    const most = Math.floor(1 / deepNetBound(1, alpha, beta));
    return chart(
      [
        line(variantStyle("post-ln"), () => [1, 1]),
        line(variantStyle("deep-norm"), (depth) => {
          const own = deepNormScale({ depth });
          return [own.alpha, own.beta];
        }),
        line(armStyle(`α ${alpha}, β ${beta}`, 0), () => [alpha, beta]),
      ],
      {
        title: most < 1
          ? `α = ${alpha} and β = ${beta} let a step of one layer move more than η`
          : `α = ${alpha} and β = ${beta} keep a step below η up to ${most} layers`,
        subtitle: `A gradient of length 1, rate ${rate}; DeepNorm's constants at each depth`,
        ...{ x: "Layers N", xTicks: ticks, y: "Bound of ‖ΔF‖" },
      },
      width,
    );
  },
};

const magneto: MovingFigure = {
  id: "magneto",
  heading: "What Sub-LN's γ does to the bound of one step",
  source: "Wang et al. 2022 (Foundation Transformers), Theorems 3.1 and 3.2, all sub-layers alike",
  equation: String
    .raw`\frac{\Delta F}{\eta d} \le \frac{2}{\gamma^2}\,\big(1 + H_{2N-1}\big), \qquad \gamma = \sqrt{\ln 2N}`,
  below: { measure: /^Speed of the output/, line: "Sub-LN" },
  sliders: {
    N: { label: "Deepest N", values: depths.slice(4), initial: 48 },
    gamma: { label: "Weights γ", values: [0.5, 0.7, 1, 1.25, 1.5, 1.75, 2, 2.5, 3], initial: 1.75 },
  },
  draw: ({ N = 1, gamma = 1 }, width) => {
    const ticks = depthsTo(N);
    const line = (style: VariantStyle, gainAt: (depth: number) => number): Line => ({
      style,
      points: ticks.map((x) => ({ x, y: magnetoBound(2 * x, gainAt(x)) })),
    });
    const [shallow, deep] = [ticks[1]!, N].map((depth) =>
      magnetoBound(2 * depth, subLnGain({ depth }))
    );
    return chart(
      [
        line(variantStyle("pre-ln"), () => 1),
        line(variantStyle("sub-ln"), (depth) => subLnGain({ depth })),
        line(armStyle(`γ ${gamma}`, 0), () => gamma),
      ],
      {
        title: `From ${ticks[1]} to ${N} layers Sub-LN's bound goes from ${number(shallow!)} to ` +
          `${number(deep!)}, Pre-LN's from ${number(magnetoBound(2 * ticks[1]!, 1))} to ${
            number(magnetoBound(2 * N, 1))
          }`,
        subtitle: "v = w = γ in all sub-layers",
        ...{ x: "Layers N", xTicks: ticks, y: "Bound of ΔF / ηd" },
      },
      width,
    );
  },
};

const residual: MovingFigure = {
  id: "residual",
  heading: "ResiDual's two paths for a gradient",
  source: "Xie et al. 2023, Theorem 3.1",
  equation: String
    .raw`r = \sqrt{\frac{1 + b^2}{1 + \sigma^2}}, \qquad \text{Post-LN: } \frac{r^{N-k}}{\sqrt{1+\sigma^2}}, \qquad \text{ResiDual: at least } \frac{1}{\sqrt{1 + N\sigma^2}}`,
  below: { measure: /^Gradient at branch/, line: "ResiDual" },
  sliders: {
    N: { label: "Sub-layers N", values: [2, 4, 8, 12, 24, 48, 96, 192], initial: 24 },
    share: {
      label: "b / σ",
      values: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
      initial: 0.5,
    },
    sigma: { label: "Branch σ", values: [0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3], initial: 1 },
  },
  draw: ({ N = 1, share = 1, sigma = 1 }, width) => {
    const branches = { sublayers: N, b: share * sigma, sigma };
    const [post, dual] = [postLnPath(branches), resiDualPath(branches)];
    const floor = 1 / Math.sqrt(1 + N * sigma ** 2);
    return chart(
      [
        { style: variantStyle("post-ln"), points: overPlaces(post) },
        { style: variantStyle("pre-ln"), points: overPlaces(preLnPath(branches)) },
        { style: variantStyle("resi-dual"), points: overPlaces(dual) },
      ],
      {
        title: share === 1
          ? "Where b = σ nothing decays: a branch gives back all that its norm divides by"
          : `The first branch receives ${
            number(dual[0]! / post[0]!)
          } times Post-LN's gradient in ResiDual`,
        subtitle: `${N} sub-layers, σ = ${sigma}, b = ${number(share * sigma)}`,
        x: "Sub-layer",
        y: "Gradient at branch k",
        guides: [{ label: "floor", points: [{ x: 1, y: floor }, { x: N, y: floor }] }],
      },
      width,
    );
  },
};

const gpas: MovingFigure = {
  id: "gpas",
  heading: "What GPAS's gates leave of the stream, and what its stop-gradient makes of gradients",
  source: "Chen et al. 2025, Eqs. 1 to 3; the ratio is our derivation",
  equation: String
    .raw`c = 1 - \mathrm{SiLU}(\alpha), \qquad \frac{\nabla_W(\text{GPAS})}{\nabla_W(\text{true})} = \frac{1}{\prod_{j \ge s} c_j} = c^{-(2(L-l)+1)}`,
  below: { measure: /SiLU/, line: "Pre-LN + GPAS" },
  sliders: {
    L: { label: "Layers L", values: depths.slice(1, 11), initial: 12 },
    gate: {
      label: "Gate α",
      values: [-2, -1.25, -0.8, -0.5, -0.3, -0.2, -0.1, -0.05, 0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1],
      initial: 0.1,
    },
  },
  draw: ({ L = 1, gate = 0 }, width) => {
    const [c, layers] = [gateScale(gate), countTo(L)];
    return chart(
      [
        {
          style: variantStyle("pre-ln+gpas"),
          points: layers.map((x) => ({ x, y: gpasRatio(gate, L - x) })),
        },
        {
          style: armStyle("start's share", 2),
          points: layers.map((x) => ({ x, y: c ** (2 * x) })),
        },
      ],
      {
        title: `A gate of ${gate} scales by ${number(c)}, and the first layer's gradient becomes ${
          number(gpasRatio(gate, L - 1))
        } times the true one`,
        subtitle: `${L} layers of two sites, one gate for all`,
        x: "Layer",
        y: "Factor of the gradient, and of the embedding",
        guides: [{ label: "no gates", points: [{ x: 1, y: 1 }, { x: L, y: 1 }] }],
      },
      width,
    );
  },
};

const cost: MovingFigure = {
  id: "cost",
  heading: "What norms take of a training step: LayerNorm, RMSNorm, CRMSNorm",
  source: "After Jiang et al. 2023, Fig. 4a: operations, counted",
  equation: String
    .raw`\frac{o\,(2L+1)\,n\,d}{n\,\big(L(12d^2 + 2dT) + 96d\big)}, \qquad o = 4,\ 2,\ 3\ \text{for LayerNorm, RMSNorm, CRMSNorm}`,
  below: { measure: /training step/, line: "Pre-CRMSNorm" },
  sliders: {
    L: { label: "Layers L", values: depths, initial: 4 },
    n: { label: "Tokens n", values: [64, 256, 1024, 4096, 16384, 65536], initial: 1024 },
    T: { label: "Context T", values: [64, 256, 1024, 4096], initial: 64 },
  },
  draw: ({ L = 1, n = 1, T = 1 }, width) => {
    const ticks = [64, 128, 256, 512, 1024, 2048, 4096];
    const shares = ticks.map((x) => ({
      x,
      ...normShares({ width: x, depth: L, tokens: n, context: T }),
    }));
    const line = (
      style: VariantStyle,
      of: (shares: ReturnType<typeof normShares>) => number,
    ): Line => ({ style, points: shares.map((own) => ({ x: own.x, y: 100 * of(own) })) });
    const [, here] = shares;
    return chart(
      [
        line(armStyle("LayerNorm", 0), ({ layer }) => layer),
        line(armStyle("CRMSNorm", 1), ({ crms }) => crms),
        line(armStyle("RMSNorm", 2), ({ rms }) => rms),
        line(armStyle("RMSNorm, trained", 3), ({ rms, centering }) => rms + centering),
      ],
      {
        title:
          `At width ${ticks[1]} RMSNorm saves ${number(100 * (here!.layer - here!.rms))} % of ` +
          `the products, and centering costs ${number(100 * here!.centering)} % while it trains`,
        subtitle: `${L} layers, steps of ${n} tokens in rows of ${T}; forward`,
        ...{ x: "Width d", xTicks: ticks, y: "Operations of norms (% of products)" },
      },
      width,
    );
  },
};

/** All figures that move, in the order of their notebooks. */
export const movingFigures: readonly MovingFigure[] = [
  xiong,
  deepNet,
  magneto,
  residual,
  gpas,
  cost,
];

/** @returns What a figure shows before it is moved. */
export const initialPlaces = ({ sliders }: MovingFigure): Record<string, number> =>
  Object.fromEntries(Object.entries(sliders).map(([name, { initial }]) => [name, initial]));

// The figures that the kernels are to reach, as data: which group, which quotient of times, which limit on which platform.

import { boundName } from "./contestants/bounds.ts";
import type { TimesOf } from "./group.ts";
import type { Facts, Platform, TargetLine } from "./record/lines.ts";
import { quartiles, ratios } from "./timing/statistics.ts";

/** Both ends count as reached. */
interface Limit {
  readonly least?: number;
  readonly most?: number;
}

interface Target {
  readonly suite: string;
  readonly figure: string;
  /** Whether a group is meant. */
  readonly when: (facts: Facts) => boolean;
  /** The quantity by round; undefined where a contestant did not run. */
  readonly value: (measured: Measured) => number[] | undefined;
  readonly limits: Readonly<Partial<Record<Platform, Limit>>>;
}

/** A measured group. */
interface Measured {
  readonly suite: string;
  readonly platform: Platform;
  readonly facts: Facts;
  readonly times: TimesOf;
  readonly flops: number | undefined;
}

type Entry = readonly [task: string, contestant: string];

const quotient = (over: Entry, under: Entry): Target["value"] => ({ times }) => {
  const [a, b] = [times(...over), times(...under)];
  return a && b && ratios(a, b);
};
const wide = (norm: string, parameters = "gain and bias"): Target["when"] => (facts) =>
  facts["norm"] === norm && facts["parameters"] === parameters && Number(facts["width"]) >= 256;
const ofGpas: Target["when"] = ({ norm, width }) => norm === "GPAS" && Number(width) >= 256;
const small: Target["when"] = ({ width, depth, rows, tokens }) =>
  width === 128 && depth === 4 && rows === 16 && tokens === 64;
const every: Target["when"] = () => true;

const copy: Entry = ["copy", "copy"];
const forward: Entry = ["forward", "fused"];
const both: Entry = ["forward + backward", "fused"];
const torch = (task: string): Entry => [task, "PyTorch, 1 thread"];

const norms: readonly Omit<Target, "suite">[] = [
  {
    figure: "LayerNorm forward / copy",
    when: wide("LayerNorm"),
    value: quotient(forward, copy),
    limits: {
      "wasm": { most: 1.6 },
      "webgpu, software": { most: 1.5 },
      "webgpu, hardware": { most: 1 / 0.85 },
    },
  },
  {
    figure: "RMSNorm forward / copy",
    when: wide("RMSNorm"),
    value: quotient(forward, copy),
    limits: {
      "wasm": { most: 1.5 },
      "webgpu, software": { most: 1.4 },
      "webgpu, hardware": { most: 1 / 0.85 },
    },
  },
  {
    figure: "LayerNorm forward + backward / copy",
    when: wide("LayerNorm"),
    value: quotient(both, copy),
    // forward and backward move 5 matrices, a copy 2: on hardware 75 % of that bound
    limits: {
      "wasm": { most: 6 },
      "webgpu, software": { most: 4 },
      "webgpu, hardware": { most: 2.5 / 0.75 },
    },
  },
  // PyTorch's own RMSNorm has no bias
  ...([["LayerNorm", "gain and bias", 1.2], ["RMSNorm", "gain", 6]] as const).flatMap((
    [norm, parameters, least],
  ) => [
    {
      figure: `PyTorch, 1 thread / fused, ${norm} forward`,
      when: wide(norm, parameters),
      value: quotient(torch("forward"), forward),
      limits: { wasm: { least: 1.5 } },
    },
    {
      figure: `PyTorch, 1 thread / fused, ${norm} forward + backward`,
      when: wide(norm, parameters),
      value: quotient(torch("forward + backward"), both),
      limits: { wasm: { least } },
    },
  ]),
  ...["forward", "forward + backward"].map((task) => ({
    figure: `composed / fused, GPAS ${task}`,
    when: ofGpas,
    value: quotient([task, "composed"], [task, "fused"]),
    limits: { "wasm": { least: 2 }, "webgpu, software": { least: 2.5 } },
  })),
];

const step = (contestant: string): Entry => ["training", contestant];
const ours = step("Pre-LN, fused");
const oursInference: Entry = ["inference", "Pre-LN, fused"];

const models: readonly Omit<Target, "suite">[] = [
  {
    figure: "tfjs as it is / fused, training step",
    when: small,
    value: quotient(step("Pre-LN, tfjs as it is"), ours),
    limits: {
      "wasm": { least: 18 },
      "webgpu, software": { least: 1.5 },
      "webgpu, hardware": { least: 3 },
    },
  },
  {
    figure: "tfjs as it is / fused, 2 threads, training step",
    when: small,
    value: quotient(step("Pre-LN, tfjs as it is"), step("Pre-LN, fused, 2 threads")),
    limits: { wasm: { least: 30 } },
  },
  {
    figure: "with norms / without, training step",
    when: every,
    value: quotient(ours, step("no norm, fused")),
    limits: { "wasm": { most: 1.01 }, "webgpu, software": { most: 1.03 } },
  },
  ...["Pre-RMSNorm", "Pre-CRMSNorm"].flatMap((model) => [
    {
      figure: `${model} / Pre-LN, training step, fused`,
      when: every,
      value: quotient(step(`${model}, fused`), ours),
      limits: { "wasm": { most: 1 }, "webgpu, software": { most: 1 } },
    },
    {
      figure: `${model} / Pre-LN, training step, composed`,
      when: every,
      value: quotient(step(`${model}, composed`), step("Pre-LN, composed")),
      limits: { wasm: { least: 0.92, most: 0.98 } },
    },
  ]),
  {
    figure: "jax-js / fused, training step",
    when: every,
    value: quotient(step("Pre-LN, jax-js"), ours),
    limits: { "webgpu, software": { least: 1 } },
  },
  {
    figure: "jax-js / fused, training step, one thread each",
    when: every,
    value: quotient(step("Pre-LN, jax-js, 1 thread"), ours),
    limits: { wasm: { least: 2.6 } },
  },
  {
    figure: "jax-js / fused, inference, one thread each",
    when: every,
    value: quotient(["inference", "Pre-LN, jax-js, 1 thread"], oursInference),
    limits: { wasm: { least: 4 } },
  },
  {
    figure: "share of the bound of 128-bit vectors, training step",
    when: small,
    value: quotient(step(boundName), ours),
    limits: { wasm: { least: 0.52 } },
  },
  {
    figure: "one thread / two, training step",
    when: every,
    value: quotient(ours, step("Pre-LN, fused, 2 threads")),
    limits: { wasm: { least: 1.75 } },
  },
  {
    figure: "jax-js, all cores / fused, 2 threads, training step",
    when: every,
    value: quotient(step("Pre-LN, jax-js, all cores"), step("Pre-LN, fused, 2 threads")),
    limits: { wasm: { least: 2 } },
  },
  {
    figure: "PyTorch, 1 thread / fused, training step",
    when: every,
    value: quotient(step("Pre-LN, PyTorch, 1 thread"), ours),
    limits: { wasm: { least: 0.7 } },
  },
  {
    figure: "PyTorch, 1 thread / fused, inference",
    when: every,
    value: quotient(["inference", "Pre-LN, PyTorch, 1 thread"], oursInference),
    limits: { wasm: { least: 0.55 } },
  },
];

const product = (name: string): Entry => ["product", name];

/** Plain products of 512 and more rows, columns and steps. */
const large: Target["when"] = ({ batch, m, k, n }) =>
  batch === 1 && Math.min(Number(m), Number(k), Number(n)) >= 512;
const whole: Target["when"] = ({ batch, m, k, n }) =>
  batch === 1 && Math.min(Number(m), Number(k), Number(n)) >= 256;

/** 55 GFLOP/s or 1.4 times XNNPACK's speed, whichever is nearer: 1 is reached. */
const productSpeed: Target["value"] = ({ times, flops }) => {
  const ours = times(...product("fused"));
  const xnnpack = times(...product("XNNPACK, untransposed"));
  if (ours === undefined || xnnpack === undefined || flops === undefined) return undefined;
  return ratios(xnnpack, ours).map((ratio, round) =>
    Math.max(ratio / 1.4, flops / ours[round]! / 1e6 / 55)
  );
};

const products: readonly Omit<Target, "suite">[] = [
  {
    figure: "product, the better of GFLOP/s / 55 and XNNPACK's time / ours / 1.4",
    when: every,
    value: productSpeed,
    limits: { wasm: { least: 1 } },
  },
  {
    figure: "share of the bound of 128-bit vectors, product",
    when: large,
    value: quotient(product(boundName), product("fused")),
    limits: { wasm: { least: 0.75 } },
  },
  {
    figure: "product, one thread / two",
    when: whole,
    value: quotient(product("fused"), product("fused, 2 threads")),
    limits: { wasm: { least: 1.8 } },
  },
  {
    figure: "jax-js / fused, product, one thread each",
    when: whole,
    value: quotient(product("jax-js, 1 thread"), product("fused")),
    limits: { wasm: { least: 1.8 } },
  },
];

const all: readonly Target[] = [
  ...norms.map((target) => ({ suite: "norms", ...target })),
  ...models.map((target) => ({ suite: "models", ...target })),
  ...products.map((target) => ({ suite: "products", ...target })),
];

function inWords({ least, most }: Limit): string {
  const short = (value = 0): string => String(Number(value.toPrecision(3)));
  if (least === undefined) return `≤ ${short(most)}`;
  return most === undefined ? `≥ ${short(least)}` : `${short(least)} to ${short(most)}`;
}

/**
 * The targets that a measured group answers.
 *
 * @param measured The group's times.
 * @returns A line for each target, reached or not.
 */
export function judge(measured: Measured): TargetLine[] {
  const { suite, platform, facts } = measured;
  return all.flatMap((target) => {
    const limit = target.limits[platform];
    if (target.suite !== suite || limit === undefined || !target.when(facts)) return [];
    const values = target.value(measured);
    if (values === undefined) return [];
    const summary = quartiles(values);
    const { least = -Infinity, most = Infinity } = limit;
    const reached = summary.median >= least && summary.median <= most;
    const { figure } = target;
    return [{
      kind: "target",
      suite,
      platform,
      facts,
      figure,
      target: inWords(limit),
      ...summary,
      reached,
    }];
  });
}

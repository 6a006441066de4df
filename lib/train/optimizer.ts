// Optimizers as pure functions on trees: state and parameters in, state and parameters out.

import * as tf from "@tensorflow/tfjs";
import { requireDtype, requireEps, requireNumber, requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { fillTree, type Leaf, mapTree, requireFloats, tensorsOf } from "../core/tree.ts";
import { callKernel, hasKernel } from "../kernels/call.ts";
import { isGate } from "../decoder/gates.ts";

/** An optimizer as data, kept in the run's manifest. */
export type OptimizerSettings =
  | {
    /** Adam with decoupled weight decay, and the same with rectified steps. */
    readonly kind: "adamw" | "radam";
    /** Decay rates of the two moments; (0.9, 0.98) by default, as the papers use. */
    readonly betas?: readonly [number, number];
    /** ε outside the root, no smaller than what single precision holds in full (1.2e-38); 1e-8 by default. */
    readonly eps?: number;
    /** Weight decay, times the learning rate per step; 0 by default. */
    readonly weightDecay?: number;
  }
  | {
    /** Stochastic gradient descent. */
    readonly kind: "sgd";
    /** Heavy-ball momentum; 0 by default. */
    readonly momentum?: number;
  };

type AdamSettings = Exclude<OptimizerSettings, { kind: "sgd" }>;
type SgdSettings = Extract<OptimizerSettings, { kind: "sgd" }>;

/** An optimizer with every choice made. */
export type CompleteOptimizer = Required<AdamSettings> | Required<SgdSettings>;

function completeSgd(settings: SgdSettings): Required<SgdSettings> {
  requireOptions("the optimizer sgd", settings, { kind: "string", momentum: "number?" });
  const momentum = requireNumber("momentum", settings.momentum ?? 0, { min: 0, below: 1 });
  return { kind: "sgd", momentum };
}

function completeAdam(settings: AdamSettings): Required<AdamSettings> {
  requireOptions<AdamSettings>(`the optimizer ${settings?.kind ?? "adamw"}`, settings, {
    kind: "string",
    betas: "list?",
    eps: "number?",
    weightDecay: "number?",
  });
  const kinds = ["adamw", "radam", "sgd"] as const;
  const kind = requireOneOf("kind of optimizer", settings.kind, kinds) as AdamSettings["kind"];
  const { betas = [0.9, 0.98], eps = 1e-8, weightDecay = 0 } = settings;
  const [beta1, beta2, ...others] = betas;
  if (others.length > 0) {
    throw new RangeError(`Cannot use ${betas.length} betas: Adam has two`);
  }
  requireNumber("beta 1", beta1, { min: 0, below: 1 });
  requireNumber("beta 2", beta2, { min: 0, below: 1 });
  requireEps("eps of AdamW", eps);
  requireNumber("weightDecay", weightDecay, { min: 0 });
  return { kind, betas, eps, weightDecay };
}

/**
 * Checks the settings of an optimizer and fills in what they leave open.
 *
 * @param settings The optimizer as data.
 * @returns The same with every choice made.
 * @throws {RangeError} If a setting is out of range.
 */
export function completeOptimizer(settings: OptimizerSettings): CompleteOptimizer {
  return settings?.kind === "sgd" ? completeSgd(settings) : completeAdam(settings);
}

/** What an optimizer keeps between steps. */
export interface OptimizerState<P> {
  /** Steps made so far. */
  readonly step: number;
  /** Trees of the parameters' shape: Adam's two moments, SGD's velocity. */
  readonly moments: readonly P[];
}

/** One step's result; the caller frees what it replaces. */
export interface OptimizerStep<P> {
  /** The parameters after the step. */
  readonly parameters: P;
  /** Moments and step count for the next step. */
  readonly state: OptimizerState<P>;
}

/** How parameters follow gradients: two functions, which keep nothing between calls. */
export interface Optimizer {
  /** The state before the first step. */
  init<P>(parameters: P): OptimizerState<P>;
  /**
   * One step with a learning rate; every gradient is multiplied by `scale` first, where one is given.
   *
   * @throws {TypeError} If a tensor is not float32.
   */
  update<P>(
    parameters: P,
    gradient: P,
    state: OptimizerState<P>,
    rate: number,
    scale?: Scalar,
  ): OptimizerStep<P>;
}

/** What a step reads. */
interface StepInputs {
  readonly parameters: readonly Leaf<Tensor>[];
  readonly gradients: readonly Tensor[];
  /** One list for each kind of moment. */
  readonly moments: readonly (readonly Tensor[])[];
  readonly step: number;
  readonly rate: number;
  readonly scale: Scalar | undefined;
}

/** New parameters, then new moments of each kind: lists as long as the parameters. */
type Advance = (inputs: StepInputs) => Tensor[][];

function optimizer(kinds: number, advance: Advance): Optimizer {
  const values = <P>(tree: P): Tensor[] => tensorsOf(tree).map(({ value }) => value);
  return {
    init: <P>(parameters: P): OptimizerState<P> => ({
      step: 0,
      moments: Array.from(
        { length: kinds },
        () => mapTree<P, Tensor>(parameters, (leaf) => tf.zerosLike(leaf)),
      ),
    }),
    update: (parameters, gradient, state, rate, scale) => {
      const step = state.step + 1;
      requireFloats(tensorsOf({ parameters, gradient, moments: state.moments }));
      requireDtype("float32", { scale });
      const [next, ...moments] = advance({
        parameters: tensorsOf(parameters),
        gradients: values(gradient),
        moments: state.moments.map(values),
        step,
        rate,
        scale,
      }).map((list) => fillTree(parameters, list));
      return { parameters: next!, state: { step, moments } };
    },
  };
}

/** New values of one parameter: the parameter itself, then its moments. */
type Rule = (
  leaf: Leaf<Tensor>,
  gradient: Tensor,
  moments: readonly Tensor[],
  inputs: StepInputs,
) => Tensor[];

/** A step that treats each parameter by itself. */
function eachBy(rule: Rule): Advance {
  return (inputs) => {
    const { parameters, gradients, moments, scale } = inputs;
    const results = parameters.map((leaf, i) =>
      tf.tidy(() => {
        const gradient = gradients[i]!;
        const scaled = scale === undefined ? gradient : tf.mul(gradient, scale);
        return rule(leaf, scaled, moments.map((list) => list[i]!), inputs);
      })
    );
    return Array.from(
      { length: moments.length + 1 },
      (_, at) => results.map((result) => result[at]!),
    );
  };
}

/**
 * Matrices and embeddings decay; gains, biases and gates do not.
 *
 * @param leaf A parameter with its path.
 * @returns Whether weight decay acts on it.
 */
export function decays(leaf: Leaf<Tensor>): boolean {
  return leaf.value.rank >= 2 && !isGate(leaf.path);
}

/**
 * An optimizer from its settings.
 *
 * ```
 * AdamW:  m ← β₁ m + (1 − β₁) g,   v ← β₂ v + (1 − β₂) g²
 *         θ ← (1 − lr · decay) θ − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 * RAdam:  the same with r_t · lr in the second term; while r_t is 0, − lr · m / (1 − β₁ᵗ) there
 *         r_t = √((ρ_t − 4)(ρ_t − 2) ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2) ρ_t)), or 0 for ρ_t ≤ 5
 *         ρ_∞ = 2 / (1 − β₂) − 1,   ρ_t = ρ_∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
 * SGD:    u ← momentum · u + g,    θ ← θ − lr · u
 * ```
 *
 * Source: Loshchilov & Hutter 2019 (arXiv 1711.05101), Algorithm 2, with PyTorch's decay (times the learning rate); Liu et al. 2020
 * (arXiv 1908.03265), Algorithm 2, with PyTorch's threshold (theirs is 4) and AdamW's ε and decay.
 *
 * @param settings The optimizer as data.
 * @param decayed Which parameters decay; {@linkcode decays} by default.
 * @returns The optimizer.
 * @throws {RangeError} If a setting is out of range.
 */
export function makeOptimizer(
  settings: OptimizerSettings,
  decayed: (leaf: Leaf<Tensor>) => boolean = decays,
): Optimizer {
  const complete = completeOptimizer(settings);
  return complete.kind === "sgd" ? sgd(complete.momentum) : adam(complete, decayed);
}

function sgd(momentum: number): Optimizer {
  if (momentum === 0) {
    return optimizer(0, eachBy(({ value }, g, _, { rate }) => [tf.sub(value, tf.mul(rate, g))]));
  }
  const rule: Rule = ({ value }, g, [u], { rate }) => {
    const velocity = tf.add(tf.mul(momentum, u!), g);
    return [tf.sub(value, tf.mul(rate, velocity)), velocity];
  };
  return optimizer(1, eachBy(rule));
}

/** RAdam's r_t: the share of an adaptive step that its second moment, young as it is, allows. */
function rectification(step: number, beta2: number): number {
  const most = 2 / (1 - beta2) - 1;
  const rho = most - 2 * step * beta2 ** step / (1 - beta2 ** step);
  if (rho <= 5) return 0;
  return Math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho));
}

function adam(
  { kind, betas, eps, weightDecay }: Required<AdamSettings>,
  decayed: (leaf: Leaf<Tensor>) => boolean,
): Optimizer {
  const [beta1, beta2] = betas;
  const share = (step: number): number => kind === "radam" ? rectification(step, beta2) : 1;
  const composed = eachBy((leaf, g, [m, v], { step, rate }) => {
    const first = tf.add(tf.mul(beta1, m!), tf.mul(1 - beta1, g));
    const second = tf.add(tf.mul(beta2, v!), tf.mul(1 - beta2, tf.square(g)));
    const mean = tf.div(first, 1 - beta1 ** step);
    const root = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** step)), eps);
    const adaptive = share(step);
    const move = adaptive === 0 ? tf.mul(rate, mean) : tf.mul(rate * adaptive, tf.div(mean, root));
    const kept = decayed(leaf) ? tf.mul(1 - rate * weightDecay, leaf.value) : leaf.value;
    return [tf.sub(kept, move), first, second];
  });
  /** The same for all parameters in one call, where a step is adaptive. */
  const fused: Advance = ({ parameters, gradients, moments, step, rate, scale }) =>
    tf.tidy(() => {
      const adaptive = share(step);
      const inputs = [parameters.map(({ value }) => value), gradients, ...moments];
      const decay = parameters.map((leaf) => decayed(leaf) ? weightDecay / adaptive : 0);
      const outputs = callKernel(
        "NormkitAdamW",
        [...inputs.flat(), scale ?? tf.scalar(1)],
        { rate: rate * adaptive, betas, eps, step, decay },
      );
      const count = parameters.length;
      return [0, 1, 2].map((at) => outputs.slice(at * count, (at + 1) * count));
    });
  return optimizer(2, (inputs) => {
    const advance = hasKernel("NormkitAdamW") && share(inputs.step) > 0 ? fused : composed;
    return advance(inputs);
  });
}

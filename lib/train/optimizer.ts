// Optimizers as pure functions on trees: state and parameters in, state and parameters out.

import * as tf from "@tensorflow/tfjs";
import { requireNumber } from "../core/check.ts";
import type { Tensor } from "../core/tensor.ts";
import { fillTree, type Leaf, mapTree, tensorsOf } from "../core/tree.ts";
import { isGate } from "../models/gates.ts";

/** An optimizer as data, kept in the run's manifest. */
export type OptimizerSettings =
  | {
    /** Adam with decoupled weight decay. */
    readonly kind: "adamw";
    /** Decay rates of the two moments; (0.9, 0.98) by default, as the papers use. */
    readonly betas?: readonly [number, number];
    /** ε outside the root; 1e-8 by default. */
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

/** What an optimizer keeps between steps. */
export interface OptimizerState<P> {
  /** Steps made so far. */
  readonly step: number;
  /** Trees of the parameters' shape: AdamW's two moments, SGD's velocity. */
  readonly moments: readonly P[];
}

/** One step's result; the caller frees what it replaces. */
export interface OptimizerStep<P> {
  /** The new parameters. */
  readonly parameters: P;
  /** The new state. */
  readonly state: OptimizerState<P>;
}

/** An optimizer. */
export interface Optimizer {
  /** The state before the first step. */
  init<P>(parameters: P): OptimizerState<P>;
  /** One step with a learning rate. */
  update<P>(parameters: P, gradient: P, state: OptimizerState<P>, rate: number): OptimizerStep<P>;
}

/** New values of one parameter: the parameter itself, then its moments. */
type Rule = (
  leaf: Leaf<Tensor>,
  gradient: Tensor,
  moments: readonly Tensor[],
  step: number,
  rate: number,
) => Tensor[];

function optimizer(count: number, rule: Rule): Optimizer {
  const list = <P>(tree: P): Leaf<Tensor>[] => tensorsOf(tree);
  return {
    init: <P>(parameters: P): OptimizerState<P> => ({
      step: 0,
      moments: Array.from(
        { length: count },
        () => mapTree<P, Tensor>(parameters, (leaf) => tf.zerosLike(leaf)),
      ),
    }),
    update: (parameters, gradient, state, rate) => {
      const step = state.step + 1;
      const gradients = list(gradient);
      const moments = state.moments.map(list);
      const results = list(parameters).map((leaf, i) => {
        const own = moments.map((tree) => tree[i]!.value);
        return tf.tidy(() => rule(leaf, gradients[i]!.value, own, step, rate));
      });
      const tree = (at: number): typeof parameters =>
        fillTree(parameters, results.map((result) => result[at]!));
      return { parameters: tree(0), state: { step, moments: moments.map((_, i) => tree(i + 1)) } };
    },
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
 * SGD:    u ← momentum · u + g,    θ ← θ − lr · u
 * ```
 *
 * Source: Loshchilov & Hutter 2019 (arXiv 1711.05101), Algorithm 2, with PyTorch's decay (times the learning rate).
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
  if (settings.kind === "sgd") return sgd(settings.momentum ?? 0);
  if (settings.kind === "adamw") return adamW(settings, decayed);
  const { kind } = settings as { kind: string };
  throw new RangeError(`Cannot use the optimizer "${kind}": it must be one of adamw, sgd`);
}

function sgd(momentum: number): Optimizer {
  requireNumber("momentum", momentum, { min: 0, below: 1 });
  if (momentum === 0) {
    return optimizer(0, ({ value }, g, _, __, rate) => [tf.sub(value, tf.mul(rate, g))]);
  }
  return optimizer(1, ({ value }, g, [u], _, rate) => {
    const velocity = tf.add(tf.mul(momentum, u!), g);
    return [tf.sub(value, tf.mul(rate, velocity)), velocity];
  });
}

function adamW(
  settings: OptimizerSettings & { kind: "adamw" },
  decayed: (leaf: Leaf<Tensor>) => boolean,
): Optimizer {
  const [beta1, beta2] = settings.betas ?? [0.9, 0.98];
  requireNumber("beta 1", beta1, { min: 0, below: 1 });
  requireNumber("beta 2", beta2, { min: 0, below: 1 });
  const eps = requireNumber("eps of AdamW", settings.eps ?? 1e-8, { above: 0 });
  const weightDecay = requireNumber("weightDecay", settings.weightDecay ?? 0, { min: 0 });
  return optimizer(2, (leaf, g, [m, v], t, rate) => {
    const first = tf.add(tf.mul(beta1, m!), tf.mul(1 - beta1, g));
    const second = tf.add(tf.mul(beta2, v!), tf.mul(1 - beta2, tf.square(g)));
    const root = tf.add(tf.sqrt(tf.div(second, 1 - beta2 ** t)), eps);
    const direction = tf.div(tf.div(first, 1 - beta1 ** t), root);
    const kept = decayed(leaf) ? tf.mul(1 - rate * weightDecay, leaf.value) : leaf.value;
    return [tf.sub(kept, tf.mul(rate, direction)), first, second];
  });
}

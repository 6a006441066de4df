// What every kernel takes and gives, the same on each backend. The backends' folders implement it; lib/ops calls it and knows
// the gradients. A kernel is registered with tfjs under its name here, so that tidy, profile and memory accounting see it.

import type { DataType } from "@tensorflow/tfjs";

/** What tfjs hands to a kernel: where the data is, its shape and its dtype. */
export interface TensorInfo {
  /** The key of the data on its backend. */
  readonly dataId: object;
  /** The length of each axis; none for a scalar. */
  readonly shape: number[];
  /** What its numbers are taken for, whatever the backend stores. */
  readonly dtype: DataType;
}

/**
 * The norms. `crms` reads the first d − 1 of d values (divisor: the length + 1); `crms-padded` reads d of which the last is 0
 * (divisor: the length), and gives 0 there, as value and as gradient.
 */
export type NormKind = "layer" | "rms" | "crms" | "crms-padded";

/** Which norm a kernel computes, and with which of its parameters. */
export interface NormAttributes {
  /** Which norm. */
  readonly kind: NormKind;
  /** ε inside the root. */
  readonly eps: number;
  /** Whether there is a gain among the inputs. */
  readonly gain: boolean;
  /** Whether there is a bias among the inputs (of the gradient: among the outputs). */
  readonly bias: boolean;
}

/** The functions of a GPAS gate. */
export type GateActivation = "silu" | "identity" | "relu" | "tanh" | "leaky-relu" | "scaled-silu";

/** Attributes of GPAS together with the residual addition; s = act(gate). */
export interface AddGpasAttributes {
  /** The gate's function. */
  readonly activation: GateActivation;
  /** `sum`: (1 − s)(alpha·x + branch). `shortcut`: (1 − s)·alpha·x + branch. */
  readonly on: "sum" | "shortcut";
  /** Multiplies x. */
  readonly alpha: number;
}

/** Which parameters linear maps have. */
export interface LinearAttributes {
  /** Whether there are biases among the inputs (of the gradient: among the outputs). */
  readonly bias: boolean;
}

/** How attention mixes values. */
export interface AttentionAttributes {
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /**
   * Whether the query i of T sees of S keys no later one than i + S − T. A query that is not causal stands at the key i.
   */
  readonly causal: boolean;
  /** How far from its own place a query sees, that place counted; without a bound: the number of keys or more. */
  readonly window: number;
  /** Whether there is, as the last input, how many keys of each sequence count: int32 [B]. */
  readonly counted: boolean;
}

/** The kernels by name, with their attributes. Inputs and outputs are lists of float32 tensors unless said otherwise. */
export interface Contract {
  /** [x [..., D], gain? [D], bias? [D]] → [y [..., D]] */
  NormkitNorm: NormAttributes;
  /** [dy, x, gain?] → [dx, dGain?, dBias?] */
  NormkitNormGradient: NormAttributes;
  /** [x, branch, gain?, bias?] → [sum, y]: sum = alpha·x + branch, y = norm(sum) */
  NormkitAddNorm: NormAttributes & { readonly alpha: number };
  /** [dSum, dy, sum, gain?] → [dTotal, dGain?, dBias?]: dTotal = dSum + the norm's gradient to `sum` */
  NormkitAddNormGradient: NormAttributes;
  /** [x, gate []] → [y]: y = (1 − act(gate)) x */
  NormkitGpas: { readonly activation: GateActivation };
  /** [dy, x, gate []] → [dGate []]: −act′(gate) Σ dy ⊙ x */
  NormkitGpasGradient: { readonly activation: GateActivation };
  /** [x, branch, gate []] → [y] */
  NormkitAddGpas: AddGpasAttributes;
  /** [dy, x, branch, gate []] → [dGate []] */
  NormkitAddGpasGradient: AddGpasAttributes;
  /** [x] → [y]: GELU, exact or by tanh */
  NormkitGelu: { readonly approximation: "none" | "tanh" };
  /** [dy, x] → [dx] */
  NormkitGeluGradient: { readonly approximation: "none" | "tanh" };
  /** [scores [N, T, S]] → [pattern [N, T, S]]: softmax of scale · scores over the keys j ≤ i + S − T, 0 at the others */
  NormkitCausalSoftmax: { readonly scale: number };
  /** [dy, pattern] → [dScores] */
  NormkitCausalSoftmaxGradient: { readonly scale: number };
  /**
   * [q [B, T, H, K], k [B, S, G, K], v [B, S, G, K], counts?] → [y [B, T, H, K], logSumExp [B, T, H]]: of the scores that each
   * query sees; heads that share keys stand side by side. A query that sees no key gives 0 as both.
   */
  NormkitAttention: AttentionAttributes;
  /** [dy, q, k, v, y, logSumExp, counts?] → [dq, dk, dv] */
  NormkitAttentionGradient: AttentionAttributes;
  /** [logits [N, V], labels int32 [N]] → [loss [], logSumExp [N]]: the mean of logSumExp − logits[label] */
  NormkitCrossEntropy: Record<never, never>;
  /** [dLoss [], logits, labels, logSumExp] → [dLogits] */
  NormkitCrossEntropyGradient: Record<never, never>;
  /** [x [N, I], n matrices [I, O], n biases? [O]] → [n products [N, O]]: linear maps of the same rows, equal in shape */
  NormkitLinear: LinearAttributes;
  /** [n dys [N, O], x, n matrices] → [dx, n dMatrices, n dBiases?] */
  NormkitLinearGradient: LinearAttributes;
  /**
   * [dy [N, D], order int32 [N], starts int32 [V + 1]] → [sums [V, D]]: row v is the sum of dy[order[k]] for
   * starts[v] ≤ k < starts[v + 1]; the gradient of looking rows up, in a fixed order of additions
   */
  NormkitScatterRows: Record<never, never>;
  /** [any number of tensors] → [√(Σ of all squares) []] */
  NormkitGlobalNorm: Record<never, never>;
  /**
   * [n parameters, n gradients, n first moments, n second moments, scale []] → [n parameters, n first moments, n second
   * moments], new tensors; each gradient is multiplied by `scale` first. AdamW as in lib/train/optimizer.ts.
   */
  NormkitAdamW: {
    /** The learning rate. */
    readonly rate: number;
    /** Decay rates of the moments. */
    readonly betas: readonly [number, number];
    /** ε outside the root. */
    readonly eps: number;
    /** The step t ≥ 1, for the bias corrections. */
    readonly step: number;
    /** Weight decay of each parameter; 0 where none acts. */
    readonly decay: readonly number[];
  };
}

/** A kernel's name. */
export type KernelName = keyof Contract;

/** The kernels of one backend; `B` is tfjs's backend object. */
export type Kernels<B> = {
  readonly [K in KernelName]: (
    inputs: readonly TensorInfo[],
    attributes: Contract[K],
    backend: B,
  ) => TensorInfo[];
};

// What a residual variant is: an object that says which norms a sub-layer owns, how its branch joins the stream, what stands
// outside the blocks, and how the weights start. Parameters are not here; the runner (models/stack.ts) owns them.

import type { Tensor } from "../core/tensor.ts";
import type { GateActivation } from "../kernels/contract.ts";

/** The sub-layers that a block can have. */
export type Role = "attention" | "crossAttention" | "feedForward";

/** Where one sub-layer stands. Layers count from 1. */
export interface Site {
  /** The layer l, from 1. */
  readonly layer: number;
  /** The depth L of this stack. */
  readonly depth: number;
  /** The stack that it belongs to. */
  readonly stack: "decoder" | "encoder";
  /** Which sub-layer of its block it is. */
  readonly role: Role;
}

/**
 * The four places where a norm can stand, relative to one sub-layer.
 *
 * ```
 * x ──┬─ input ─ [sub-layer … inner … W_O] ─ output ─┐
 *     └──────────────────────────────────────────── + ─ stream ── x′
 * ```
 */
export type NormSite = "input" | "inner" | "output" | "stream";

/** Norms outside the blocks. */
export type End = "embedding" | "final";

/** The matrices whose start a variant scales; SwiGLU's gate and up projections are both `w1`. */
export type Matrix = "wv" | "wo" | "w1" | "w2";

/** A norm with its parameters bound. */
export type Norm = (x: Tensor) => Tensor;

/** What a wiring may call: the norms it owns, and the scaling of GPAS. */
export type Parts = Readonly<Record<NormSite, Norm>> & {
  /** Scales by the site's gate; only variants made by `withGpas` call it. */
  readonly gpas: (x: Tensor) => Tensor;
};

/** Attention or feed-forward network; `inner` runs just before its output projection. */
export type Sublayer = (x: Tensor, inner?: Norm) => Tensor;

/** How one sub-layer joins the stream. */
export interface Wiring {
  /** The norms that the sub-layer owns. */
  readonly norms: readonly NormSite[];
  /** What GPAS scales: the whole sum, or only the shortcut into the stream's norm. */
  readonly gate: "sum" | "shortcut";
  /** The equation: the stream after the sub-layer, from the stream before it. */
  update(x: Tensor, f: Sublayer, n: Parts): Tensor;
}

/** How the weights start: Xavier-normal or N(0, 0.02²); biases start at 0. */
export type InitBase = "xavier" | "normal";

/** How the weights of a variant start. */
export interface Init {
  /** The distribution of every matrix. */
  readonly base: InitBase;
  /** Multiplies the drawn weights; never acts on W_Q, W_K or biases. 1 when absent. */
  gain?(site: Site, matrix: Matrix): number;
  /** Where the trained gain of the input norm starts; 1 when absent. */
  normGain?(site: Site): number;
}

/** GPAS on a variant: one learned gate per layer or per sub-layer. */
export interface Gating {
  /** The function of the gate. */
  readonly activation: GateActivation;
  /** Whether the sub-layers of a layer share one gate. */
  readonly gate: "layer" | "site";
}

/** A residual variant. */
export interface Residual {
  /** Kebab-case name in configs, on the command line and in run files; with gates ended by `withGpas`. */
  readonly id: string;
  /** The name as the paper spells it, for charts and prose. */
  readonly label: string;
  /** Paper and equation. */
  readonly source: string;
  /** The update in TeX, shown by notebooks. */
  readonly equation: string;
  /** The norms that stand outside the blocks. */
  readonly ends: readonly End[];
  /** How its weights start. */
  readonly init: Init;
  /** ε of the final norm; the model's when absent. */
  readonly finalEps?: number;
  /** GPAS, where the variant has gates. */
  readonly gpas?: Gating;
  /** How the sub-layer at a site joins the stream. */
  wiring(site: Site): Wiring;
  /** The output of the stack, from its stream and x₀ + Σ branches; the final norm of the stream when absent. */
  finish?(x: Tensor, branches: Tensor, final: Norm): Tensor;
}

// What a residual variant is: an object that says which norms a sub-layer owns, how its branch joins the stream, what stands
// outside the blocks, and how the weights start. Parameters are not here; who runs it binds them.

import type { GateActivation } from "../kernels/contract.ts";
import type { Algebra, State } from "./algebra.ts";

/** The sub-layers that a block can have. */
export type Role = "attention" | "crossAttention" | "feedForward";

/** The stacks that a model can have: one of them, or an encoder whose output a decoder reads. */
export type StackName = "decoder" | "encoder";

/** Where one sub-layer stands. Layers count from 1. */
export interface Site {
  /** The layer l, from 1. */
  readonly layer: number;
  /** The depth of this stack. */
  readonly depth: number;
  /** The stack that it belongs to. */
  readonly stack: StackName;
  /** The depth of the model's other stack; absent where there is none. */
  readonly otherDepth?: number;
  /** Which sub-layer of its block it is. */
  readonly role: Role;
  /** The optimizer step under way, from 1; absent when nothing is trained. */
  readonly step?: number;
}

/**
 * The four places where a norm can stand, relative to one sub-layer.
 *
 * ```
 * x ──┬─ input ─ [sub-layer … inner … W_O] ─ output ─┐
 *     └──────────────────────────────────────────── + ─ stream ── x′
 * ```
 */
export type NormPlace = "input" | "inner" | "output" | "stream";

/** Norms outside the blocks. */
export type End = "embedding" | "final";

/** The matrices whose start a variant scales; SwiGLU's gate and up projections are both `w1`. */
export type ScaledMatrix = "wv" | "wo" | "w1" | "w2";

/** A norm with its parameters bound. */
export type Norm<T> = (x: T) => T;

/** What a wiring may call: the norms it owns, its learned scalars, and the scaling of GPAS. */
export type Parts<T> = Readonly<Record<NormPlace, Norm<T>>> & {
  /** A learned scalar that the wiring names in `weights`. */
  readonly weight: (name: string) => T;
  /** Scales by the site's gate; only variants made by `withGpas` call it. */
  readonly gpas: (x: T) => T;
};

/** Attention or feed-forward network; `inner` runs just before its output projection. */
export type Sublayer<T> = (x: T, inner?: Norm<T>) => T;

/** What every wiring says of itself. */
export interface WiringFacts {
  /** The norms that the sub-layer owns. */
  readonly norms: readonly NormPlace[];
  /** What GPAS scales: the whole sum, or only the shortcut into the stream's norm. */
  readonly gate: "sum" | "shortcut";
  /** Learned scalars of this site by name, with the value that each starts from. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** How one sub-layer joins a single stream. */
export interface StreamWiring extends WiringFacts {
  /** The equation: the stream after the sub-layer, from the stream before it. */
  update<T>(algebra: Algebra<T>, x: T, f: Sublayer<T>, n: Parts<T>): T;
}

/** How one sub-layer joins a state of several streams. */
export interface StateWiring extends WiringFacts {
  /** What the sub-layer reads of the state. */
  read<T>(algebra: Algebra<T>, state: State<T>, n: Parts<T>): T;
  /** The state after the sub-layer, whose output is `branch`. */
  write<T>(algebra: Algebra<T>, state: State<T>, branch: T, n: Parts<T>): State<T>;
}

/** How one sub-layer joins what the variant carries: `update` where that is one stream, else `read` and `write`. */
export type Wiring = StreamWiring | StateWiring;

/** How the weights start: Xavier-normal or N(0, 0.02²); biases start at 0. */
export type InitBase = "xavier" | "normal";

/** How the weights of a variant start. */
export interface Init {
  /** The distribution of every matrix. */
  readonly base: InitBase;
  /** Multiplies the drawn weights; never acts on W_Q, W_K or biases. 1 when absent. */
  gain?(site: Site, matrix: ScaledMatrix): number;
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
  /** How the sub-layer at a site joins the state. */
  wiring(site: Site): Wiring;
  /** What the first layer starts from; the stream alone when absent. */
  start?<T>(algebra: Algebra<T>, x: T): State<T>;
  /** The output of the stack; the final norm of x when absent. */
  finish?<T>(algebra: Algebra<T>, state: State<T>, final: Norm<T>): T;
}

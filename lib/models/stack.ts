// The runner of residual variants: makes the norms and gates that a variant asks for, applies its equation at every site, and
// its ends. It knows nothing of what a sub-layer computes.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { NormKind } from "../kernels/contract.ts";
import { initNorm, norm, type NormParameters } from "../layers/norm.ts";
import { gpas } from "../ops/gpas.ts";
import type {
  End,
  Norm,
  NormSite,
  Parts,
  Residual,
  Role,
  Site,
  Sublayer,
} from "../residual/types.ts";

/** The norms of a sub-layer, by site. */
export type SiteNorms = { readonly [site in NormSite]?: NormParameters };

/** What a residual variant owns in one block. */
export type JointParameters = {
  /** Norms by sub-layer and site. */
  readonly norm: { readonly [role in Role]?: SiteNorms };
  /** GPAS gates, scalars: one for the layer, or one for each sub-layer. */
  readonly gate?: Tensor | { readonly [role in Role]?: Tensor };
};

/** The norms outside the blocks. */
export type EndParameters = { readonly [end in End]?: NormParameters };

/** What the runner must know of a model. */
export interface StackConfig {
  /** Which stack it is. */
  readonly stack: "decoder" | "encoder";
  /** The sub-layers of a block, in order. */
  readonly roles: readonly Role[];
  /** The width D of the stream. */
  readonly width: number;
  /** The hidden width F, for inner norms of the feed-forward network. */
  readonly hidden: number;
  /** The number of layers L. */
  readonly depth: number;
  /** The variant. */
  readonly residual: Residual;
  /** The norm function. */
  readonly norm: NormKind;
  /** ε of every norm but those that the variant sets. */
  readonly eps: number;
  /** ε of norms that have another, by their path. */
  readonly normEps: Readonly<Record<string, number>>;
  /** Norms outside the blocks. */
  readonly ends: readonly End[];
  /** Whether LayerNorms have a bias. */
  readonly bias: boolean;
}

/** Receives named activations while the model runs; one that is to outlive the run must be cloned and kept (`tf.keep`). */
export type Tap = (name: string, value: Tensor) => void;

/** The stream's norm at the places where it acts; inner norms see hidden values, for which CRMSNorm has no meaning. */
function kindAt(site: NormSite, kind: NormKind): NormKind {
  return site === "inner" && kind.startsWith("crms") ? "layer" : kind;
}

function hasBias(config: StackConfig, site: NormSite): boolean {
  return config.bias && kindAt(site, config.norm) === "layer";
}

/**
 * The norms and gates of one block at the start.
 *
 * @param config The stack.
 * @param layer The layer, from 1.
 * @returns The parameters that the variant owns there.
 */
export function initJoints(config: StackConfig, layer: number): JointParameters {
  const { residual, roles, depth, stack, width, hidden } = config;
  const normsAt = (role: Role): SiteNorms => {
    const site: Site = { layer, depth, stack, role };
    const start = (at: NormSite): NormParameters =>
      initNorm(at === "inner" && role === "feedForward" ? hidden : width, {
        bias: hasBias(config, at),
        gain: at === "input" ? residual.init.normGain?.(site) ?? 1 : 1,
      });
    return Object.fromEntries(residual.wiring(site).norms.map((at) => [at, start(at)]));
  };
  const perRole = <T>(f: (role: Role) => T): { [role in Role]?: T } =>
    Object.fromEntries(roles.map((role) => [role, f(role)]));
  const joints = { norm: perRole(normsAt) };
  if (residual.gpas === undefined) return joints;
  const gate = (): Tensor => tf.scalar(0);
  return { ...joints, gate: residual.gpas.gate === "layer" ? gate() : perRole(gate) };
}

/**
 * The norms outside the blocks at the start.
 *
 * @param config The stack.
 * @returns Their parameters.
 */
export function initEnds(config: StackConfig): EndParameters {
  const start = (): NormParameters => initNorm(config.width, { bias: hasBias(config, "stream") });
  return Object.fromEntries(config.ends.map((end) => [end, start()]));
}

/** The norms and the gate of a site, bound to their parameters. */
function parts(joints: JointParameters, site: Site, config: StackConfig, tap: Tap): Parts {
  const norms: SiteNorms = joints.norm[site.role] ?? {};
  const bound = (at: NormSite): Norm => (x) => {
    const path = `blocks.${site.layer}.norm.${site.role}.${at}`;
    const parameters = norms[at];
    if (parameters === undefined) {
      throw new RangeError(
        `Cannot apply the ${at} norm of ${config.residual.id} at layer ${site.layer}: its wiring names only ` +
          `${Object.keys(norms).join(", ") || "none"}`,
      );
    }
    tap(path, x);
    const { eps, normEps } = config;
    return norm(parameters, x, { kind: kindAt(at, config.norm), eps: normEps[path] ?? eps });
  };
  const { gate } = joints;
  const scaled = (x: Tensor): Tensor => {
    const own = gate instanceof tf.Tensor ? gate : gate?.[site.role];
    if (own === undefined) {
      throw new RangeError(`Cannot scale at layer ${site.layer}: it has no gate`);
    }
    return gpas(x, own, { activation: config.residual.gpas!.activation });
  };
  return {
    input: bound("input"),
    inner: bound("inner"),
    output: bound("output"),
    stream: bound("stream"),
    gpas: scaled,
  };
}

/** TransformerLens's names for what a sub-layer reads and adds, and for the stream after it. */
const names: Readonly<Record<Role, Readonly<Record<"reads" | "adds" | "after", string>>>> = {
  attention: { reads: "attn_in", adds: "attn_out", after: "resid_mid" },
  crossAttention: { reads: "cross_attn_in", adds: "cross_attn_out", after: "resid_cross" },
  feedForward: { reads: "mlp_in", adds: "mlp_out", after: "resid_post" },
};

/**
 * Runs the stream through every block of a stack.
 *
 * Shapes: x [..., D] · returns the same
 *
 * @param x The stream at the start.
 * @param model The blocks' joints, the ends, and the configuration.
 * @param branch Gives the sub-layer at a site.
 * @param tap Receives `blocks.l.resid_pre`, `.attn_in`, `.attn_out`, `.resid_mid`, `.mlp_in`, `.mlp_out`, `.resid_post`, with l
 * from 1, and by the path of its parameters what each norm in a block reads.
 * @returns What the head reads.
 */
export function runStack(
  x: Tensor,
  model: {
    readonly blocks: readonly JointParameters[];
    readonly ends: EndParameters;
    readonly config: StackConfig;
  },
  branch: (site: Site) => Sublayer,
  tap: Tap,
): Tensor {
  const { blocks, ends, config } = model;
  const { residual, roles, depth, stack } = config;
  const end = (at: End, eps: number): Norm => (h) => {
    const parameters = ends[at];
    const own = config.normEps[`norm.${at}`];
    return parameters === undefined
      ? h
      : norm(parameters, h, { kind: config.norm, eps: own ?? eps });
  };
  x = end("embedding", config.eps)(x);
  let branches = x; // x₀ + Σ f, read only by variants with `finish`
  blocks.forEach((joints, index) => {
    const layer = index + 1;
    tap(`blocks.${layer}.resid_pre`, x);
    for (const role of roles) {
      const site: Site = { layer, depth, stack, role };
      const sublayer = branch(site);
      const f: Sublayer = (h, inner) => {
        tap(`blocks.${layer}.${names[role].reads}`, h);
        const y = sublayer(h, inner);
        tap(`blocks.${layer}.${names[role].adds}`, y);
        if (residual.finish !== undefined) branches = tf.add(branches, y);
        return y;
      };
      x = residual.wiring(site).update(x, f, parts(joints, site, config, tap));
      tap(`blocks.${layer}.${names[role].after}`, x);
    }
  });
  const final = end("final", residual.finalEps ?? config.eps);
  return residual.finish === undefined ? final(x) : residual.finish(x, branches, final);
}

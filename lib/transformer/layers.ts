// The layers of a Transformer's stack: sub-layers with what their residual variant wants around them, as the papers have them.

import type { EntryOf } from "../model/interpreter.ts";
import type {
  Attention,
  Block,
  Branch,
  Entry,
  FeedForward,
  Linear,
  NormSpec,
  RowKind,
  Stack,
  Table,
} from "../model/spec.ts";
import type { End, InitBase, NormPlace, Role, ScaledMatrix, Site } from "../residual/types.ts";
import type { Blueprint } from "./blueprint.ts";
import type { CompleteLayers, ImageOptions } from "./settings.ts";

/** One stack among those of a model. */
export interface StackPlan extends Pick<Site, "stack" | "depth" | "otherDepth"> {
  /** What the names of its parameters begin with: nothing, or such as `encoder.`. */
  readonly prefix: string;
  /** Whether its self-attention sees no later token. */
  readonly causal: boolean;
  /** The stack that its cross-attention reads, where its layers have one. */
  readonly memory?: string;
  /** The kinds of rows that have a feed-forward network each, with its norms; by default all rows have the same. */
  readonly experts?: readonly RowKind[];
}

/** A sub-layer of a layer. */
export interface Place {
  /** What it is. */
  readonly role: Role;
  /** The rows that it acts on, where those are not all. */
  readonly rows?: RowKind;
  /** What its parameters are called behind the layer: its role, with its rows. */
  readonly name: string;
}

/**
 * The sub-layers of a layer.
 *
 * @param plan Whether they read another stack, and whether kinds of rows have networks of their own.
 * @returns The sub-layers, in order.
 */
export function placesOf(
  { memory, experts }: Pick<StackPlan, "memory" | "experts">,
): readonly Place[] {
  const whole = (role: Role): Place => ({ role, name: role });
  const role = "feedForward";
  return [
    whole("attention"),
    ...(memory === undefined ? [] : [whole("crossAttention")]),
    ...(experts?.map((rows) => ({ role, rows, name: `${role}.${rows}` } as const)) ??
      [whole(role)]),
  ];
}

/** Whether a name is one of the matrices that variants scale at the start. */
const isScaled = (name: string): name is ScaledMatrix => ["wv", "wo", "w1", "w2"].includes(name);

/** Makes so many layers, each by its index. */
export type MakeLayers = (count: number, make: (index: number) => Block) => Block[];

const everyLayer: MakeLayers = (length, make) => Array.from({ length }, (_, index) => make(index));

/** The standard deviation of a matrix before a variant's gain: Xavier-normal or 0.02. */
export function baseStd(init: InitBase, [inputs, outputs]: readonly [number, number]): number {
  return init === "xavier" ? Math.sqrt(2 / (inputs + outputs)) : 0.02;
}

/** Writes down the layers of one stack. */
export class Layers {
  readonly #blueprint: Blueprint;
  readonly #settings: CompleteLayers;
  readonly #plan: StackPlan;

  constructor(blueprint: Blueprint, settings: CompleteLayers, plan: StackPlan) {
    this.#blueprint = blueprint;
    this.#settings = settings;
    this.#plan = plan;
  }

  /** A layer, from 1. */
  block(layer: number): Block {
    const branches = placesOf(this.#plan).map((place) => this.#branch(layer, place));
    return { parallel: false, branches };
  }

  /** The stack of this plan: what it starts from, its layers, and the norms outside of them. */
  stack(entry: Entry, make: MakeLayers = everyLayer): Stack {
    const { width, residual, ends, eps } = this.#settings;
    return {
      width,
      entry,
      ...(ends.includes("embedding") ? { entryNorm: this.#endNorm("embedding", eps) } : {}),
      recenter: false,
      residual,
      blocks: make(this.#plan.depth, (index) => this.block(index + 1)),
      ...(ends.includes("final")
        ? { final: this.#endNorm("final", residual.finalEps ?? eps) }
        : {}),
    };
  }

  /** Token embeddings, with positions where they are learned. */
  tokens(vocabulary: number, context: number): EntryOf<"tokens"> {
    const { width, embeddingStd, embeddingScale: scale } = this.#settings;
    const name = `${this.#plan.prefix}wte`;
    const tokens = this.#blueprint.table(name, [vocabulary, width], embeddingStd);
    return { kind: "tokens", tokens, scale, ...this.positions(context), offset: 0 };
  }

  /** Squares of an image behind single tokens, all of them with positions. */
  patches(
    { imageSize, patchSize, channels }: Required<ImageOptions>,
    before: readonly Table[],
    positions: string,
  ): EntryOf<"patches"> {
    const { width, init } = this.#settings;
    const std = baseStd(init, [channels * patchSize ** 2, width]);
    const shape = [width, channels, patchSize, patchSize] as const;
    const count = (imageSize / patchSize) ** 2 + before.length;
    return {
      kind: "patches",
      patches: this.#blueprint.kernel("patches", shape, { std, stream: "writes" }),
      patchSize,
      channels,
      imageSize: [imageSize, imageSize],
      before,
      ...this.positions(count, positions),
    };
  }

  /** A table of positions, where they are learned. */
  positions(count: number, name = `${this.#plan.prefix}wpe`): { readonly positions?: Table } {
    const { positions, width, embeddingStd } = this.#settings;
    if (positions !== "learned") return {};
    return { positions: this.#blueprint.table(name, [count, width], embeddingStd) };
  }

  #endNorm(end: End, eps: number): NormSpec {
    return this.#norm(`${this.#plan.prefix}norm.${end}`, "stream", this.#settings.width, 1, eps);
  }

  #siteOf(layer: number, role: Role): Site {
    const { stack, depth, otherDepth } = this.#plan;
    return { layer, depth, stack, role, ...(otherDepth === undefined ? {} : { otherDepth }) };
  }

  /** A sub-layer with what the variant wants around it. */
  #branch(layer: number, { role, rows, name }: Place): Branch {
    const { residual, width, hidden } = this.#settings;
    const path = `${this.#plan.prefix}blocks.${layer}`;
    const site = this.#siteOf(layer, role);
    const sublayer = role === "feedForward"
      ? this.#feedForward(`${path}.${name}`, site)
      : this.#attention(`${path}.${name}`, site);
    const { norms, weights = {} } = residual.wiring(site);
    const placed = norms.map((place) => {
      const size = place === "inner" && role === "feedForward" ? hidden : width;
      const gain = place === "input" ? residual.init.normGain?.(site) ?? 1 : 1;
      return [place, this.#norm(`${path}.norm.${name}.${place}`, place, size, gain)] as const;
    });
    const named = Object.entries(weights).map(([weight, start]) =>
      [weight, this.#blueprint.scalar(`${path}.weight.${name}.${weight}`, start)] as const
    );
    return {
      role,
      ...(rows === undefined ? {} : { rows }),
      norms: Object.fromEntries(placed),
      sublayer,
      ...(residual.gpas === undefined ? {} : {
        gate: this.#blueprint.scalar(
          residual.gpas.gate === "layer" ? `${path}.gate` : `${path}.gate.${role}`,
          0,
        ),
      }),
      ...(named.length === 0 ? {} : { weights: Object.fromEntries(named) }),
    };
  }

  /** A norm under a path; inner norms see hidden values, for which CRMSNorm has no meaning. */
  #norm(
    path: string,
    place: NormPlace,
    width: number,
    gain: number,
    open = this.#settings.eps,
  ): NormSpec {
    const { norm, normEps, bias } = this.#settings;
    const kind = place === "inner" && norm.startsWith("crms") ? "layer" : norm;
    const eps = normEps[path] ?? open;
    return this.#blueprint.norm(path, kind, eps, { width, gain, bias: bias && kind === "layer" });
  }

  /** The map `w` + suffix of a sub-layer. */
  #linear(path: string, suffix: string, shape: readonly [number, number], site: Site): Linear {
    const { init, residual, bias } = this.#settings;
    const weight = `w${suffix}`;
    const scaled = weight === "w3" ? "w1" : weight;
    const gain = isScaled(scaled) ? residual.init.gain?.(site, scaled) ?? 1 : 1;
    const names = { weight: `${path}.${weight}`, bias: `${path}.b${suffix}` };
    const stream = weight === "wo" || weight === "w2" ? "writes" : "reads";
    const std = baseStd(init, shape) * gain;
    return this.#blueprint.linear(names, shape, { std, bias, stream });
  }

  #attention(path: string, site: Site): Attention {
    const { width, heads, positions } = this.#settings;
    const { causal, memory } = this.#plan;
    const headWidth = width / heads;
    const linear = (suffix: string): Linear => this.#linear(path, suffix, [width, width], site);
    return {
      kind: "attention",
      projections: { q: linear("q"), k: linear("k"), v: linear("v") },
      output: { linear: linear("o") },
      heads,
      keyValueHeads: heads,
      headWidth,
      scale: headWidth ** -0.5,
      ...(site.role === "crossAttention" ? { causal: false, memory: memory! } : {
        causal,
        ...(positions === "rotary"
          ? { rotary: { width: headWidth, base: 10000, order: "half" } }
          : {}),
      }),
    };
  }

  #feedForward(path: string, site: Site): FeedForward {
    const { width, hidden, activation } = this.#settings;
    const inward = (suffix: string): Linear => this.#linear(path, suffix, [width, hidden], site);
    const output = (): FeedForward["output"] => ({
      linear: this.#linear(path, "2", [hidden, width], site),
    });
    if (activation !== "swiglu") {
      return { kind: "feedForward", up: inward("1"), output: output(), activation };
    }
    const gate = inward("1");
    return { kind: "feedForward", up: inward("3"), gate, output: output(), activation: "silu" };
  }
}

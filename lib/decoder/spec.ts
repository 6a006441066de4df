// A decoder of this library as a model spec: names of parameters are their paths in the tree.

import type {
  Attention,
  Block,
  Branch,
  FeedForward,
  Linear,
  ModelSpec,
  NormSpec,
} from "../model/spec.ts";
import type { NormPlace, Role, Site } from "../residual/types.ts";
import type { CompleteConfig } from "./config.ts";

/** A matrix of a decoder with its bias; all are stored (in, out). */
function linear(path: string, weight: string, bias: string): Linear {
  return { weight: `${path}.${weight}`, bias: `${path}.${bias}`, layout: "in-out" };
}

/** A norm under a path; inner norms see hidden values, for which CRMSNorm has no meaning. */
function normAt({ norm, eps, normEps }: CompleteConfig, path: string, place?: NormPlace): NormSpec {
  const kind = place === "inner" && norm.startsWith("crms") ? "layer" : norm;
  return { kind, eps: normEps[path] ?? eps, gain: `${path}.gain`, bias: `${path}.bias` };
}

function attention({ width, heads, positions }: CompleteConfig, block: string): Attention {
  const headWidth = width / heads;
  const path = `${block}.attention`;
  return {
    kind: "attention",
    projections: {
      q: linear(path, "wq", "bq"),
      k: linear(path, "wk", "bk"),
      v: linear(path, "wv", "bv"),
    },
    output: { linear: linear(path, "wo", "bo") },
    heads,
    keyValueHeads: heads,
    headWidth,
    scale: headWidth ** -0.5,
    causal: true,
    ...(positions === "rotary" ? { rotary: { width: headWidth, base: 10000, order: "half" } } : {}),
  };
}

function feedForward({ activation }: CompleteConfig, block: string): FeedForward {
  const path = `${block}.feedForward`;
  const map = (index: number): Linear => linear(path, `w${index}`, `b${index}`);
  const isGated = activation === "swiglu";
  return {
    kind: "feedForward",
    up: map(isGated ? 3 : 1),
    ...(isGated ? { gate: map(1) } : {}),
    output: { linear: map(2) },
    activation: isGated ? "silu" : activation,
  };
}

/** The site of a sub-layer of a decoder. */
export function decoderSite({ depth }: CompleteConfig, layer: number, role: Role): Site {
  return { layer, depth, stack: "decoder", role };
}

/** A sub-layer with what the variant wants around it. */
function branch(
  config: CompleteConfig,
  layer: number,
  role: "attention" | "feedForward",
): Branch {
  const { residual } = config;
  const path = `blocks.${layer}`;
  const { norms, weights } = residual.wiring(decoderSite(config, layer, role));
  const named = Object.keys(weights ?? {}).map((name) => [name, `${path}.weight.${role}.${name}`]);
  const placed = norms.map((place) =>
    [place, normAt(config, `${path}.norm.${role}.${place}`, place)] as const
  );
  return {
    role,
    norms: Object.fromEntries(placed),
    sublayer: role === "attention" ? attention(config, path) : feedForward(config, path),
    ...(residual.gpas === undefined
      ? {}
      : { gate: residual.gpas.gate === "layer" ? `${path}.gate` : `${path}.gate.${role}` }),
    ...(named.length === 0 ? {} : { weights: Object.fromEntries(named) }),
  };
}

const everyLayer = (count: number, make: (index: number) => Block): Block[] =>
  Array.from({ length: count }, (_, index) => make(index));

/**
 * What a decoder is.
 *
 * @param config Its configuration.
 * @param layers Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model; its parameters are named by their paths, such as `blocks.1.attention.wq`.
 */
export function decoderSpec(
  config: CompleteConfig,
  layers: (count: number, make: (index: number) => Block) => Block[] = everyLayer,
): ModelSpec {
  const { residual, ends, width, depth, tied, positions, embeddingScale } = config;
  const own = normAt(config, "norm.final");
  const final: NormSpec = {
    ...own,
    eps: config.normEps["norm.final"] ?? residual.finalEps ?? config.eps,
  };
  const head: Linear = tied
    ? { weight: "wte", bias: "head.b", layout: "out-in" }
    : linear("head", "w", "b");
  const blocks = layers(depth, (index) => ({
    parallel: false,
    branches: [branch(config, index + 1, "attention"), branch(config, index + 1, "feedForward")],
  }));
  return {
    stacks: {
      decoder: {
        width,
        entry: {
          kind: "tokens",
          tokens: { table: "wte" },
          scale: embeddingScale,
          ...(positions === "learned" ? { positions: { table: "wpe" } } : {}),
          offset: 0,
        },
        ...(ends.includes("embedding") ? { entryNorm: normAt(config, "norm.embedding") } : {}),
        recenter: false,
        residual,
        blocks,
        ...(ends.includes("final") ? { final } : {}),
      },
    },
    heads: [{ linear: head, stack: "decoder", reads: "all" }],
    untied: linear("head", "w", "b"),
  };
}

// A decoder of this library as a model spec, with the start of its parameters; their names are their paths in the tree.

import type { Block, ModelSpec } from "../model/spec.ts";
import { Blueprint, type Start } from "../transformer/blueprint.ts";
import { Layers } from "../transformer/layers.ts";
import type { CompleteConfig } from "./config.ts";

const everyLayer = (count: number, make: (index: number) => Block): Block[] =>
  Array.from({ length: count }, (_, index) => make(index));

/**
 * What a decoder is, and what its parameters start from.
 *
 * @param config Its configuration.
 * @param layers Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model, and the start of each parameter by its name, such as `blocks.1.attention.wq`.
 */
export function decoderBlueprint(
  config: CompleteConfig,
  layers: (count: number, make: (index: number) => Block) => Block[] = everyLayer,
): { readonly spec: ModelSpec; readonly starts: ReadonlyMap<string, Start> } {
  const { vocabulary, context, width, depth, residual, ends, tied, positions, init } = config;
  const { embeddingScale, embeddingStd } = config;
  const blueprint = new Blueprint();
  const stack = new Layers(blueprint, config, {
    stack: "decoder",
    depth,
    prefix: "",
    causal: true,
  });
  const tokens = blueprint.table("wte", [vocabulary, width], embeddingStd);
  const placed = positions === "learned"
    ? { positions: blueprint.table("wpe", [context, width], embeddingStd) }
    : {};
  const blocks = layers(depth, (index) => stack.block(index + 1));
  const ownHead = { weight: "head.w", bias: "head.b", layout: "in-out" } as const;
  const headStd = init === "xavier" ? Math.sqrt(2 / (width + vocabulary)) : 0.02;
  const head = tied
    ? { weight: "wte", bias: "head.b", layout: "out-in" } as const
    : blueprint.linear(ownHead, [width, vocabulary], { std: headStd, bias: false });
  const spec: ModelSpec = {
    stacks: {
      decoder: {
        width,
        entry: { kind: "tokens", tokens, scale: embeddingScale, ...placed, offset: 0 },
        ...(ends.includes("embedding") ? { entryNorm: stack.endNorm("norm.embedding") } : {}),
        recenter: false,
        residual,
        blocks,
        ...(ends.includes("final")
          ? { final: stack.endNorm("norm.final", residual.finalEps) }
          : {}),
      },
    },
    heads: [{ linear: head, stack: "decoder", reads: "all" }],
    untied: ownHead,
  };
  return { spec, starts: blueprint.starts };
}

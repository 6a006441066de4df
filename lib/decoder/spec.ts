// A decoder of this library as a model spec, with the start of its parameters; their names are their paths in the tree.

import type { ModelSpec } from "../model/spec.ts";
import { Blueprint, type Start } from "../transformer/blueprint.ts";
import { baseStd, Layers, type MakeLayers } from "../transformer/layers.ts";
import type { CompleteConfig } from "./config.ts";

/**
 * What a decoder is, and what its parameters start from.
 *
 * @param config Its configuration.
 * @param make Makes the layers; who does not trust the configuration holds each against a checkpoint.
 * @returns The model, and the start of each parameter by its name, such as `blocks.1.attention.wq`.
 */
export function decoderBlueprint(
  config: CompleteConfig,
  make?: MakeLayers,
): { readonly spec: ModelSpec; readonly starts: ReadonlyMap<string, Start> } {
  const { vocabulary, context, width, depth, tied, init, norm } = config;
  const blueprint = new Blueprint(norm);
  const layers = new Layers(blueprint, config, {
    stack: "decoder",
    depth,
    prefix: "",
    causal: true,
  });
  const decoder = layers.stack(layers.tokens(vocabulary, context), make);
  const own = { weight: "head.w", bias: "head.b", layout: "in-out" } as const;
  const shape = [width, vocabulary] as const;
  const linear = tied
    ? { weight: "wte", bias: "head.b", layout: "out-in" } as const
    : blueprint.linear(own, shape, { std: baseStd(init, shape), bias: false, stream: "reads" });
  const heads = [{ linear, stack: "decoder", reads: "all" }] as const;
  return { spec: { stacks: { decoder }, heads, untied: own }, starts: blueprint.starts };
}

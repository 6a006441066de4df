// The configuration of a decoder: what a caller writes, and the complete, checked form that the model reads.

import { excerpt } from "../core/excerpt.ts";
import { requireEps, requireInteger } from "../core/check.ts";
import { nearest, type OptionKinds, requireOptions } from "../core/options.ts";
import type { Residual } from "../residual/types.ts";
import {
  type CompleteLayers,
  completeLayers,
  layerKinds,
  type LayerOptions,
  requireDepth,
} from "../transformer/settings.ts";

/** The configuration of a decoder-only Transformer. */
export interface DecoderConfig extends LayerOptions {
  /** The number of tokens V. */
  readonly vocabulary: number;
  /** The longest sequence, in tokens. */
  readonly context: number;
  /** The number of layers L. */
  readonly depth: number;
  /** ε of norms that have another, by their path: `blocks.1.norm.attention.input`, `norm.final`. `fold` makes such. */
  readonly normEps?: Readonly<Record<string, number>>;
  /** Whether the head is the embedding table; false by default. */
  readonly tied?: boolean;
}

/** A configuration with every choice made. */
export type CompleteConfig = CompleteLayers & Required<Omit<DecoderConfig, keyof LayerOptions>>;

/** What a configuration holds. */
export const decoderKinds: OptionKinds<DecoderConfig> = {
  vocabulary: "number",
  context: "number",
  depth: "number",
  normEps: "object?",
  tied: "boolean?",
  ...layerKinds,
};

/** The paths of the norms of a layer. */
function normPaths(residual: Residual, layer: number, depth: number): string[] {
  return (["attention", "feedForward"] as const).flatMap((role) =>
    residual.wiring({ layer, depth, stack: "decoder", role }).norms
      .map((site) => `blocks.${layer}.norm.${role}.${site}`)
  );
}

const outerNorms: readonly string[] = ["norm.embedding", "norm.final"];

/** Requires the path of a norm that a decoder has; only its own layer is written out, however many the configuration counts. */
function requireNormPath(path: string, residual: Residual, depth: number): void {
  const written = Number(/^blocks\.([1-9]\d*)\./.exec(path)?.[1] ?? 1);
  const near = normPaths(residual, Math.min(written, depth), depth);
  const known = [...outerNorms, ...near];
  if (known.includes(path)) return;
  const meant = nearest(path, known);
  const [first, last] = [
    normPaths(residual, 1, depth)[0],
    normPaths(residual, depth, depth).at(-1),
  ];
  throw new RangeError(
    `Cannot use normEps[${excerpt(path)}]: ${
      meant === undefined ? "" : `did you mean "${meant}"? `
    }the norms are ${outerNorms.join(", ")} and ${first} to ${last}`,
  );
}

/** ε by norm, of norms that there are: any other would have no effect. */
function completeNormEps(
  normEps: Readonly<Record<string, number>>,
  residual: Residual,
  depth: number,
): Record<string, number> {
  for (const path of Object.keys(normEps)) requireNormPath(path, residual, depth);
  return Object.fromEntries(
    Object.entries(normEps).map(([path, eps]) => [path, requireEps(`normEps["${path}"]`, eps)]),
  );
}

/**
 * Checks a configuration and fills in what it leaves open.
 *
 * @param config What the caller wrote.
 * @returns The complete configuration.
 * @throws {RangeError} If a value is out of range or unknown; the message names it and what is allowed.
 */
export function completeConfig(config: DecoderConfig): CompleteConfig {
  requireOptions("a decoder", config, decoderKinds);
  const whole = (name: "vocabulary" | "context"): number =>
    requireInteger(name, config[name], { min: 1 });
  const depth = requireDepth("depth", config.depth);
  const layers = completeLayers(config);
  return {
    ...layers,
    vocabulary: whole("vocabulary"),
    context: whole("context"),
    depth,
    normEps: completeNormEps(config.normEps ?? {}, layers.residual, depth),
    tied: config.tied ?? false,
  };
}

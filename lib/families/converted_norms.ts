// The norms that a converted model has in place of its family's, kept in its `config.json` under "normkit", so that the folder alone
// says how the model is run.

import {
  isCompressed,
  mapNorms,
  mapStacks,
  type ModelSpec,
  readsWithTable,
  type StreamNorm,
} from "../model/spec.ts";
import type { Config } from "./family.ts";
import { epsIn, partOf, unknownSetting } from "./settings.ts";

/** What a conversion changed besides tensors: the norms of the residual streams. */
export interface ConvertedNorms {
  /** The norms of the streams: one for all layers and the end. */
  readonly norm: Exclude<StreamNorm, "layer-offset" | "rms-offset" | "crms-padded">;
  /** Whether what writes to the streams has mean 0, so that LayerNorm and RMSNorm are the same function. */
  readonly centered: boolean;
  /** The stacks whose layers start by subtracting the mean of the stream. */
  readonly recenter: readonly string[];
  /** ε of norms that differ from the configuration's, by the name of their gain. */
  readonly eps?: Readonly<Record<string, number>>;
  /** Biases that the family does not have, which took over those of norms. */
  readonly biases?: readonly string[];
}

const version = 1;

/** Whether a value is a table of ε by norms. */
function isEps(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.keys(value).every((norm) => epsIn(value as Config, [norm]) > 0);
}

/**
 * Reads from a configuration what a conversion changed.
 *
 * @param config The configuration.
 * @returns The norms; undefined where nothing was converted.
 * @throws {RangeError} If it was written by a later version, or is incomplete.
 */
export function convertedNormsOf(config: Config): ConvertedNorms | undefined {
  if (config["normkit"] === undefined) return undefined;
  const stored = partOf(config, "normkit");
  const { format, norm, centered, recenter, eps, biases = [] } = stored;
  const isHistory = Object.keys(stored).sort().join() === "format,history";
  if (isHistory && format === version) return undefined; // its norms are its family's
  if (typeof format === "number" && format !== version) {
    throw new RangeError(
      `Cannot read a converted model of format ${format}: this version knows ${version}`,
    );
  }
  const isComplete = format === version &&
    ["layer", "rms", "crms"].some((known) => known === norm) &&
    typeof centered === "boolean" && Array.isArray(recenter) && (eps === undefined || isEps(eps)) &&
    Array.isArray(biases) && biases.every((name) => typeof name === "string");
  if (!isComplete) {
    throw unknownSetting("normkit", config["normkit"], "it does not tell of a converted model");
  }
  return stored as unknown as ConvertedNorms;
}

/** A configuration that records what a conversion changed, beside earlier ones. */
export function withConvertedNorms(config: Config, norms: ConvertedNorms): Config {
  const { history } = partOf(config, "normkit");
  return {
    ...config,
    normkit: { format: version, ...norms, ...(history === undefined ? {} : { history }) },
  };
}

/**
 * The spec of a converted model.
 *
 * @param spec The family's.
 * @param norms What the conversion changed.
 * @returns The same with other norms and widths.
 */
export function applyConvertedNorms(spec: ModelSpec, norms: ConvertedNorms): ModelSpec {
  const { norm: kind, recenter, eps = {} } = norms;
  const changed = mapNorms(spec, (norm) => ({
    ...norm,
    kind,
    eps: eps[norm.gain] ?? norm.eps,
  }));
  // what was trained with CRMSNorm (normkit's own) is described with d − 1 values, and its head reads them as they are
  const wider = (name: string): 0 | 1 => isCompressed(spec.stacks[name]!) ? 1 : 0;
  const crms = kind === "crms" ? 1 : 0;
  const heads = changed.heads.map((head) =>
    crms > wider(head.stack) && readsWithTable(spec, head) ? { ...head, plusSum: true } : head
  );
  const stacked = mapStacks(changed, (stack, name) => ({
    ...stack,
    width: stack.width + wider(name) - crms,
    recenter: recenter.includes(name),
  }));
  return { ...stacked, heads };
}

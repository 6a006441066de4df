// Lossless conversion between Pre-LN, Pre-RMSNorm and Pre-CRMSNorm: fold, center, compress, and back. Nothing is computed until the
// tensors of the result are read.

import { requireOneOf } from "../core/check.ts";
import { requireOptions } from "../core/options.ts";
import { hasOffset, mapNorms, mapStacks, readsWithTable, withoutOffset } from "../model/spec.ts";
import { convertedNormsOf, withConvertedNorms } from "../families/converted_norms.ts";
import type { Head, ModelSpec, StreamNorm } from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { addedBiases, withoutAddedBiases } from "./added_biases.ts";
import { centerStreams, foldLayerScale, startsNonLinearly } from "./center.ts";
import { compressStreams, decompressStreams } from "./compress.ts";
import { keptParameters } from "./kept_norms.ts";
import { foldNorms, untieHead, withoutCopies } from "./fold_norms.ts";
import {
  requireFinalNorms,
  requireKnownReaders,
  requirePlain,
  requirePlainGains,
  requireUnmixedGains,
} from "./preconditions.ts";
import {
  entryOf,
  missingBiases,
  normsWithReaders,
  type NormWithReaders,
} from "./readers_and_writers.ts";
import { withIdentityParameters } from "./identity_parameters.ts";

/** What a model can be converted to. */
export const targets = ["pre-ln", "pre-rmsnorm", "pre-crmsnorm", "weightless"] as const;

/** What a model can be converted to. */
export type Target = typeof targets[number];

/** How a model is converted. */
export interface ConvertOptions {
  /**
   * `pre-rmsnorm`, `pre-crmsnorm`: weightless norms on a centered stream. `pre-ln`: LayerNorms of gain 1 and bias 0 on a centered
   * stream, which engines load as they load the source. `weightless`: the norms that the model has, without gain and bias.
   */
  readonly to: Target;
  /**
   * A head that shares the token table: `untie` (default) gives it a matrix of its own where that is needed. `keep` leaves the table as
   * it is and subtracts the mean of the stream where the layers start, one reduction more; the final norm keeps its gain and bias then.
   */
  readonly tied?: "untie" | "keep";
}

/** The norms of a model's streams. */
export function streamNorm({ spec }: Model): StreamNorm {
  return normsWithReaders(spec)[0]?.norm.kind ?? "layer";
}

/** Whether what writes to a model's streams has mean 0 by an earlier conversion. */
export function isCentered({ config }: Model): boolean {
  const converted = config["normkit"] as { readonly centered?: boolean } | undefined;
  return converted?.centered === true;
}

/** Whether a head multiplies by a table behind a map of its own, so that centering the table would change what it gives. */
function losesTable({ stacks }: ModelSpec, { transform, linear }: Head): boolean {
  return transform !== undefined &&
    Object.values(stacks).some((stack) =>
      !startsNonLinearly(stack) && entryOf(stack).tables.includes(linear.weight)
    );
}

function tiedHeads({ spec }: Model): readonly string[] {
  return spec.heads
    .filter((head) => readsWithTable(spec, head) || losesTable(spec, head))
    .map(({ linear }) => linear.weight);
}

/** Records the norms in the configuration, and biases that the source's family does not have. */
function recorded(model: Model, centered: boolean, source: Model): Model {
  const { spec, config } = model;
  const kind = withoutOffset(streamNorm(model));
  const norm = kind === "crms-padded" ? "rms" : kind; // it became that
  const stacks = Object.entries(spec.stacks).filter(([, { recenter }]) => recenter);
  const recenter = stacks.map(([name]) => name);
  const eps = (config["normkit"] as { eps?: Record<string, number> } | undefined)?.eps;
  const biases = addedBiases(model, source);
  return {
    ...model,
    config: withConvertedNorms(config, {
      norm,
      centered,
      recenter,
      ...(eps === undefined ? {} : { eps }),
      ...(biases.length === 0 ? {} : { biases }),
    }),
  };
}

/** Gives heads that share the token table matrices of their own. */
function separateHeads(model: Model, which: (head: Head) => boolean): Model {
  return model.spec.heads
    .filter((head) => readsWithTable(model.spec, head) && which(head))
    .reduce(untieHead, model);
}

/** A model with CRMSNorms without their gains, which one that was trained so has; its head then cannot stay the table. */
function weightlessCrms(model: Model): Model {
  return separateHeads(foldNorms(model, () => true), ({ plusSum }) => plusSum !== true);
}

/** A model with RMSNorms on a centered stream, from whichever of the three it is. */
function toRms(model: Model, keep: boolean): Model {
  const kind = streamNorm(model);
  if (kind === "crms") return decompressStreams(weightlessCrms(model));
  if (isCentered(model)) { // by a conversion, whose λ are 1
    const folded = foldNorms(foldLayerScale(model), ({ final }) => !(keep && final));
    const spec = mapNorms(folded.spec, (norm) => ({ ...norm, kind: "rms" }));
    return { ...folded, spec };
  }
  if (withoutOffset(kind) !== "layer") {
    throw new RangeError(
      `Cannot center a ${model.family.label} model: it has RMSNorms, which see the mean of the stream; its gains can be ` +
        `folded (to "weightless")`,
    );
  }
  const folded = foldNorms(foldLayerScale(model), ({ final }) => !(keep && final));
  const behind = folded.spec.heads.filter((head) => !keep && losesTable(folded.spec, head));
  return centerStreams(behind.reduce(untieHead, folded), { keepTables: keep });
}

/** A stream without its last values; a head that shares a table which it does not start from as it is needs its own matrix then. */
function toCrms(model: Model): Model {
  if (streamNorm(model) === "crms") return weightlessCrms(model);
  const rms = toRms(model, false);
  const { stacks } = rms.spec;
  return compressStreams(separateHeads(rms, ({ stack }) => stacks[stack]!.recenter));
}

/** Whether the token table itself reads a norm. */
function feedsTable({ spec }: Model, { stack, final }: NormWithReaders): boolean {
  return final && spec.heads.some((head) => head.stack === stack && readsWithTable(spec, head));
}

/** A model on a centered stream; a norm stays as it is whose bias would have to go where no bias is, or whose gain into the token table. */
function toRmsOfSameTensors(model: Model, keep: boolean): Model {
  const kind = withoutOffset(streamNorm(model));
  if (kind === "crms" || (kind !== "layer" && !isCentered(model))) return toRms(model, keep);
  const scaled = foldLayerScale(model);
  const folded = foldNorms(
    scaled,
    (site) => !feedsTable(scaled, site) && missingBiases(scaled, site).length === 0,
  );
  if (isCentered(model)) return folded;
  return centerStreams(folded, { keepTables: tiedHeads(folded).length > 0 });
}

/** On a centered stream RMSNorm is LayerNorm, which takes any mean away by itself. */
function layered(model: Model): Model {
  const normed = mapNorms(model.spec, (norm) => ({ ...norm, kind: "layer" }));
  const spec = mapStacks(normed, (stack) => ({ ...stack, recenter: false }));
  return withIdentityParameters({ ...model, spec });
}

/** Requires that gains or biases went into matrices, where there are some and no conversion has been here before. */
function requireFolded(source: Model, made: Model): void {
  const kept = keptParameters(made);
  const isFolded = normsWithReaders(source.spec).some(({ norm }) =>
    [norm.gain, norm.bias].some((name) => source.tensors.has(name) && !made.tensors.has(name))
  );
  if (isFolded || kept.length === 0 || convertedNormsOf(source.config) !== undefined) return;
  throw new RangeError(
    `Cannot fold norms of this ${source.family.label} model: all their parameters stay, ${
      kept.map(({ why }) => why).join("; ")
    }`,
  );
}

/** Converts a model whose head stays the table where `keep` asks for it and that can be. */
function converted(model: Model, to: Target, keep: boolean): Model {
  switch (to) {
    case "weightless":
      return recorded(foldNorms(foldLayerScale(model), () => true), isCentered(model), model);
    case "pre-rmsnorm":
      return recorded(toRms(model, keep), true, model);
    case "pre-crmsnorm":
      return recorded(toCrms(model), true, model);
    case "pre-ln": {
      const rms = toRmsOfSameTensors(model, keep);
      const recentered = Object.values(rms.spec.stacks).some(({ recenter }) => recenter);
      // a mean that was subtracted by a step is not any more
      return recorded(withoutAddedBiases(layered(rms)), !recentered, model);
    }
  }
}

/**
 * Converts a model without changing the function that it computes.
 *
 * The source's gains and biases are folded into what reads the norms, what writes to the stream is centered (LayerNorm becomes
 * RMSNorm), and the last value of the stream is left out (CRMSNorm). Arithmetic is in float64; the result's tensors have the source's
 * dtypes and are computed when they are read. ε is kept.
 *
 * Source: Jiang et al. 2023, §3.1, §3.2, Appendix C.
 *
 * @param model The model.
 * @param options What it becomes.
 * @returns The converted model; its tensors read the source's.
 * @throws {RangeError} If the model cannot be converted so; the message says why.
 */
export function convert(model: Model, options: ConvertOptions): Model {
  requireOptions("convert()", options, { to: "string", tied: "string?" });
  const to = requireOneOf("to", options.to, targets);
  const tied = requireOneOf("tied", options.tied ?? "untie", ["untie", "keep"]);
  const source = withoutCopies(model);
  if (streamNorm(source) === "crms-padded") {
    throw new RangeError(
      "Cannot convert a decoder whose norm is crms-padded: the last lane of its stream is padding",
    );
  }
  if (to === "weightless") requireUnmixedGains(source);
  else requirePlain(source);
  requireKnownReaders(source);
  if (to !== "weightless") requireFinalNorms(source);
  if (to === "pre-ln") requirePlainGains(source);
  const [table] = tiedHeads(source);
  const keep = tied === "keep" && table !== undefined;
  const mayStay = keep && !hasOffset(streamNorm(source)); // with the final norm, which is then as all others
  const made = converted(source, to, mayStay);
  if (to === "weightless") requireFolded(source, made);
  if (keep && tiedHeads(made).length === 0) {
    throw new RangeError(
      `Cannot keep ${table} as the matrix of the head in a conversion to ${to}: the norm before it, or the mean of the table, ` +
        'has to go into a matrix of its own; use tied = "untie"',
    );
  }
  return made;
}

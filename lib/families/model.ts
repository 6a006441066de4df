// A model: tensors with the description of what they are.

import type { TensorSource } from "../checkpoint/tensors.ts";
import { isTied, languageHeadOf, type ModelSpec } from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import { applyConvertedNorms, convertedNormsOf } from "./converted_norms.ts";
import { requireAccount } from "./account.ts";
import { requireOwnNumbers } from "./foreign_tensors.ts";
import { withHeads } from "./heads.ts";
import { withMaskToken } from "./mask_token.ts";
import { requireExactShapes, requireShapes } from "./shapes.ts";

/** A model of a known family, on disk or as a conversion makes it. */
export interface Model {
  /** What `config.json` was read by. */
  readonly family: Family;
  /** Its `config.json`. */
  readonly config: Config;
  /** What its tensors are. */
  readonly spec: ModelSpec;
  /** Its parameters, read when they are needed. */
  readonly tensors: TensorSource;
  /** What the matrix is that the file has for a head which the configuration says to be the token table, where it has one. */
  readonly storedHead?: StoredHead;
  /** What is to be known of how it was read: what was mended, and what was left out. */
  readonly notes?: readonly string[];
}

/** A copy of the token table, which is not read, or the head. */
export type StoredHead = "copy" | "own";

/** A model by its configuration, whatever the file has beside the token table. */
function described(family: Family, config: Config, tensors: TensorSource): Model {
  requireOwnNumbers(config, tensors);
  const has: Has = (name) => tensors.has(name);
  const body = withMaskToken(family.describe(config, has), has);
  const plain = withHeads(body, family, config, has);
  const norms = convertedNormsOf(config);
  const spec = norms === undefined ? plain : applyConvertedNorms(plain, norms);
  requireAccount({ spec, config, tensors });
  requireShapes(spec, config, tensors);
  const shapes = norms === undefined ? family.shapes?.(config) : undefined;
  if (shapes !== undefined) requireExactShapes(shapes, tensors);
  return { family, config, spec, tensors };
}

/**
 * Describes tensors by a configuration. What is stored for a head counts more than a configuration which says that the head is the token
 * table; the model's configuration then says otherwise.
 *
 * @param family The family.
 * @param config The configuration, with the norms of a converted model.
 * @param tensors The tensors.
 * @param storedHead What such a matrix is; the head by default.
 * @returns The model.
 * @throws {RangeError} If the configuration asks for something unknown, or for tensors that are missing, quantized or of other sizes.
 */
export function describeModel(
  family: Family,
  config: Config,
  tensors: TensorSource,
  storedHead: StoredHead = "own",
): Model {
  const model = described(family, config, tensors);
  const { untied } = model.spec;
  const head = languageHeadOf(model.spec);
  const isBoth = head !== undefined && untied !== undefined && tensors.has(untied.weight) &&
    isTied(model.spec, head.linear.weight);
  if (!isBoth) return model;
  const settled = storedHead === "copy" ? model : described(family, family.untie(config), tensors);
  return { ...settled, storedHead };
}

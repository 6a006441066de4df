// A model: tensors with the description of what they are.

import type { TensorSource } from "../checkpoint/tensors.ts";
import type { ModelSpec } from "../model/spec.ts";
import type { Config, Family, Has } from "./family.ts";
import { applyConvertedNorms, convertedNormsOf } from "./converted_norms.ts";
import { requireAccount } from "./account.ts";
import { withHeads } from "./heads.ts";
import { requireShapes } from "./shapes.ts";

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
}

/**
 * Describes tensors by a configuration.
 *
 * @param family The family.
 * @param config The configuration, with the norms of a converted model.
 * @param tensors The tensors.
 * @returns The model.
 * @throws {RangeError} If the configuration asks for something unknown, or for tensors that are missing or of other sizes.
 */
export function describeModel(family: Family, config: Config, tensors: TensorSource): Model {
  const has: Has = (name) => tensors.has(name);
  const described = withHeads(family.describe(config, has), family, config, has);
  const norms = convertedNormsOf(config);
  const spec = norms === undefined ? described : applyConvertedNorms(described, norms);
  requireAccount({ spec, config, tensors });
  requireShapes(spec, tensors);
  return { family, config, spec, tensors };
}

// The content of a `modeling.json`: a model spec with its tensors' shapes and the formulas of its words.

import type { TensorShape } from "../checkpoint/tensors.ts";
import type { Formula } from "./modeling_formulas.ts";
import type { ResolvedSpec } from "./modeling_resolve.ts";

/** What `modeling.json` holds. */
export interface ModelingDescription extends ResolvedSpec {
  /** The version of this format. */
  readonly format: 1;
  /** The version of this library that wrote it. */
  readonly normkit: string;
  /** The family of the source. */
  readonly family: string;
  /** Every tensor of the checkpoint that is read, by name. */
  readonly tensors: Readonly<Record<string, TensorShape>>;
  /** What the words of stacks and heads mean, by `kind of word/word`: only those that occur. */
  readonly formulas: Readonly<Record<string, Formula>>;
}

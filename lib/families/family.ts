// What a family of checkpoints is: how its configuration becomes a description, and what cannot be done with it.

import type { ModelSpec } from "../model/spec.ts";
import type { Residual } from "../residual/types.ts";

/** A `config.json`. */
export type Config = Readonly<Record<string, unknown>>;

/** Whether a checkpoint has a tensor of a name. */
export type Has = (name: string) => boolean;

/** A family of models. */
export interface Family {
  /** The `model_type` of its configurations. */
  readonly id: string;
  /** Its name for people. */
  readonly label: string;
  /**
   * Describes a model.
   *
   * @param config Its configuration.
   * @param has Whether the checkpoint has a tensor of a name.
   * @throws {RangeError} If the configuration asks for something that is not described; the message says what.
   */
  describe(config: Config, has: Has): ModelSpec;
  /** The configuration of a model whose head no longer shares the token table. */
  untie(config: Config): Config;
  /** The configuration of a model whose gates and constants were folded away: what joins it now, and ε by norm where it changed. */
  folded?(config: Config, residual: Residual, eps: Readonly<Record<string, number>>): Config;
}

/** A family that is known and refused. */
export interface RefusedFamily {
  /** The `model_type` of its configurations. */
  readonly id: string;
  /** Its name for people. */
  readonly label: string;
  /** Why nothing can be done, as a sentence. */
  readonly refusal: string;
}

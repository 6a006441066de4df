// What a family of checkpoints is: how its configuration becomes a description, and what cannot be done with it.

import type { ActivationName, Head, ModelSpec } from "../model/spec.ts";
import type { Residual } from "../residual/types.ts";

/** A `config.json`. */
export type Config = Readonly<Record<string, unknown>>;

/** Whether a checkpoint has a tensor of a name. */
export type Has = (name: string) => boolean;

/** A head that models have, by the path of its matrix. */
export interface HeadKind {
  /** The path of its matrix; the first words of the body's names may stand in front. */
  readonly path: string;
  /** How its architectures end, where the path does not tell it from another one. */
  readonly task?: string;
  /** Which rows it reads, and of what name the setting is that says so. */
  readonly reads: Head["reads"] | ((config: Config) => Head["reads"]);
  /** The path of a norm of the rows that it reads, before all else. */
  readonly norm?: string;
  /** The path of a map that stands before it, and the function between both. */
  readonly before?: { readonly path: string; readonly activation?: ActivationName };
  /** The function of its outputs, or the setting that names it with its standard. */
  readonly activation?: readonly [setting: string, standard?: ActivationName];
  /** What it gives; `logits` by default. */
  readonly output?: string;
  /** Whether it belongs to the body, whose final norm is an output then. */
  readonly ofBody?: boolean;
}

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
  /** The shape of every tensor of a model that is not converted, where the configuration alone says so. */
  shapes?(config: Config): ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** Heads that it has otherwise than all families; those are looked for first. */
  readonly heads?: readonly HeadKind[];
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

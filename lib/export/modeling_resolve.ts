// A description with nothing left open: what the checkpoint does not hold is not named.

import type { TensorSource } from "../checkpoint/tensors.ts";
import type {
  Attention,
  Branch,
  Description,
  Entry,
  FeedForward,
  Head,
  Linear,
  NormSite,
  Stack,
  Writer,
} from "../families/description.ts";

/** A JSON value of a description. */
export type Resolved = Readonly<Record<string, unknown>>;

/** Keys without those whose value is undefined. */
function defined(of: Resolved): Resolved {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined));
}

/** Names only what is there. */
class Resolver {
  readonly #tensors: TensorSource;

  constructor(tensors: TensorSource) {
    this.#tensors = tensors;
  }

  #there(name: string | undefined): string | undefined {
    return name !== undefined && this.#tensors.has(name) ? name : undefined;
  }

  linear({ weight, bias, layout }: Linear): Resolved {
    return defined({ weight, bias: this.#there(bias), layout });
  }

  norm({ kind, eps, gain, bias }: NormSite): Resolved {
    return defined({ kind, eps, gain: this.#there(gain), bias: this.#there(bias) });
  }

  writer({ linear, scale }: Writer): Resolved {
    return defined({ linear: this.linear(linear), scale: this.#there(scale) });
  }

  attention(attention: Attention): Resolved {
    const { projections, output, headNorms, ...rest } = attention;
    const maps = "qkv" in projections
      ? { qkv: this.linear(projections.qkv), order: projections.order }
      : {
        q: this.linear(projections.q),
        k: this.linear(projections.k),
        v: this.linear(projections.v),
      };
    const norms = headNorms && { q: this.norm(headNorms.q), k: this.norm(headNorms.k) };
    return defined({ ...rest, headNorms: norms, projections: maps, output: this.writer(output) });
  }

  feedForward({ kind, up, gate, output, activation }: FeedForward): Resolved {
    return defined({
      kind,
      activation,
      up: this.linear(up),
      gate: gate && this.linear(gate),
      output: this.writer(output),
    });
  }

  branch({ norm, sublayer, normScale, gate }: Branch): Resolved {
    return defined({
      norm: this.norm(norm),
      normScale,
      gate: this.#there(gate),
      sublayer: sublayer.kind === "attention"
        ? this.attention(sublayer)
        : this.feedForward(sublayer),
    });
  }

  entry(entry: Entry): Resolved {
    switch (entry.kind) {
      case "tokens":
        return { ...entry };
      case "patches":
        return { ...entry, patches: this.linear(entry.patches) };
      case "audio":
        return { ...entry, first: this.linear(entry.first), second: this.linear(entry.second) };
    }
  }

  stack({ width, entry, entryNorm, recenter, blocks, final }: Stack): Resolved {
    return defined({
      width,
      entry: this.entry(entry),
      entryNorm: entryNorm && this.norm(entryNorm),
      recenter,
      blocks: blocks.map(({ branches, ...rest }) =>
        defined({ ...rest, branches: branches.map((branch) => this.branch(branch)) })
      ),
      final: final && this.norm(final),
    });
  }

  head({ linear, ...rest }: Head): Resolved {
    return defined({ ...rest, linear: this.linear(linear) });
  }
}

/** Stacks and heads of a description, with the names of tensors that are there. */
export interface ResolvedDescription {
  /** The stacks by name, in the order in which they are computed. */
  readonly stacks: Readonly<Record<string, Resolved>>;
  /** What reads their final norms. */
  readonly heads: readonly Resolved[];
}

/**
 * A description as JSON that names every tensor which is read, and none that is not there.
 *
 * @param description The description.
 * @param tensors The tensors.
 * @returns Its stacks and heads.
 */
export function resolve(description: Description, tensors: TensorSource): ResolvedDescription {
  const resolver = new Resolver(tensors);
  const stacks = Object.entries(description.stacks)
    .map(([name, stack]) => [name, resolver.stack(stack)] as const);
  return {
    stacks: Object.fromEntries(stacks),
    heads: description.heads.map((head) => resolver.head(head)),
  };
}

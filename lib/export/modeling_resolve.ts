// A spec with nothing left open: what the checkpoint does not hold is not named.

import type { TensorSource } from "../checkpoint/tensors.ts";
import {
  type Attention,
  type Branch,
  type Convolution,
  type Entry,
  type Experts,
  type FeedForward,
  type Head,
  type Linear,
  type ModelSpec,
  type NormSpec,
  type Pool,
  siteOf,
  type Writer,
} from "../model/spec.ts";
import { equationLines, finishText, startLines } from "./equation_text.ts";

/** A JSON value of a spec. */
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

  norm({ kind, eps, gain, bias }: NormSpec): Resolved {
    return defined({ kind, eps, gain: this.#there(gain), bias: this.#there(bias) });
  }

  writer({ linear, scale }: Writer): Resolved {
    return defined({ linear: this.linear(linear), scale: this.#there(scale) });
  }

  attention(attention: Attention): Resolved {
    const { projections, output, headNorms, projectionNorms, relative, ...rest } = attention;
    const gate = relative?.gate;
    const maps = "qkv" in projections
      ? { qkv: this.linear(projections.qkv), order: projections.order }
      : {
        q: this.linear(projections.q),
        k: this.linear(projections.k),
        v: this.linear(projections.v),
      };
    const pair = (norms: Attention["headNorms"]): Resolved | undefined =>
      norms && { q: this.norm(norms.q), k: this.norm(norms.k) };
    return defined({
      ...rest,
      headNorms: pair(headNorms),
      projectionNorms: pair(projectionNorms),
      relative: relative && defined({
        ...relative,
        gate: gate && { ...gate, linear: this.linear(gate.linear) },
      }),
      projections: maps,
      output: this.writer(output),
    });
  }

  feedForward({ kind, up, gate, holdsGate, output, activation }: FeedForward): Resolved {
    return defined({
      kind,
      holdsGate,
      activation,
      up: this.linear(up),
      gate: gate && this.linear(gate),
      output: this.writer(output),
    });
  }

  branch(
    { norms, unnormed, rows, sublayer, gate, weights }: Branch,
    joins: readonly string[],
  ): Resolved {
    return defined({
      joins,
      unnormed,
      rows,
      norms: Object.fromEntries(
        Object.entries(norms).map(([place, norm]) => [place, this.norm(norm)]),
      ),
      gate: this.#there(gate),
      weights,
      sublayer: sublayer.kind === "attention"
        ? this.attention(sublayer)
        : sublayer.kind === "experts"
        ? this.mixture(sublayer)
        : this.feedForward(sublayer),
    });
  }

  mixture({ router, experts, shared, ...rest }: Experts): Resolved {
    return defined({
      ...rest,
      router: this.linear(router),
      experts: experts.map((expert) => this.feedForward(expert)),
      shared: shared && {
        network: this.feedForward(shared.network),
        gate: this.linear(shared.gate),
      },
    });
  }

  convolutions(all: readonly Convolution[]): Resolved[] {
    return all.map(({ linear, norm, ...rest }) =>
      defined({ ...rest, linear: this.linear(linear), norm: norm && this.norm(norm) })
    );
  }

  sound(entry: Extract<Entry, { kind: "audio" }>): Resolved {
    const { convolutions, norm, projection, positionConvolutions, ...rest } = entry;
    return defined({
      ...rest,
      convolutions: this.convolutions(convolutions),
      norm: norm && this.norm(norm),
      projection: projection && this.linear(projection),
      positionConvolutions: positionConvolutions && this.convolutions(positionConvolutions),
    });
  }

  entry(entry: Entry): Resolved {
    switch (entry.kind) {
      case "tokens": {
        const { projection } = entry;
        const { width, linear } = projection ?? {};
        return defined({
          ...entry,
          projection: linear && { width, linear: this.linear(linear) },
        });
      }
      case "patches":
        return { ...entry, patches: this.linear(entry.patches) };
      case "audio":
        return this.sound(entry);
      case "patches-and-tokens":
        return {
          kind: entry.kind,
          patches: this.entry(entry.patches),
          tokens: this.entry(entry.tokens),
        };
    }
  }

  stack(spec: ModelSpec, name: string): Resolved {
    const { width, entry, entryNorm, recenter, residual, blocks, final, finalOfMean } = spec
      .stacks[name]!;
    const starts = startLines(residual);
    const lines = (layer: number, role: Branch["role"]): string[] =>
      equationLines(residual, residual.wiring(siteOf(spec, name, layer, role)));
    return defined({
      width,
      entry: this.entry(entry),
      entryNorm: entryNorm && this.norm(entryNorm),
      recenter,
      residual: residual.id,
      starts: starts.length === 0 ? undefined : starts,
      blocks: blocks.map(({ branches, parallel }, index) => ({
        parallel,
        branches: branches.map((branch) => this.branch(branch, lines(index + 1, branch.role))),
      })),
      gives: finishText(residual),
      final: final && this.norm(final),
      finalOfMean,
    });
  }

  pool({ probe, attention, norm, network }: Pool): Resolved {
    return {
      probe,
      attention: this.attention(attention),
      norm: this.norm(norm),
      network: this.feedForward(network),
    };
  }

  head({ linear, norm, transform, pool, ...rest }: Head): Resolved {
    const before = transform && defined({
      ...transform,
      linear: this.linear(transform.linear),
      norm: transform.norm && this.norm(transform.norm),
    });
    return defined({
      ...rest,
      norm: norm && this.norm(norm),
      transform: before,
      pool: pool && this.pool(pool),
      linear: this.linear(linear),
    });
  }
}

/** Stacks and heads of a spec, with the names of tensors that are there. */
export interface ResolvedSpec {
  /** The stacks by name, in the order in which they are computed. */
  readonly stacks: Readonly<Record<string, Resolved>>;
  /** What reads their final norms. */
  readonly heads: readonly Resolved[];
  /** An output that is the mean of those of two heads, where there is one. */
  readonly mean?: ModelSpec["mean"] & object;
}

/**
 * A spec as JSON that names every tensor which is read, and none that is not there.
 *
 * @param spec The model.
 * @param tensors The tensors.
 * @returns Its stacks and heads.
 */
export function resolve(spec: ModelSpec, tensors: TensorSource): ResolvedSpec {
  const resolver = new Resolver(tensors);
  const stacks = Object.keys(spec.stacks).map((name) =>
    [name, resolver.stack(spec, name)] as const
  );
  return {
    stacks: Object.fromEntries(stacks),
    heads: spec.heads.map((head) => resolver.head(head)),
    ...(spec.mean === undefined ? {} : { mean: spec.mean }),
  };
}

// What a wiring's equation does, read off by running it on symbols: where norms stand, what shortcut and branch are multiplied by, and
// what the gate scales. Conversions act on that, so that no constant of a variant is written twice.

import { type ModelSpec, siteOf } from "../model/spec.ts";
import type { Algebra } from "../residual/algebra.ts";
import type { Norm, NormPlace, Parts, Wiring } from "../residual/types.ts";

/** A factor of an equation: a constant, times the site's gate factor 1 − act(g) where it is gated. */
export interface Factor {
  /** What the equation multiplies by whatever the gate. */
  readonly constant: number;
  /** Whether the gate scales it too. */
  readonly gated: boolean;
}

/** x′ = shortcut · x + branch · F(read · N(x)), or N(shortcut · x + branch · F(x)), or shortcut · x + branch · N(F(x)). */
export interface Equation {
  /** Whether the stream's norm stands before the sub-layer, behind the addition, or nowhere: the sub-layer reads the stream as it is. */
  readonly placement: "pre" | "post" | "none";
  /** Multiplies the stream. */
  readonly shortcut: Factor;
  /** Multiplies what the sub-layer gives. */
  readonly branch: Factor;
  /** Multiplies what the norm gives to the sub-layer (LNS). */
  readonly read: number;
  /** Whether the sub-layer has a norm before the matrix that writes (Sub-LN). */
  readonly innerNorm: boolean;
  /** Whether the sub-layer's output has a norm of its own (Sandwich-LN). */
  readonly outputNorm: boolean;
}

/** A linear form of the stream x and the sub-layer's output f, or what a norm makes of x. */
interface LinearForm {
  readonly x: Factor;
  readonly f: Factor;
  readonly normed?: "input" | "stream";
}

/** An equation that is not of the form that conversions act on. */
class OtherForm extends Error {}

const none: Factor = { constant: 0, gated: false };
const one: Factor = { constant: 1, gated: false };

function sum(a: Factor, b: Factor): Factor {
  if (a.constant === 0) return b;
  if (b.constant === 0) return a;
  if (a.gated !== b.gated) throw new OtherForm();
  return { constant: a.constant + b.constant, gated: a.gated };
}

const times = (factor: number, { constant, gated }: Factor): Factor => ({
  constant: factor * constant,
  gated,
});

/** The form with both factors changed; what a norm made keeps that it did. */
function mapFactors(of: LinearForm, change: (factor: Factor) => Factor): LinearForm {
  return { ...of, x: change(of.x), f: change(of.f) };
}

const symbols: Algebra<LinearForm> = {
  add: (a, b) => {
    if ((a.normed ?? b.normed) !== undefined) throw new OtherForm();
    return { x: sum(a.x, b.x), f: sum(a.f, b.f) };
  },
  scale: (factor, of) => mapFactors(of, (own) => times(factor, own)),
  weigh: () => {
    throw new OtherForm();
  },
};

/** Where the norm of the stream stands, of what a branch reads and what it leaves. */
function placementOf(read: LinearForm, end: LinearForm): Equation["placement"] {
  if (end.normed === "input" || read.normed === "stream") throw new OtherForm();
  if (end.normed === "stream") {
    if (read.normed !== undefined) throw new OtherForm();
    return "post";
  }
  return read.normed === "input" ? "pre" : "none";
}

/** Runs an equation on symbols and notes what its sub-layer and its norms see. */
class Reader {
  #read: LinearForm | undefined;
  #innerNorm = false;
  #outputNorm = false;

  #gate(of: LinearForm): LinearForm {
    return mapFactors(of, (own) => {
      if (own.gated) throw new OtherForm();
      return own.constant === 0 ? own : { ...own, gated: true };
    });
  }

  #norm(place: Exclude<NormPlace, "inner">): Norm<LinearForm> {
    return (of) => {
      if (of.normed !== undefined) throw new OtherForm();
      if (place === "output") {
        this.#outputNorm = true;
        if (of.x.constant !== 0 || of.f.constant !== 1) throw new OtherForm();
        return of;
      }
      return { ...of, normed: place };
    };
  }

  equationOf(wiring: Wiring): Equation {
    if (!("update" in wiring)) throw new OtherForm();
    const parts: Parts<LinearForm> = {
      input: this.#norm("input"),
      inner: (of) => of,
      output: this.#norm("output"),
      stream: this.#norm("stream"),
      gpas: (of) => this.#gate(of),
      weight: () => {
        throw new OtherForm();
      },
    };
    const end = wiring.update(symbols, { x: one, f: none }, (x, inner) => {
      this.#read = x;
      this.#innerNorm = inner !== undefined;
      return { x: none, f: one };
    }, parts);
    return this.#interpret(end);
  }

  /** Pre-LN: the branch reads a norm of the raw stream. Post-LN: it reads the raw stream, and a norm comes last. Else none does. */
  #interpret(end: LinearForm): Equation {
    const read = this.#read;
    if (read === undefined || read.f.constant !== 0 || read.x.gated) throw new OtherForm();
    const placement = placementOf(read, end);
    if (placement !== "pre" && read.x.constant !== 1) throw new OtherForm();
    const { x: shortcut, f: branch } = end;
    if (shortcut.constant <= 0 || branch.constant === 0) throw new OtherForm();
    return {
      placement,
      shortcut,
      branch,
      read: read.x.constant,
      innerNorm: this.#innerNorm,
      outputNorm: this.#outputNorm,
    };
  }
}

/**
 * Reads off what a wiring's equation does.
 *
 * @param wiring The wiring of a site.
 * @returns The equation; undefined where it carries several streams, has learned scalars, or is not of that form.
 */
export function readEquation(wiring: Wiring): Equation | undefined {
  try {
    return new Reader().equationOf(wiring);
  } catch (error) {
    if (error instanceof OtherForm) return undefined;
    throw error;
  }
}

/** The equation of each branch of a stack, layer by layer; undefined where it cannot be read off. */
export function equationsOf(spec: ModelSpec, stack: string): (Equation | undefined)[][] {
  const { blocks, residual } = spec.stacks[stack]!;
  return blocks.map(({ branches }, index) =>
    branches.map(({ role }) => readEquation(residual.wiring(siteOf(spec, stack, index + 1, role))))
  );
}

/** Whether an equation has a constant or a gate, which weights can take over. */
export function hasFactors({ shortcut, branch, read }: Equation): boolean {
  return read !== 1 || [shortcut, branch].some(({ constant, gated }) => constant !== 1 || gated);
}

// The tricks of training folded away: GPAS, DeepNorm's α, LNS and LayerScale into the weights of a plain Pre-LN or Post-LN model.
//
// Where every reader of the stream is a norm, norm_ε(c z) = norm_{ε/c²}(z) for c > 0. So a factor of the stream can stay out of it:
// what is added later is divided by it, and the later norms' ε by its square. A matrix that reads the stream itself takes it over.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import type { Model } from "../families/model.ts";
import { gates } from "../kernels/gate.ts";
import {
  type Block,
  type Branch,
  type ModelSpec,
  type NormSpec,
  type Stack,
  turnsOf,
  writersIn,
} from "../model/spec.ts";
import { residuals } from "../residual/registry.ts";
import type { Residual } from "../residual/types.ts";
import { postLn, preLn } from "../residual/variants.ts";
import { foldLayerScale } from "./center.ts";
import { type Change, WeightEdits } from "./weight_edits.ts";
import { type Equation, equationsOf, type Factor, hasFactors } from "./equation.ts";
import { scaleAll } from "./lazy_matrix.ts";
import { requireKnownReaders } from "./preconditions.ts";
import { ownReaders, writersOf } from "./readers_and_writers.ts";

/** 1 − act(g) of a branch's gate; 1 where it has none. */
async function gateFactor(
  tensors: TensorSource,
  { gate }: Branch,
  { gpas }: Residual,
): Promise<number> {
  if (gate === undefined || gpas === undefined) return 1;
  const [value = 0] = await readTensor(tensors, gate);
  const factor = 1 - gates[gpas.activation].value(value);
  if (factor > 0) return factor;
  throw new RangeError(
    `Cannot fold the gate ${gate} = ${value}: 1 − ${gpas.activation}(gate) is ${
      factor.toPrecision(4)
    }, and must be above 0`,
  );
}

/** ε by norm, of those whose ε changed. */
export type EpsByNorm = Readonly<Record<string, number>>;

/** A branch with how it joins the stream, and 1 − act(g) of its gate. */
interface Joined {
  readonly equation: Equation;
  readonly branch: Branch;
  readonly gated: number;
}

/** Folds the branches of one stack, in the order in which they join the stream. */
class StackFold {
  readonly #edit: WeightEdits;
  readonly #width: number;
  readonly #eps: Record<string, number>;
  /** The stream of the source is this times the stream of the result. */
  #scale = 1;

  constructor(edit: WeightEdits, width: number, eps: Record<string, number>) {
    this.#edit = edit;
    this.#width = width;
    this.#eps = eps;
  }

  /** A norm that reads a stream smaller by a factor. */
  norm(source: NormSpec, factor = this.#scale): NormSpec {
    if (factor === 1) return source;
    const eps = source.eps / factor ** 2;
    this.#eps[pathOf(source)] = eps;
    return { ...source, eps };
  }

  /** Branches that join the same stream, each on rows of its own where there are two; these share their gate. */
  turn(joined: readonly Joined[]): Branch[] {
    const start = this.#scale;
    return joined.map((one) => {
      this.#scale = start;
      return this.#branch(one);
    });
  }

  /** x′ = A x + B F(r N(x)), or N(A x + B F(x)), of a stream that is #scale times that of the result. */
  #branch({ equation, branch, gated }: Joined): Branch {
    const { gate: _, norms, ...same } = branch;
    const widths = { from: this.#width, to: this.#width };
    const times = (factor: number): Change => (matrix) => scaleAll(matrix, factor);
    const valueOf = ({ constant, gated: isGated }: Factor): number =>
      constant * (isGated ? gated : 1);
    const kept = valueOf(equation.shortcut) * this.#scale;
    const added = valueOf(equation.branch) / kept;
    const { input, stream, output } = norms;
    if (output !== undefined) {
      if (added !== 1) this.#scaleNorm(output, times(added));
    } else if (added !== 1) {
      for (const { linear } of writersIn(branch.sublayer)) {
        this.#edit.writer(linear, widths, times(added));
      }
    }
    if (equation.read !== 1) this.#scaleNorm(input!, times(equation.read));
    if (equation.placement === "none" && this.#scale !== 1) {
      ownReaders(branch.sublayer).forEach((linear) =>
        this.#edit.reader(linear, widths, times(this.#scale))
      );
    }
    const folded: Branch["norms"] = {
      ...norms,
      ...(input === undefined ? {} : { input: this.norm(input) }),
      ...(stream === undefined ? {} : { stream: this.norm(stream, kept) }),
    };
    if (branch.gate !== undefined) this.#edit.tensors.remove(branch.gate);
    this.#scale = equation.placement === "post" ? 1 : kept;
    return { ...same, norms: folded };
  }

  /** What a norm gives, multiplied: its gain and its bias. */
  #scaleNorm({ gain, bias }: NormSpec, change: Change): void {
    const widths = { from: this.#width, to: this.#width };
    this.#edit.table(gain, widths, change);
    this.#edit.table(bias, widths, change);
  }
}

/** The path of a norm's parameters: its gain's name without the last word. */
function pathOf({ gain }: NormSpec): string {
  return gain.slice(0, gain.lastIndexOf("."));
}

/** Whether a model has anything to fold. */
export function hasTricks({ spec, tensors }: Model): boolean {
  return Object.entries(spec.stacks).some(([name, stack]) =>
    stack.residual.gpas !== undefined ||
    equationsOf(spec, name).flat().some((one) => one !== undefined && hasFactors(one)) ||
    writersOf(stack).some(({ scale }) => scale !== undefined && tensors.has(scale))
  );
}

/** Whether two equations differ in nothing but factors. */
function isSameForm(a: Equation, b: Equation | undefined): boolean {
  return a.placement === b?.placement && a.innerNorm === b.innerNorm &&
    a.outputNorm === b.outputNorm;
}

/** The variant that is left when gates and constants are gone: Pre-LN or Post-LN where it is one, else what it was without gates. */
function plainVariant(spec: ModelSpec, name: string, equations: readonly Equation[]): Residual {
  const stack = spec.stacks[name]!;
  const [base] = stack.residual.id.split("+");
  const found = [preLn, postLn, ...residuals.filter(({ id }) => id === base)].find((residual) => {
    const own = equationsOf(
      { ...spec, stacks: { ...spec.stacks, [name]: { ...stack, residual } } },
      name,
    );
    return own.flat().every((one, at) => isSameForm(equations[at]!, one) && !hasFactors(one!));
  });
  if (found !== undefined) return found;
  throw new RangeError(
    `Cannot fold a ${stack.residual.label} model: without its factors it is none of the variants that are known`,
  );
}

/** What joins a stack, where each branch is added to one stream. */
function requireEquations({ spec, family }: Model, name: string): Equation[] {
  const equations = equationsOf(spec, name).flat();
  if (equations.every((one) => one !== undefined)) return equations;
  throw new RangeError(
    `Cannot fold this ${family.label} model: ${
      spec.stacks[name]!.residual.label
    } adds each branch to more than one stream, or weighs it by learned ` +
      "numbers, so that no weight can take over the factor of one stream alone",
  );
}

/**
 * Requires that there is something to fold, and that it can be; of a gate whose value forbids it only {@linkcode foldVariant} knows.
 *
 * @param model The model. No tensor is read.
 * @throws {RangeError} If there is nothing to fold, the variant carries several streams, or a tensor is not described and may read or
 * write the stream.
 */
export function requireFoldable(model: Model): void {
  if (!hasTricks(model)) {
    throw new RangeError(
      `Cannot fold this ${model.family.label} model: it has no gates, constants or LayerScale`,
    );
  }
  requireKnownReaders(model);
  for (const name of Object.keys(model.spec.stacks)) {
    plainVariant(model.spec, name, requireEquations(model, name));
  }
}

/** One stack without factors. */
async function foldStack(
  model: Model,
  edit: WeightEdits,
  name: string,
  eps: Record<string, number>,
): Promise<Stack> {
  const { spec, tensors } = model;
  const stack = spec.stacks[name]!;
  const { residual } = stack;
  const known = requireEquations(model, name);
  const fold = new StackFold(edit, stack.width, eps);
  const rest = [...known];
  const blocks: Block[] = [];
  for (const block of stack.blocks) {
    const folded: Branch[] = [];
    for (const turn of turnsOf(block)) {
      const gates = await Promise.all(turn.map((branch) => gateFactor(tensors, branch, residual)));
      const joined = turn.map((branch, at) => ({
        equation: rest.shift()!,
        branch,
        gated: gates[at]!,
      }));
      for (const branch of fold.turn(joined)) folded.push(branch);
    }
    blocks.push({ parallel: block.parallel, branches: folded });
  }
  const final = stack.final === undefined ? {} : { final: fold.norm(stack.final) };
  return { ...stack, residual: plainVariant(spec, name, known), blocks, ...final };
}

/**
 * Folds GPAS, DeepNorm's α, LNS and LayerScale into the weights.
 *
 * ```
 * GPAS on the sum       c ← c (1 − act(g)) after each site; branches ÷ c, ε ÷ c²
 * GPAS on the shortcut  LN(α (1 − act(g)) x + f) = LN(x + f ÷ a), ε ÷ a², a = α (1 − act(g))
 * LNS                   gain and bias times l^-½
 * LayerScale            writing matrix and bias times λ
 * ```
 *
 * Source: norms are scale-invariant up to ε; GPAS: Chen et al. 2025; DeepNorm: Wang et al. 2022; LNS: Sun et al. 2025.
 *
 * @param model The model.
 * @returns The same function without factors: Pre-LN, Post-LN, or what the variant is without gates.
 * @throws {RangeError} If there is nothing to fold, a gate has act(g) ≥ 1, the variant carries several streams, or a tensor is not
 * described and may read or write the stream.
 */
export async function foldVariant(model: Model): Promise<Model> {
  requireFoldable(model);
  const plain = foldLayerScale(model);
  const edit = new WeightEdits(plain.tensors);
  const eps: Record<string, number> = {};
  const stacks: Record<string, Stack> = {};
  for (const name of Object.keys(plain.spec.stacks)) {
    stacks[name] = await foldStack(plain, edit, name, eps);
  }
  const { family, config, spec } = plain;
  const [{ residual }] = Object.values(stacks) as [Stack];
  return {
    family,
    config: family.folded?.(config, residual, eps) ?? config,
    spec: { ...spec, stacks },
    tensors: edit.tensors,
  };
}

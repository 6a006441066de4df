// The tricks of training folded away: GPAS, DeepNorm's α, LNS and LayerScale into the weights of a plain Pre-LN or Post-LN model.
//
// Every reader of the stream is a norm, and norm_ε(c z) = norm_{ε/c²}(z) for c > 0. So a factor of the stream can stay out of it:
// what is added later is divided by it, and the later norms' ε by its square.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import type { Block, Branch, NormSite, Stack } from "../families/description.ts";
import { gateFactor } from "../families/gate_factor.ts";
import type { Model } from "../families/model.ts";
import { foldLayerScale } from "./center.ts";
import { type Change, Edit } from "./edit.ts";
import { scaleAll } from "./matrix.ts";

/** What a branch's gate multiplies by, above 0. */
async function positiveFactor(tensors: TensorSource, branch: Branch): Promise<number> {
  const factor = await gateFactor(tensors, branch);
  if (factor > 0) return factor;
  const { gate, gateActivation = "silu" } = branch;
  const [value] = await readTensor(tensors, gate!);
  throw new RangeError(
    `Cannot fold the gate ${gate} = ${value}: 1 − ${gateActivation}(gate) is ${
      factor.toPrecision(4)
    }, and must be above 0`,
  );
}

/** ε by norm, of those whose ε changed. */
export type EpsByNorm = Readonly<Record<string, number>>;

/** Folds the branches of one stack, in the order in which they join the stream. */
class StackFold {
  readonly #tensors: TensorSource;
  readonly #edit: Edit;
  readonly #width: number;
  readonly #eps: Record<string, number>;
  /** The stream of the source is this times the stream of the result. */
  #scale = 1;

  constructor(tensors: TensorSource, edit: Edit, width: number, eps: Record<string, number>) {
    this.#tensors = tensors;
    this.#edit = edit;
    this.#width = width;
    this.#eps = eps;
  }

  /** A norm that reads a stream smaller by a factor. */
  norm(source: NormSite, factor = this.#scale): NormSite {
    if (factor === 1) return source;
    const eps = source.eps / factor ** 2;
    this.#eps[pathOf(source)] = eps;
    return { ...source, eps };
  }

  async branch(block: Block, branch: Branch): Promise<Branch> {
    const { normScale = 1, gate, sublayer } = branch;
    const widths = { from: this.#width, to: this.#width };
    const times = (factor: number): Change => (matrix) => scaleAll(matrix, factor);
    const gated = await positiveFactor(this.#tensors, branch);
    const factor = block.post === true ? this.#scale * (block.shortcut ?? 1) * gated : this.#scale;
    const norm = this.norm(branch.norm, factor);
    if (factor !== 1) this.#edit.writer(sublayer.output.linear, widths, times(1 / factor));
    if (normScale !== 1) {
      this.#edit.table(norm.gain, widths, times(normScale));
      this.#edit.table(norm.bias, widths, times(normScale));
    }
    if (gate !== undefined) this.#edit.tensors.remove(gate);
    this.#scale = block.post === true ? 1 : this.#scale * gated;
    return { norm, sublayer };
  }
}

/** The path of a norm's parameters: its gain's name without the last word. */
function pathOf({ gain }: NormSite): string {
  return gain.slice(0, gain.lastIndexOf("."));
}

async function foldBlock(fold: StackFold, block: Block): Promise<Block> {
  const branches: Branch[] = [];
  for (const branch of block.branches) branches.push(await fold.branch(block, branch));
  const { parallel, post } = block;
  return { parallel, branches, ...(post === undefined ? {} : { post }) };
}

/** Whether a model has anything to fold. */
export function hasTricks({ description, tensors }: Model): boolean {
  return Object.values(description.stacks).some(({ blocks }) =>
    blocks.some(({ branches, shortcut }) =>
      shortcut !== undefined ||
      branches.some(({ gate, normScale, sublayer: { output } }) =>
        gate !== undefined || normScale !== undefined ||
        (output.scale !== undefined && tensors.has(output.scale))
      )
    )
  );
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
 * @returns The same function as a plain Pre-LN, Post-LN or Mix-LN model.
 * @throws {RangeError} If there is nothing to fold, or a gate has act(g) ≥ 1: the stream would lose its sign or itself.
 */
export async function foldVariant(model: Model): Promise<Model> {
  if (!hasTricks(model)) {
    throw new RangeError(
      `Cannot fold this ${model.family.label} model: it has no gates, constants or LayerScale`,
    );
  }
  const plain = foldLayerScale(model);
  const edit = new Edit(plain.tensors);
  const eps: Record<string, number> = {};
  const stacks: Record<string, Stack> = {};
  for (const [name, stack] of Object.entries(plain.description.stacks)) {
    const fold = new StackFold(plain.tensors, edit, stack.width, eps);
    const blocks: Block[] = [];
    for (const block of stack.blocks) blocks.push(await foldBlock(fold, block));
    const final = stack.final === undefined ? {} : { final: fold.norm(stack.final) };
    stacks[name] = { ...stack, blocks, ...final };
  }
  const { family, config, description } = plain;
  return {
    family,
    config: family.folded?.(config, eps) ?? config,
    description: { ...description, stacks },
    tensors: edit.tensors,
  };
}

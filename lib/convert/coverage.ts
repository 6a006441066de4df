// Which inputs two models are compared on: as much as a budget of operations allows, since tensors are the main proof where there are
// any to compare with.

import { greatest } from "../core/extent.ts";
import { rowsOf } from "../checkpoint/tensors.ts";
import type { Model } from "../families/model.ts";
import type { ModelInputs } from "../interpret/inputs.ts";
import { entriesOf, mapStacks, type ModelSpec, type Stack } from "../model/spec.ts";
import type { Coverage } from "./certificate.ts";
import { positionsOf, randomInputs, tokenLimits } from "./inputs.ts";
import { entryOf } from "./readers_and_writers.ts";

/** Multiplications and additions of a run, which takes up to a second for each 1e9 in float64. */
const budgets = {
  /** Where outputs are all there is. */
  alone: 16e9,
  /** Of a small model: its full context, or most of it. */
  small: 1e9,
  /** Of a large one, whose numbers are compared besides: the certificate is to take no longer than the conversion. */
  large: 5e8,
} as const;

/** Parameters that one run reads where every number is compared besides: a layer or a few of a large model, and its head. */
const parametersRead = 5e7;

/** Tokens of every other input, and of none fewer than this where the context allows it. */
const [usual, fewest] = [32, 4];

/** Logits of one run, 16 MB in float64. */
const mostOutputs = 2 ** 21;

/** Inputs by default. */
const standardCount = 4;

function sizeOf({ tensors }: Model, name: string): number {
  const { rows, width } = rowsOf(tensors.info(name).shape);
  return rows * width;
}

/** Parameters that each position is multiplied by. */
interface Weights {
  /** Those of all layers: all but tables of vectors and the matrices of heads. */
  readonly layers: number;
  /** Those of heads. */
  readonly heads: number;
  /** Operations of attention for each pair of positions. */
  readonly mixing: number;
}

/** What the mask and the softmax of one score cost, in such operations. */
const scoreCost = 100;

/** The operations of attention for each pair of positions. */
function mixingOf({ width, blocks }: Stack): number {
  const heads = blocks.flatMap(({ branches }) =>
    branches.map(({ sublayer }) => sublayer.kind === "attention" ? sublayer.heads : 0)
  );
  return 4 * width * blocks.length + scoreCost * heads.reduce((sum, own) => sum + own, 0);
}

function weightsOf(model: Model): Weights {
  const { spec, tensors } = model;
  const stacks = Object.values(spec.stacks);
  const tables = new Set(stacks.flatMap((stack) => entryOf(stack).tables));
  const heads = new Set(
    spec.heads.map(({ linear }) => linear.weight).filter((name) => tensors.has(name)),
  );
  const total = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + sizeOf(model, name), 0);
  return {
    layers: total(tensors.names.filter((name) => !tables.has(name) && !heads.has(name))),
    heads: total(heads),
    mixing: stacks.reduce((sum, stack) => sum + mixingOf(stack), 0),
  };
}

/** The operations of a run on so many positions, of a share of the layers. */
function costOf({ layers, heads, mixing }: Weights, positions: number, share: number): number {
  return positions * (2 * (layers * share + heads) + mixing * share * positions);
}

/** The largest number from `least` to `most` that fits, or `least`. */
function largestFitting(least: number, most: number, fits: (value: number) => boolean): number {
  let [low, high] = [least, most];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Tokens of the longest input that a budget allows. */
function longestOf(model: Model, budget: number, share: number): number | undefined {
  const limits = tokenLimits(model);
  if (limits === undefined) return undefined;
  const most = positionsOf(model);
  const weights = weightsOf(model);
  return largestFitting(
    Math.min(fewest, most),
    most,
    (length) =>
      costOf(weights, length, share) <= budget && length * limits.vocabulary <= mostOutputs,
  );
}

/** The first layers of every stack, and what follows the last. */
function shortened(spec: ModelSpec, layers: number): ModelSpec {
  return mapStacks(spec, (stack) => ({ ...stack, blocks: stack.blocks.slice(0, layers) }));
}

/** Positions of an image or a sound, which cannot be fewer. */
function fixedPositions(model: Model): number {
  return Object.values(model.spec.stacks).flatMap(entriesOf).reduce((most, entry) => {
    if (entry.kind === "tokens") return most;
    if (entry.positions === undefined) return Math.max(most, usual);
    const table = model.tensors.info(entry.positions.table).shape;
    return Math.max(most, table.slice(0, -1).reduce((product, length) => product * length, 1));
  }, 0);
}

function depthOf({ spec }: Model): number {
  return greatest(Object.values(spec.stacks).map(({ blocks }) => blocks.length));
}

/** How many layers a budget allows; all where fewer would be another model, whose constants follow the depth. */
function layersOf(model: Model, budget: number, alone: boolean): number {
  const depth = depthOf(model);
  if (Object.values(model.spec.stacks).some(({ residual }) => residual.id !== "pre-ln")) {
    return depth;
  }
  const weights = weightsOf(model);
  const positions = fixedPositions(model);
  return largestFitting(1, depth, (layers) => {
    const share = layers / depth;
    return costOf(weights, positions, share) <= budget &&
      (alone || weights.layers * share + weights.heads <= parametersRead);
  });
}

/** What is run. */
export interface Runs {
  /** What both models are run on. */
  readonly inputs: readonly ModelInputs[];
  /** What is said of them. */
  readonly coverage: Coverage;
  /** A model as it runs: with the layers that the budget allows. */
  shorten(model: Model): Model;
  /** Whether the budget allows another run of a model whose tensors are computed while they are read. */
  readonly isSmall: boolean;
  /** Whether models run in float32 too: what engines compute. */
  readonly inSingle: boolean;
}

/**
 * Chooses what two models are run on. The first random input is as long as the budget and the context allow, the others are short.
 *
 * @param model The model that is right.
 * @param how The seed, how many random inputs (4, or 1 of a large model), the inputs that are given, and whether outputs are all
 * there is to compare.
 * @returns The inputs.
 */
export function chooseRuns(model: Model, how: {
  readonly seed: number;
  readonly sequences: number | undefined;
  readonly given: readonly ModelInputs[];
  readonly alone: boolean;
}): Runs {
  const { seed, given, alone } = how;
  const limits = tokenLimits(model);
  const usualCost = costOf(
    weightsOf(model),
    Math.max(fixedPositions(model), limits === undefined ? 0 : usual),
    1,
  );
  const isSmall = usualCost * standardCount <= budgets.small;
  const budget = budgets[alone ? "alone" : isSmall ? "small" : "large"];
  const random = how.sequences ?? (isSmall ? standardCount : 1);
  // what is asked for is run in both; that numbers are the conversion's says nothing less of a large model in float32
  const inSingle = isSmall || alone || given.length > 0 || how.sequences !== undefined;
  const depth = depthOf(model);
  const layers = layersOf(model, budget, alone);
  const longest = longestOf(model, budget, layers / depth);
  const lengthOf = (index: number): number =>
    index === 0 ? longest ?? usual : Math.min(usual, longest ?? usual);
  const context = limits === undefined ? 0 : limits.context;
  const inputs = [...randomInputs(model, seed, random, lengthOf), ...given];
  const tokens = greatest([0, ...inputs.map(({ tokens = [] }) => tokens.length)]);
  return {
    inputs,
    coverage: {
      seed,
      random,
      given: given.length,
      ...(limits === undefined ? {} : {
        tokens: { longest: tokens, context: limits.bounded ? context : null },
      }),
      ...(inSingle ? {} : { float64: true }),
      ...(layers === depth ? {} : { layers: { run: layers, of: depth } }),
    },
    shorten: (one) => layers === depth ? one : { ...one, spec: shortened(one.spec, layers) },
    isSmall,
    inSingle,
  };
}

// Which inputs two models are compared on: as much as a budget of operations allows, since tensors are the main proof where there are
// any to compare with.

import { rowsOf } from "../checkpoint/tensors.ts";
import type { Model } from "../families/model.ts";
import type { ModelInputs } from "../interpret/inputs.ts";
import { mapStacks, type ModelSpec } from "../model/spec.ts";
import type { Coverage } from "./certificate.ts";
import { positionsOf, randomInputs, tokenLimits } from "./inputs.ts";
import { entryOf } from "./readers_and_writers.ts";

/** Multiplications and additions of one run: about two seconds in float64. */
const operations = 2e9;

/** By how much more where outputs are all there is. */
const outputsAlone = 8;

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

/** The numbers that each position is multiplied by: all parameters but tables of vectors, and the matrices of heads. */
function multipliedBy(model: Model): number {
  const { spec, tensors } = model;
  const tables = Object.values(spec.stacks).flatMap((stack) => entryOf(stack).tables);
  const heads = spec.heads.map(({ linear }) => linear.weight).filter((name) => tensors.has(name));
  const others = tensors.names.filter((name) => !tables.includes(name) && !heads.includes(name));
  return [...others, ...new Set(heads)].reduce((sum, name) => sum + sizeOf(model, name), 0);
}

/** The operations of a run on so many positions. */
function costOf(model: Model, positions: number): number {
  const mixing = Object.values(model.spec.stacks)
    .reduce((sum, { width, blocks }) => sum + 4 * width * blocks.length, 0);
  return positions * (2 * multipliedBy(model) + mixing * positions);
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
function longestOf(model: Model, budget: number): number | undefined {
  const limits = tokenLimits(model);
  if (limits === undefined) return undefined;
  const most = positionsOf(model);
  return largestFitting(
    Math.min(fewest, most),
    most,
    (length) => costOf(model, length) <= budget && length * limits.vocabulary <= mostOutputs,
  );
}

/** The first layers of every stack, and what follows the last. */
function shortened(spec: ModelSpec, layers: number): ModelSpec {
  return mapStacks(spec, (stack) => ({ ...stack, blocks: stack.blocks.slice(0, layers) }));
}

/** Positions of an image or a sound, which cannot be fewer. */
function fixedPositions(model: Model): number {
  return Object.values(model.spec.stacks).reduce((most, { entry }) => {
    if (entry.kind === "tokens") return most;
    if (entry.positions === undefined) return Math.max(most, usual);
    const table = model.tensors.info(entry.positions.table).shape;
    return Math.max(most, table.slice(0, -1).reduce((product, length) => product * length, 1));
  }, 0);
}

/** How many layers a budget allows of a model whose inputs are as long as they are; undefined where all. */
function layersOf(model: Model, budget: number): number | undefined {
  const stacks = Object.values(model.spec.stacks);
  const depth = Math.max(...stacks.map(({ blocks }) => blocks.length));
  // constants of other variants follow the depth, so that fewer layers are another model
  const isPlain = stacks.every(({ residual }) => residual.id === "pre-ln");
  const fits = (layers: number): boolean =>
    costOf(model, fixedPositions(model)) * layers / depth <= budget;
  if (!isPlain || fits(depth)) return undefined;
  return largestFitting(1, depth, fits);
}

/** What is run. */
export interface Runs {
  /** The inputs. */
  readonly inputs: readonly ModelInputs[];
  /** What is said of them. */
  readonly coverage: Coverage;
  /** A model as it runs: with the layers that the budget allows. */
  shorten(model: Model): Model;
  /** Whether the budget allows another run of a model whose tensors are computed while they are read. */
  readonly isSmall: boolean;
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
  const budget = alone ? outputsAlone * operations : operations;
  const limits = tokenLimits(model);
  const isSmall = costOf(model, Math.max(fixedPositions(model), limits === undefined ? 0 : usual)) *
      standardCount <= operations;
  const random = how.sequences ?? (isSmall ? standardCount : 1);
  const longest = longestOf(model, budget);
  const layers = layersOf(model, budget);
  const lengthOf = (index: number): number =>
    index === 0 ? longest ?? usual : Math.min(usual, longest ?? usual);
  const context = limits === undefined ? 0 : limits.context;
  const inputs = [...randomInputs(model, seed, random, lengthOf), ...given];
  const tokens = Math.max(0, ...inputs.map(({ tokens = [] }) => tokens.length));
  return {
    inputs,
    coverage: {
      seed,
      random,
      given: given.length,
      ...(limits === undefined ? {} : {
        tokens: { longest: tokens, context: limits.bounded ? context : null },
      }),
      ...(layers === undefined ? {} : { layers }),
    },
    shorten: (one) => layers === undefined ? one : { ...one, spec: shortened(one.spec, layers) },
    isSmall,
  };
}

// Seeded inputs for a model of any kind: random tokens, images, sounds.

import { requireInteger } from "../core/check.ts";
import { greatest, least } from "../core/extent.ts";
import { Random } from "../core/random.ts";
import { readTensor, rowsOf, type TensorSource } from "../checkpoint/tensors.ts";
import {
  type Convolution,
  entriesOf,
  type Head,
  inputsOf,
  type SingleEntry,
} from "../model/spec.ts";
import type { ModelInputs, Values } from "../interpret/inputs.ts";
import type { Model } from "../families/model.ts";

/** The tokens of a random sequence, unless the model's context is shorter. */
const longest = 32;

/** The most tokens that are read at once: the scores of a head are then 512 MiB in float64, of which a few are held. */
const mostTokens = 8192;

/** What a model can read of tokens. */
export interface TokenLimits {
  /** How many tokens there are. */
  readonly vocabulary: number;
  /** How many it reads at most. */
  readonly context: number;
  /** Whether a table of positions says so. */
  readonly bounded: boolean;
}

/** The number of tokens of a model that reads tokens, and how many it reads at most. */
export function tokenLimits({ spec, tensors }: Model): TokenLimits | undefined {
  const limits = Object.values(spec.stacks).flatMap(entriesOf).flatMap((entry) => {
    if (entry.kind !== "tokens") return [];
    const { rows: vocabulary } = rowsOf(tensors.info(entry.tokens.table).shape);
    const table = entry.positions;
    const positions = table === undefined
      ? Infinity
      : rowsOf(tensors.info(table.table).shape).rows - entry.offset;
    return [{ vocabulary, positions }];
  });
  if (limits.length === 0) return undefined;
  const positions = least(limits.map(({ positions }) => positions));
  return {
    vocabulary: least(limits.map(({ vocabulary }) => vocabulary)),
    context: Math.min(positions, mostTokens),
    bounded: positions <= mostTokens,
  };
}

/** Positions beyond which nothing stored depends on them, where there is no table; and the widest window that is looked past. */
const [withoutTable, widestWindow] = [64, 512];

/**
 * The number of positions that tell all of a model: every row of its table of positions, else so many that its attention has looked
 * past a narrow window.
 *
 * @param model A model that reads tokens.
 * @returns The number.
 */
export function positionsOf(model: Model): number {
  const { bounded, context } = tokenLimits(model)!;
  if (bounded) return context;
  const windows = Object.values(model.spec.stacks).flatMap(({ blocks }) =>
    blocks.flatMap(({ branches }) =>
      branches.flatMap(({ sublayer }) =>
        sublayer.kind === "attention" && sublayer.window !== undefined ? [sublayer.window] : []
      )
    )
  );
  const passed = windows.filter((window) => window <= widestWindow);
  return Math.min(context, greatest([withoutTable, ...passed.map((window) => window + longest)]));
}

/**
 * Requires tokens that a model can read.
 *
 * @param model The model.
 * @param tokens The tokens.
 * @returns The tokens.
 * @throws {RangeError} If it reads no tokens, there are none or too many, or one is not in its vocabulary.
 */
export function requireTokens(model: Model, tokens: readonly number[]): readonly number[] {
  const limits = tokenLimits(model);
  if (limits === undefined) throw new RangeError("Cannot give tokens to a model that reads none");
  requireInteger("the number of tokens", tokens.length, { min: 1, max: limits.context });
  for (const token of tokens) {
    requireInteger("token", token, { min: 0, max: limits.vocabulary - 1 });
  }
  return tokens;
}

/** What models read besides tokens. */
const kinds = ["pixels", "video", "spectrogram", "features", "waveform"] as const;

/**
 * Images and sounds, by the names of tensors; others are passed over.
 *
 * @param tensors Tensors, each a batch of one, [1, …].
 * @returns What a model can read.
 * @throws {RangeError} If there is none of them, or one is no batch of one.
 */
export async function inputsIn(tensors: TensorSource): Promise<ModelInputs> {
  const found = kinds.filter((name) => tensors.has(name));
  if (found.length === 0) {
    throw new RangeError(`Cannot find an input: the file has none of ${kinds.join(", ")}`);
  }
  const entries: [string, Values][] = [];
  for (const name of found) {
    const { shape: [batch, ...shape] } = tensors.info(name);
    if (batch !== 1) throw new RangeError(`Cannot read ${batch} ${name}: it must be [1, …]`);
    entries.push([name, { shape, values: await readTensor(tensors, name) }]);
  }
  return Object.fromEntries(entries);
}

/** The most numbers of a random image or sound: 512 MiB in float64. */
const mostNumbers = 2 ** 26;

function normals(random: Random, shape: readonly number[]): Values {
  const size = shape.reduce((product, length) => product * length, 1);
  requireInteger("the numbers of a random input", size, { min: 1, max: mostNumbers });
  return { shape, values: Float64Array.from(random.normals(size, 1)) };
}

/** The most samples of a random sound: some minutes. */
const mostFrames = 2 ** 22;

/** The most frames of which convolutions make so many. */
function framesBefore(convolutions: readonly Convolution[], count: number): number {
  const frames = convolutions.reduceRight(
    (outputs, { width, stride, padding: [before, behind] }) =>
      outputs * stride + width - 1 - before - behind,
    count,
  );
  return requireInteger("the frames of a random sound", frames, { min: 1, max: mostFrames });
}

/** A random image or sound for a stack that starts with such. */
function otherInputs(entry: SingleEntry, { tensors }: Model, random: Random): ModelInputs {
  switch (entry.kind) {
    case "tokens":
      return {};
    case "patches": {
      const { input = "pixels", channels, imageSize, frames } = entry;
      const shapes = {
        pixels: [channels, ...imageSize],
        video: [frames?.count ?? 0, channels, ...imageSize],
        spectrogram: imageSize.toReversed(),
      };
      return { [input]: normals(random, shapes[input]) };
    }
    case "audio": {
      const { input, channels, convolutions, positions } = entry;
      const frames = framesBefore(
        convolutions,
        positions === undefined ? longest : rowsOf(tensors.info(positions.table).shape).rows,
      );
      return input === "waveform"
        ? { waveform: normals(random, [frames]) }
        : { features: normals(random, [channels, frames]) };
    }
  }
}

/** Random tokens; where a head reads the end of the text, the last of them is that end. */
function randomTokens(
  model: Model,
  random: Random,
  most: number,
): Pick<ModelInputs, "tokens" | "source"> {
  const limits = tokenLimits(model);
  if (limits === undefined) return {};
  const { vocabulary, context } = limits;
  const length = Math.min(most, context);
  const draw = (): number[] => Array.from({ length }, () => random.integer(vocabulary));
  const tokens = draw();
  const { heads } = model.spec;
  const ending = (reads: Head["reads"], own: number[]): number[] => {
    const end = heads.find((head) => head.reads === reads)?.endToken;
    return end === undefined ? own : [...own.slice(0, -1), end];
  };
  const hasSource = inputsOf(model.spec).includes("source");
  return {
    tokens: ending("end", tokens),
    ...(hasSource ? { source: ending("source-end", draw()) } : {}),
  };
}

/**
 * Random inputs of a model.
 *
 * @param model The model.
 * @param seed A whole number ≥ 0.
 * @param count How many.
 * @param lengthOf The tokens of each, unless the model's context is shorter; 32 by default.
 * @returns Inputs that every stack of the model can read.
 */
export function randomInputs(
  model: Model,
  seed: number,
  count: number,
  lengthOf: (index: number) => number = () => longest,
): ModelInputs[] {
  return Array.from({ length: count }, (_, index) => {
    const random = new Random(seed, `inputs ${index + 1}`);
    const others = Object.values(model.spec.stacks).flatMap(entriesOf)
      .map((entry) => otherInputs(entry, model, random.fork(entry.kind)));
    return Object.assign(
      {},
      ...others,
      randomTokens(model, random, lengthOf(index)),
    ) as ModelInputs;
  });
}

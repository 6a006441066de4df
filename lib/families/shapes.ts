// What a spec says of sizes, held against the tensors: a configuration of another checkpoint, or with a wrong number, is known
// before anything is read or made.

import { rowsOf, type TensorSource } from "../checkpoint/tensors.ts";
import {
  type Attention,
  type Branch,
  type Convolution,
  entriesOf,
  type Entry,
  type FeedForward,
  type Head,
  isCompressed,
  type Linear,
  type ModelSpec,
  networksOf,
  type NormSpec,
  type Relative,
  type SingleEntry,
  type Stack,
} from "../model/spec.ts";
import type { Config } from "./family.ts";
import { partOf } from "./settings.ts";
import { countPatches } from "../model/patches.ts";
import { countPlaces } from "../model/relative.ts";

/** A mismatch of a tensor and the configuration. */
function mismatch(name: string, shape: readonly number[], wanted: string): RangeError {
  return new RangeError(
    `Cannot use ${name} of shape [${
      shape.slice(0, 8).join(", ")
    }] with this config.json: ${wanted}`,
  );
}

/** Requires a vector of a size, where the checkpoint has one of this name. */
function requireVector(tensors: TensorSource, name: string | undefined, size: number): void {
  if (name === undefined || !tensors.has(name)) return;
  const { shape } = tensors.info(name);
  if (shape.reduce((product, length) => product * length, 1) === size) return;
  throw mismatch(name, shape, `it must hold ${size} numbers`);
}

/** Requires vectors of equal length that hold so many numbers together. */
function requireSideBySide(
  tensors: TensorSource,
  names: readonly string[] | undefined,
  size: number,
): void {
  for (const name of names ?? []) {
    tensors.info(name); // it must be there
    requireVector(tensors, name, size / names!.length);
  }
}

/** What a linear map takes and gives. */
function sizeOf(
  tensors: TensorSource,
  { weight, layout }: Linear,
): [inputs: number, outputs: number] {
  const { rows, width } = rowsOf(tensors.info(weight).shape);
  return layout === "out-in" ? [width, rows] : [rows, width];
}

/**
 * How many numbers a linear map gives.
 *
 * @param model Where its matrix is.
 * @param linear The map.
 * @returns The length of its outputs.
 */
export function outputsOf(
  { tensors }: { readonly tensors: TensorSource },
  linear: Linear,
): number {
  return sizeOf(tensors, linear)[1];
}

/** Requires a linear map of a size, and a bias that fits; whatever it gives where that is left open. */
function requireLinear(
  tensors: TensorSource,
  linear: Linear,
  wanted: { readonly inputs: number; readonly outputs?: number },
): number {
  const [inputs, outputs] = sizeOf(tensors, linear);
  if (inputs !== wanted.inputs || outputs !== (wanted.outputs ?? outputs)) {
    const { shape } = tensors.info(linear.weight);
    const open = wanted.outputs ?? "any number of";
    const isTurned = outputs === wanted.inputs && inputs === (wanted.outputs ?? inputs);
    const layouts = "its transpose would; this family stores it the other way round";
    throw mismatch(
      linear.weight,
      shape,
      `it must take ${wanted.inputs} numbers and give ${open} (${linear.layout})${
        isTurned ? `; ${layouts}` : ""
      }`,
    );
  }
  requireVector(tensors, linear.bias, outputs);
  return outputs;
}

/** The number of a configuration under a key, or of its part for text. */
function numberAt(config: Config, key: string): number | undefined {
  const found = config[key] ?? partOf(config, "text_config")[key];
  return typeof found === "number" ? found : undefined;
}

/** Requires what a tensor has so much of to be what the configuration says under a key, or that and `more`. */
function requireCount(
  tensors: TensorSource,
  config: Config,
  { name, found, key, more = 0 }: {
    readonly name: string;
    readonly found: number;
    readonly key: string;
    readonly more?: number;
  },
): void {
  const wanted = numberAt(config, key);
  if (wanted === undefined || found === wanted || found === wanted + more) return;
  const right = more === 0 ? found : `${found - more} or ${found}`;
  throw mismatch(
    name,
    tensors.info(name).shape,
    `${key} is ${wanted}; if the checkpoint is right, it must be ${right}`,
  );
}

/** Requires as many rows of the tables of tokens and positions as the configuration has, where it says so. */
function requireTables(tensors: TensorSource, config: Config, { stacks }: ModelSpec): void {
  const key = config["model_type"] === "normkit" ? "vocabulary" : "vocab_size";
  for (const entry of Object.values(stacks).flatMap(entriesOf)) {
    if (entry.kind !== "tokens") continue;
    const { tokens: { table }, positions, offset } = entry;
    requireCount(tensors, config, { name: table, found: tensors.info(table).shape[0]!, key });
    if (positions === undefined || !tensors.has(positions.table)) continue;
    const found = tensors.info(positions.table).shape[0]!;
    const place = { name: positions.table, found, more: offset }; // rows before the first place count or not
    for (const places of ["n_positions", "max_position_embeddings", "max_target_positions"]) {
      requireCount(tensors, config, { ...place, key: places });
    }
  }
}

/** The keys of the width of networks, by type; of other models of tokens it is `intermediate_size`. */
const hiddenKeys: Readonly<Record<string, string>> = {
  ...{ gpt2: "n_inner", gptj: "n_inner", codegen: "n_inner", gpt_bigcode: "n_inner" },
  ...{ opt: "ffn_dim", xglm: "ffn_dim", t5: "d_ff", mt5: "d_ff", distilbert: "hidden_dim" },
};

/** Requires networks as wide as the configuration says, where it does. */
function requireNetworks(tensors: TensorSource, config: Config, { stacks }: ModelSpec): void {
  const own = hiddenKeys[String(config["model_type"])] ?? "intermediate_size";
  for (const [side, stack] of Object.entries(stacks)) {
    if (entriesOf(stack).some(({ kind }) => kind !== "tokens")) continue;
    const key = numberAt(config, `${side}_ffn_dim`) === undefined ? own : `${side}_ffn_dim`;
    for (const { sublayer } of stack.blocks.flatMap(({ branches }) => branches)) {
      if (sublayer.kind !== "feedForward") continue;
      const { up, holdsGate } = sublayer;
      const found = outputsOf({ tensors }, up) / (holdsGate === true ? 2 : 1);
      requireCount(tensors, config, { name: up.weight, found, key });
    }
  }
}

function requireNorm(tensors: TensorSource, norm: NormSpec | undefined, width: number): void {
  requireVector(tensors, norm?.gain, width);
  requireVector(tensors, norm?.bias, width);
}

/** Requires vectors of a width. */
function requireTable(tensors: TensorSource, name: string, width: number): void {
  const { shape } = tensors.info(name);
  if (shape.at(-1) !== width) throw mismatch(name, shape, `its last axis must be ${width}`);
}

/** The matrices of attention before the one that writes; what gives how many numbers. */
function requireAttention(
  tensors: TensorSource,
  attention: Attention,
  { width, memory }: { readonly width: number; readonly memory: number },
): number {
  const { projections, projectionNorms, heads, keyValueHeads, headWidth } = attention;
  const { headNorms, headGains, relative } = attention;
  const [queries, keys] = [heads * headWidth, keyValueHeads * headWidth];
  if (heads % keyValueHeads !== 0) {
    throw new RangeError(
      `Cannot use ${keyValueHeads} heads of keys and values of config.json: they must divide the ${heads} heads of queries`,
    );
  }
  if ("qkv" in projections) {
    requireLinear(tensors, projections.qkv, { inputs: width, outputs: queries + 2 * keys });
  } else {
    requireLinear(tensors, projections.q, { inputs: width, outputs: queries });
    requireLinear(tensors, projections.k, { inputs: memory, outputs: keys });
    requireLinear(tensors, projections.v, { inputs: memory, outputs: keys });
  }
  requireNorm(tensors, headNorms?.q, headWidth);
  requireNorm(tensors, headNorms?.k, headWidth);
  requireSideBySide(tensors, headGains?.q, queries);
  requireSideBySide(tensors, headGains?.k, keys);
  requireNorm(tensors, projectionNorms?.q, queries);
  requireNorm(tensors, projectionNorms?.k, keys);
  if (relative !== undefined) requireRelative(tensors, relative, attention);
  return queries;
}

/** A table of so many places with a number for each head, and its gate. */
function requireRelative(
  tensors: TensorSource,
  relative: Relative,
  { heads, headWidth }: Attention,
): void {
  const { table: { table }, gate } = relative;
  const { shape } = tensors.info(table);
  const places = countPlaces(relative);
  if (shape.length !== 2 || shape[0] !== places || shape[1] !== heads) {
    throw mismatch(table, shape, `it must hold ${places} places of ${heads} heads`);
  }
  if (gate === undefined) return;
  const outputs = requireLinear(tensors, gate.linear, { inputs: headWidth });
  requireVector(tensors, gate.constants, heads);
  if (outputs % 2 === 0) return;
  const { weight } = gate.linear;
  throw mismatch(weight, tensors.info(weight).shape, "it must give two parts of numbers");
}

function requireFeedForward(
  tensors: TensorSource,
  { up, gate, holdsGate }: FeedForward,
  width: number,
): number {
  const hidden = requireLinear(tensors, up, { inputs: width });
  if (gate !== undefined) requireLinear(tensors, gate, { inputs: width, outputs: hidden });
  if (holdsGate === true) {
    if (hidden % 2 === 0) return hidden / 2;
    throw mismatch(
      up.weight,
      tensors.info(up.weight).shape,
      "it must hold a gate and as much again",
    );
  }
  return hidden;
}

/** All matrices of a sub-layer; how many numbers the one that writes takes. */
function requireSublayer(
  tensors: TensorSource,
  sublayer: Branch["sublayer"],
  sizes: { readonly width: number; readonly memory: number },
): number {
  const { width } = sizes;
  if (sublayer.kind === "experts") {
    const { router, experts, shared } = sublayer;
    requireLinear(tensors, router, { inputs: width, outputs: experts.length });
    if (shared !== undefined) requireLinear(tensors, shared.gate, { inputs: width, outputs: 1 });
    return networksOf(sublayer)
      .reduce((_, network) => requireSublayer(tensors, network, sizes), width);
  }
  const { linear, scale } = sublayer.output;
  const inputs = sublayer.kind === "attention"
    ? requireAttention(tensors, sublayer, sizes)
    : requireFeedForward(tensors, sublayer, width);
  requireLinear(tensors, linear, { inputs, outputs: width });
  requireVector(tensors, scale, width);
  return inputs;
}

function requireBranch(
  tensors: TensorSource,
  { stacks }: ModelSpec,
  { width }: Stack,
  { norms, sublayer, gate, weights }: Branch,
): void {
  const memory = sublayer.kind === "attention" && sublayer.memory !== undefined
    ? stacks[sublayer.memory]!.width
    : width;
  const inputs = requireSublayer(tensors, sublayer, { width, memory });
  requireVector(tensors, gate, 1);
  for (const weight of Object.values(weights ?? {})) requireVector(tensors, weight, 1);
  const { inner, ...ofStream } = norms;
  requireNorm(tensors, inner, inputs);
  for (const norm of Object.values(ofStream)) requireNorm(tensors, norm, width);
}

/** Requires a position for each patch of an image, and perhaps for each token in front. */
function requirePatches(
  tensors: TensorSource,
  entry: Extract<Entry, { kind: "patches" }>,
): void {
  const { imageSize, before, positions } = entry;
  const count = countPatches(entry);
  if (positions === undefined) return;
  const { shape } = tensors.info(positions.table);
  const found = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  if (found === count || found === count + before.length) return;
  const wanted = `an image of ${imageSize.join(" × ")} needs ${count} or ${count + before.length}`;
  throw mismatch(
    positions.table,
    shape,
    `it must hold as many positions as patches, and ${wanted}`,
  );
}

/** Convolutions one after the other, of frames with so many channels; how many the last of them gives. */
function requireConvolutions(
  tensors: TensorSource,
  all: readonly Convolution[],
  channels: number,
): number {
  return all.reduce((inputs, { linear, width, groups, lengths, norm }) => {
    const outputs = requireLinear(tensors, linear, { inputs: inputs / groups * width });
    if (outputs % groups !== 0) {
      const { shape } = tensors.info(linear.weight);
      throw mismatch(linear.weight, shape, `its outputs must fall in ${groups} parts`);
    }
    requireVector(tensors, lengths, width);
    requireNorm(tensors, norm, outputs);
    return outputs;
  }, channels);
}

function requireSound(
  tensors: TensorSource,
  entry: Extract<Entry, { kind: "audio" }>,
  width: number,
): void {
  const { channels, convolutions, norm, projection, positionConvolutions = [] } = entry;
  const heard = requireConvolutions(tensors, convolutions, channels);
  requireNorm(tensors, norm, heard);
  const given = projection === undefined
    ? heard
    : requireLinear(tensors, projection, { inputs: heard });
  const last = requireConvolutions(tensors, positionConvolutions, given);
  if (given === width && last === width) return;
  const { weight } = projection ?? convolutions.at(-1)!.linear;
  throw mismatch(weight, tensors.info(weight).shape, `the stream has ${width} numbers`);
}

/** What starts a stream. */
function requireEntry(tensors: TensorSource, entry: SingleEntry, width: number): void {
  switch (entry.kind) {
    case "tokens": {
      const { tokens, projection, segments } = entry;
      requireTable(tensors, tokens.table, projection?.width ?? width);
      if (projection !== undefined) {
        requireLinear(tensors, projection.linear, { inputs: projection.width, outputs: width });
      }
      if (segments !== undefined) requireTable(tensors, segments.table, width);
      break;
    }
    case "patches": {
      const { patches, channels, patchSize, frames, before, registers, mask } = entry;
      if (mask !== undefined) requireTable(tensors, mask.table, width);
      const inputs = channels * patchSize ** 2 * (frames?.together ?? 1);
      requireLinear(tensors, patches, { inputs, outputs: width });
      for (const { table } of [...before, ...(registers === undefined ? [] : [registers])]) {
        requireTable(tensors, table, width);
      }
      requirePatches(tensors, entry);
      break;
    }
    case "audio":
      requireSound(tensors, entry, width);
  }
  if (entry.positions !== undefined) requireTable(tensors, entry.positions.table, width);
}

/** What a stream starts with; one that is cut after its entry enters with a value more. */
function requireEntries(tensors: TensorSource, stack: Stack): void {
  const width = stack.recenter && isCompressed(stack) ? stack.width + 1 : stack.width;
  requireNorm(tensors, stack.entryNorm, width);
  for (const entry of entriesOf(stack)) requireEntry(tensors, entry, width);
}

/** The maps of a head, of what it reads. */
function requireHead(
  tensors: TensorSource,
  { linear, transform, pool, norm }: Head,
  inputs: number,
): void {
  if (!tensors.has(linear.weight)) return;
  requireNorm(tensors, norm, inputs);
  if (pool !== undefined) {
    const sizes = { width: inputs, memory: inputs };
    requireTable(tensors, pool.probe.table, inputs);
    requireSublayer(tensors, pool.attention, sizes);
    requireNorm(tensors, pool.norm, inputs);
    requireSublayer(tensors, pool.network, sizes);
    return;
  }
  if (transform === undefined) {
    requireLinear(tensors, linear, { inputs });
    return;
  }
  const between = requireLinear(tensors, transform.linear, { inputs });
  requireNorm(tensors, transform.norm, between);
  requireLinear(tensors, linear, { inputs: between });
}

/**
 * Requires tensors of the sizes that a spec gives them. A matrix of a head may be absent, since bodies are published alone.
 *
 * @param spec The model.
 * @param config The configuration that it was made by.
 * @param tensors The tensors.
 * @throws {RangeError} If a tensor is missing, or has another size; the message names it.
 */
export function requireShapes(spec: ModelSpec, config: Config, tensors: TensorSource): void {
  requireTables(tensors, config, spec);
  const { stacks, heads } = spec;
  for (const stack of Object.values(stacks)) {
    requireEntries(tensors, stack);
    for (const branch of stack.blocks.flatMap(({ branches }) => branches)) {
      requireBranch(tensors, spec, stack, branch);
    }
    requireNorm(tensors, stack.final, stack.width);
  }
  for (const head of heads) {
    const { width } = stacks[head.stack]!;
    requireHead(tensors, head, head.reads === "first-and-mean" ? 2 * width : width);
  }
  requireNetworks(tensors, config, spec);
}

/**
 * Requires tensors of exactly some shapes.
 *
 * @param shapes The shape of each, by name.
 * @param tensors The tensors.
 * @throws {RangeError} If a tensor is missing or of another shape; the message names it.
 */
export function requireExactShapes(
  shapes: ReadonlyMap<string, { readonly shape: readonly number[] }>,
  tensors: TensorSource,
): void {
  for (const [name, { shape }] of shapes) {
    if (!tensors.has(name)) {
      throw new RangeError(
        `Cannot use this checkpoint: it has no ${name}, and its config.json has it`,
      );
    }
    const found = tensors.info(name).shape;
    if (found.join() !== shape.join()) {
      throw mismatch(name, found, `it must be [${shape.join(", ")}]`);
    }
  }
}

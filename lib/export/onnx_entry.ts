// How a stream starts: from tokens, the patches of an image, or a sound.

import { matrixOf } from "../convert/matrix.ts";
import type { Entry, Stack } from "../families/description.ts";
import { isCompressed } from "../families/form.ts";
import { int, ints } from "./onnx_graph.ts";
import { activate } from "./onnx_block.ts";
import {
  asFloat,
  matrix,
  normalize,
  type OnnxPlace,
  type OnnxStream,
  vector,
} from "./onnx_place.ts";
import { permute, placesOf } from "./onnx_positions.ts";

type EntryOf<K extends Entry["kind"]> = Extract<Entry, { kind: K }>;

/** A stream [batch, length, width] that starts, and its size. */
interface Started {
  readonly x: string;
  readonly size: string;
}

/** The number of vectors in a table. */
function countVectors({ tensors }: OnnxPlace, table: string, width: number): number {
  const { shape } = tensors.info(table);
  const numbers = shape.reduce((product, length) => product * length, 1);
  if (shape.at(-1) === width) return numbers / width;
  throw new RangeError(
    `Cannot export ${table} [${
      shape.join(", ")
    }] as vectors of the stream: they have ${width} numbers`,
  );
}

function table(place: OnnxPlace, name: string, width: number): string {
  return matrix(place, name, [countVectors(place, name, width), width]);
}

/** Rows of a table; they are read before they are made float32. */
function lookup(place: OnnxPlace, name: string, width: number, ids: string): string {
  const { graph, tensors, dtype } = place;
  const stored = graph.weight({
    name,
    dims: [countVectors(place, name, width), width],
    dtype,
    matrix: matrixOf(tensors, name),
  });
  return asFloat(place, graph.add("Gather", [stored, ids]));
}

function startTokens(
  place: OnnxPlace,
  { tokens, scale, positions, offset }: EntryOf<"tokens">,
  width: number,
  input: string,
): Started {
  const { graph } = place;
  const size = graph.add("Shape", [input]);
  const embedded = lookup(place, tokens.table, width, input);
  const x = scale === 1 ? embedded : graph.add("Mul", [embedded, graph.numbers(scale)]);
  if (positions === undefined) return { x, size };
  const places = placesOf(place, size);
  const rows = offset === 0 ? places : graph.add("Add", [places, graph.whole(offset)]);
  return { x: graph.add("Add", [x, lookup(place, positions.table, width, rows)]), size };
}

function startPatches(
  place: OnnxPlace,
  entry: EntryOf<"patches">,
  width: number,
  input: string,
): Started {
  const { graph } = place;
  const { patches, patchSize, imageSize, before, registers, positions } = entry;
  const along = { axis: int(1) };
  const batch = graph.add("Shape", [input], { start: int(0), end: int(1) });
  const cut = convolve(place, patches, input, { strides: ints([patchSize, patchSize]) });
  const flat = graph.add("Reshape", [cut, graph.whole([0, width, -1])]);
  const count = Math.floor(imageSize / patchSize) ** 2;
  const repeated = (name: string): string => {
    const shape = [batch, graph.whole([countVectors(place, name, width), width])];
    const wanted = graph.add("Concat", shape, { axis: int(0) });
    return graph.add("Expand", [table(place, name, width), wanted]);
  };
  const tokens = before.map(({ table }) => repeated(table));
  const join = (parts: readonly string[]): string =>
    parts.length === 1 ? parts[0]! : graph.add("Concat", parts, along);
  const added = (x: string): string => graph.add("Add", [x, table(place, positions.table, width)]);
  const ahead = before.reduce((sum, one) => sum + countVectors(place, one.table, width), 0);
  const image = permute(place, flat, [0, 2, 1]);
  const positioned = countVectors(place, positions.table, width);
  if (positioned !== count && positioned !== count + ahead) {
    throw new RangeError(
      `Cannot add ${positioned} positions to ${count} patches and ${ahead} tokens in front`,
    );
  }
  let x = positioned === count ? join([...tokens, added(image)]) : added(join([...tokens, image]));
  let length = count + ahead;
  if (registers !== undefined) {
    const held = countVectors(place, registers.table, width);
    const sizes = graph.whole([1, length - 1]);
    const [first, rest] = graph.several("Split", [x, sizes], along, 2) as [string, string];
    x = join([first, repeated(registers.table), rest]);
    length += held;
  }
  const size = graph.add("Concat", [batch, graph.whole([length])], { axis: int(0) });
  return { x, size };
}

/** A convolution whose kernel is stored [outputs, channels, …]. */
function convolve(
  place: OnnxPlace,
  { weight, bias, layout }: EntryOf<"patches">["patches"],
  x: string,
  attributes: Readonly<Record<string, ReturnType<typeof ints>>>,
): string {
  const { tensors, graph } = place;
  const { shape } = tensors.info(weight);
  if (layout !== "out-in" || shape.length < 3) {
    throw new RangeError(
      `Cannot export ${weight} [${
        shape.join(", ")
      }] as a convolution: expected [outputs, channels, …]`,
    );
  }
  const added = tensors.has(bias) ? [vector(place, bias)] : [];
  return graph.add("Conv", [x, matrix(place, weight, shape), ...added], attributes);
}

function startAudio(
  place: OnnxPlace,
  { first, second, positions }: EntryOf<"audio">,
  width: number,
  input: string,
): Started {
  const { graph } = place;
  const pads = ints([1, 1]);
  const heard = activate(place, "gelu", convolve(place, first, input, { pads }));
  const strides = ints([2]);
  const halved = activate(place, "gelu", convolve(place, second, heard, { pads, strides }));
  const frames = permute(place, halved, [0, 2, 1]);
  const size = graph.add("Shape", [frames], { end: int(2) });
  const places = placesOf(place, size);
  return { x: graph.add("Add", [frames, lookup(place, positions.table, width, places)]), size };
}

function start(place: OnnxPlace, { entry }: Stack, width: number, input: string): Started {
  switch (entry.kind) {
    case "tokens":
      return startTokens(place, entry, width, input);
    case "patches":
      return startPatches(place, entry, width, input);
    case "audio":
      return startAudio(place, entry, width, input);
  }
}

/**
 * The stream where the layers start.
 *
 * @param place Where it goes.
 * @param stack The stack.
 * @param input The name of the input that it reads.
 * @returns The stream.
 * @throws {RangeError} If a table or a convolution has another size than described.
 */
export function enter(place: OnnxPlace, stack: Stack, input: string): OnnxStream {
  const { graph } = place;
  // what cannot be centered enters with all d values; CRMSNorm's stream then goes on with the first d − 1
  const isCut = stack.recenter && isCompressed(stack);
  const width = isCut ? stack.width + 1 : stack.width;
  const { x, size } = start(place, stack, width, input);
  let rows = graph.add("Reshape", [x, graph.whole([-1, width])]);
  if (stack.entryNorm !== undefined) rows = normalize(place, stack.entryNorm, rows, width);
  if (stack.recenter) {
    const mean = graph.add("ReduceMean", [rows, graph.whole([-1])]);
    rows = graph.add("Sub", [rows, mean]);
  }
  return { rows: isCut ? graph.split(rows, [stack.width, 1])[0]! : rows, size, width: stack.width };
}

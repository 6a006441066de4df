// A decoder's parameters from plain numbers and back, by path.

import { disposeTree, fillTree, mapTree, tensorsOf } from "../../lib/core/mod.ts";
import { readAll, valueAndGradient } from "../../lib/backend/mod.ts";
import type { Tensor } from "../../lib/core/tensor.ts";
import {
  decoder,
  type DecoderConfig,
  type DecoderParameters,
  initDecoder,
  type Tokens,
} from "../../lib/decoder/mod.ts";
import { crossEntropy } from "../../lib/ops/mod.ts";
import { type Given, tensorOf } from "./evaluate.ts";

/** Numbers by the path of their tensor. */
export type ByPath = ReadonlyMap<string, number[]>;

/** The parameters of a configuration with the values of other tensors; the caller frees them. */
export function parametersOf(
  config: DecoderConfig,
  given: Readonly<Record<string, Given>>,
): DecoderParameters {
  const start = initDecoder(config, 0);
  const paths = tensorsOf(start).map(({ path }) => path);
  disposeTree(start);
  const unknown = Object.keys(given).find((path) => !paths.includes(path));
  if (unknown !== undefined) {
    throw new RangeError(`Cannot place "${unknown}": it is no parameter`);
  }
  return fillTree(start, paths.map((path) => tensorOf(given[path]!)));
}

/** The same parameters with new numbers; the old tensors are freed. */
export async function changed(
  parameters: DecoderParameters,
  f: (path: string, value: number, index: number) => number,
): Promise<DecoderParameters> {
  const named = await numbersByPath(parameters);
  const next = mapTree<DecoderParameters, Tensor>(
    parameters,
    ({ shape }, path) =>
      tensorOf({ shape, values: named.get(path)!.map((value, index) => f(path, value, index)) }),
  );
  disposeTree(parameters);
  return next;
}

/** Every number of a tree of tensors. */
export async function numbersByPath(tree: unknown): Promise<ByPath> {
  const named = tensorsOf(tree);
  const values = await readAll(named.map(({ value }) => value));
  return new Map(named.map(({ path }, index) => [path, Array.from(values[index]!)]));
}

/** The loss and its gradient by path, on one batch. */
export async function lossAndGradients(
  parameters: DecoderParameters,
  config: DecoderConfig,
  tokens: Tokens,
  targets: Int32Array,
): Promise<{ loss: number; gradients: ByPath }> {
  const { value, gradient } = valueAndGradient(
    parameters,
    (p) => crossEntropy(decoder(p, config, tokens), targets),
  );
  const [loss] = await readAll([value]);
  const gradients = await numbersByPath(gradient);
  value.dispose();
  disposeTree(gradient);
  return { loss: loss![0]!, gradients };
}

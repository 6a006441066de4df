// A text stack beside an image stack, both without layers: what enters them is what heads read.

import type { ModelSpec, Stack } from "../../lib/model/spec.ts";
import type { Values } from "../../lib/interpret/inputs.ts";
import type { Rows } from "../reference/rows.ts";
import { preLn } from "../../lib/residual/variants.ts";
import { Store } from "./described_layer.ts";
import { affine } from "./plain_layer.ts";

const width = 4;

/** Tokens of a vocabulary of six. */
export const tokens: readonly number[] = [2, 5, 1, 5, 0];

/** An image of one channel, in patches of one pixel. */
export const pixels: Values = { shape: [1, 2, 2], values: Float64Array.of(1, 2, 3, 4) };

/** The stacks, and the rows that enter them. */
export interface TwoStacks {
  readonly store: Store;
  readonly stacks: ModelSpec["stacks"];
  readonly text: Rows;
  readonly image: Rows;
}

/** Both stacks of width 4 with random tables; the image's has a class token, a register and four patches. */
export function twoStacks(): TwoStacks {
  const store = new Store(1);
  const [table, kernel] = [store.matrix(6, width), store.affine(width, 1)];
  const [first, register, positions] = [store.row(width), store.row(width), store.matrix(5, width)];
  store.keepMatrix("tokens", table);
  store.keep("class", first);
  store.keep("register", register);
  store.keepMatrix("positions", positions);
  const vision: Stack = {
    width,
    entry: {
      kind: "patches",
      patches: store.linear("patches", "out-in", [kernel]),
      patchSize: 1,
      channels: 1,
      imageSize: [2, 2],
      before: [{ table: "class" }],
      registers: { table: "register" },
      positions: { table: "positions" },
    },
    recenter: false,
    residual: preLn,
    blocks: [],
  };
  const text: Stack = {
    width,
    entry: { kind: "tokens", tokens: { table: "tokens" }, scale: 1, offset: 0 },
    recenter: false,
    residual: preLn,
    blocks: [],
  };
  const patches = [1, 2, 3, 4].map((pixel) => affine(kernel, [pixel]));
  const [start, ...others] = [first, ...patches].map((row, at) =>
    row.map((value, lane) => value + positions[at]![lane]!)
  );
  return {
    store,
    stacks: { text, vision },
    text: tokens.map((id) => table[id]!),
    image: [start!, register, ...others],
  };
}

// The forward pass on tensors of tfjs: batches, fused kernels and gradients.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../core/tensor.ts";
import type { Interpreter } from "../model/interpreter.ts";
import { inputOf } from "../model/spec.ts";
import { gpas } from "../ops/gpas.ts";
import { tensorAlgebra } from "../residual/tensor_algebra.ts";
import { attendEagerly, gatesOf, splitEagerly } from "./eager_attention.ts";
import { EagerContext, type EagerOptions, sliceRows } from "./eager_context.ts";
import { eagerEntries } from "./eager_entries.ts";
import { pickRows } from "./eager_heads.ts";
import { route } from "./route.ts";
import { activationFunctions } from "./tensor_functions.ts";

export type { EagerInputs, EagerOptions, TokenBatch } from "./eager_context.ts";

/**
 * The forward pass on tensors [B, T, D]. Run it in a `tf.tidy`: only what is returned from that is kept.
 *
 * @param options Parameters and inputs.
 * @returns The interpreter.
 * @throws {RangeError} Later, from its operations, if a parameter or an input is missing or does not fit.
 */
export function eagerInterpreter(options: EagerOptions): Interpreter<Tensor> {
  const { inputs, store, onPattern } = options;
  const context = new EagerContext(options);
  return {
    has: (name) => context.optional(name) !== undefined,
    reads: (entry) => inputs[inputOf(entry)] !== undefined,
    ...tensorAlgebra,
    ...eagerEntries(context),

    joinRows: (parts) => parts.length === 1 ? parts[0]! : tf.concat([...parts], 1),
    rows: sliceRows,

    linear: (x, map) => context.linear(x, map),
    linears: (x, maps) => context.linears(x, maps),
    norm: (x, site) => context.norm(x, site),
    route,
    multiplyColumn: (x, others, column) => {
      const [batch, length] = others.shape as [number, number, number];
      return tf.mul(x, tf.slice(others, [0, 0, column], [batch, length, 1]));
    },
    activate: (x, activation) => activationFunctions[activation](x),
    multiply: (x, y) => tf.mul(x, y),
    multiplyVectors: (x, vectors) =>
      tf.mul(x, tf.concat(vectors.map((name) => tf.reshape(context.required(name), [-1])))),
    normHeads: (x, site, headWidth) =>
      tf.reshape(
        context.norm(tf.reshape(x, [...x.shape.slice(0, -1), -1, headWidth]), site),
        x.shape,
      ),
    clip: (x, limit) => tf.clipByValue(x, -limit, limit),
    softcap: (x, limit) => tf.mul(limit, tf.tanh(tf.div(x, limit))),
    addSum: (x, factor) => tf.add(x, tf.mul(tf.sum(x, -1, true), factor)),
    halves: (x) => tf.split(x, 2, -1) as [Tensor, Tensor],
    firstColumns: (x, count) => tf.slice(x, [0, 0, 0], [x.shape[0]!, x.shape[1]!, count]),
    scalar: (name) => context.required(name),
    gpas: (x, gate, activation) => gpas(x, context.required(gate), { activation }),

    splitQkv: splitEagerly,
    relativeGates: (x, gate, { heads, headWidth }) => {
      const [batch, length] = x.shape as [number, number, number];
      const perHead = tf.reshape(x, [batch, length * heads, headWidth]);
      return gatesOf(context.linear(perHead, gate.linear), context.required(gate.constants));
    },
    attend: (queries, keysValues, attention, label) =>
      attendEagerly(queries, keysValues, attention, {
        label,
        store,
        keyLengths: attention.causal ? undefined : context.keyLengths,
        table: ({ table }) => context.required(table.table),
        onPattern: onPattern && ((pattern) => onPattern(`${label}.pattern`, pattern)),
      }),
    pick: (x, head, stack) => pickRows(context, x, head, stack),
  };
}

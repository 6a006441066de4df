// The library's forward pass on the toy sub-layers of the oracles: x → inner(tanh(x W₁)) W₂, with the oracle's norms and gates. Only
// the norms that a wiring names are handed over, so that a call of any other one throws.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { Tap } from "../../lib/decoder/mod.ts";
import { eagerInterpreter } from "../../lib/interpret/eager.ts";
import { float64 } from "../../lib/interpret/float64.ts";
import { runModel } from "../../lib/interpret/stream.ts";
import { forward } from "../../lib/model/forward.ts";
import type { Block, Linear, ModelSpec, NormSpec } from "../../lib/model/spec.ts";
import type { Residual, Role } from "../../lib/residual/mod.ts";
import type { OracleNormParams, OracleStack } from "../reference/residuals.ts";
import {
  type Given,
  matrixOf,
  pull,
  type Pulled,
  scalarOf,
  tensorOf,
  vectorOf,
} from "./evaluate.ts";
import { memoryTensors } from "./memory_tensors.ts";
import { tapsOf } from "./taps.ts";

const roles: readonly Role[] = ["attention", "feedForward"];

const linear = (weight: string): Linear => ({ weight, bias: "none", layout: "in-out" });

/** A toy stack as a spec; the rows of its table are what enters. */
export function toySpec(residual: Residual, stack: OracleStack): ModelSpec {
  const depth = stack.layers.length;
  // inner norms see hidden values, for which CRMSNorm has no meaning
  const norm = (path: string, eps = stack.eps): NormSpec => ({
    kind: path.endsWith("inner") && stack.norm === "crms" ? "layer" : stack.norm,
    eps,
    gain: `${path}.gain`,
    bias: `${path}.bias`,
  });
  const blocks = stack.layers.map((_, index): Block => ({
    parallel: false,
    branches: roles.map((role) => {
      const path = `${index + 1}.${role}`;
      const site = { layer: index + 1, depth, stack: "decoder", role } as const;
      const { norms, weights = {} } = residual.wiring(site);
      const named = Object.keys(weights).map((name) => [name, `${path}.weight.${name}`]);
      return {
        role,
        norms: Object.fromEntries(norms.map((place) => [place, norm(`${path}.${place}`)])),
        sublayer: {
          kind: "feedForward",
          up: linear(`${path}.w1`),
          output: { linear: linear(`${path}.w2`) },
          activation: "tanh",
        },
        ...(residual.gpas === undefined ? {} : { gate: `${index + 1}.gate` }),
        ...(named.length === 0 ? {} : { weights: Object.fromEntries(named) }),
      };
    }),
  }));
  return {
    stacks: {
      decoder: {
        width: stack.final.gain.length,
        entry: { kind: "tokens", tokens: { table: "x" }, scale: 1, offset: 0 },
        recenter: false,
        residual,
        blocks,
        ...(residual.ends.includes("final")
          ? { final: norm("final", residual.finalEps ?? stack.eps) }
          : {}),
      },
    },
    heads: [],
  };
}

/** The parameters of a toy stack by name, but for its gates and what enters. */
export function toyParameters(residual: Residual, stack: OracleStack): Record<string, Given> {
  const depth = stack.layers.length;
  const norm = (path: string, { gain, bias }: OracleNormParams): [string, Given][] => [
    [`${path}.gain`, vectorOf(gain)],
    [`${path}.bias`, vectorOf(bias)],
  ];
  const layers = stack.layers.flatMap(({ norms, sublayers }, index) =>
    roles.flatMap((role, half) => {
      const path = `${index + 1}.${role}`;
      const site = { layer: index + 1, depth, stack: "decoder", role } as const;
      const { w1, w2 } = sublayers[half as 0 | 1];
      return [
        [`${path}.w1`, matrixOf(w1)] as [string, Given],
        [`${path}.w2`, matrixOf(w2)] as [string, Given],
        ...residual.wiring(site).norms.flatMap((place) =>
          norm(`${path}.${place}`, norms[half as 0 | 1][place])
        ),
        ...Object.entries(residual.wiring(site).weights ?? {}).map(([name, start]) =>
          [`${path}.weight.${name}`, scalarOf(start)] as [string, Given]
        ),
      ];
    })
  );
  return Object.fromEntries([...layers, ...norm("final", stack.final)]);
}

/** What leaves the stack when `x` enters it; the caller runs it in a scope of its own. */
export function runToy(
  residual: Residual,
  stack: OracleStack,
  x: Tensor,
  gates: readonly Tensor[],
  hooks: { readonly tap?: Tap; readonly step?: number } = {},
): Tensor {
  const given = Object.entries(toyParameters(residual, stack));
  const parameters = new Map(given.map(([name, value]) => [name, tensorOf(value)]));
  gates.forEach((gate, index) => parameters.set(`${index + 1}.gate`, gate));
  parameters.set("x", x);
  const [length] = x.shape as [number, number];
  const ids = Int32Array.from({ length }, (_, row) => row);
  const engine = eagerInterpreter({
    parameter: (name) => parameters.get(name),
    inputs: { tokens: { ids, size: [1, length] } },
  });
  const { decoder } = forward(engine, toySpec(residual, stack), hooks);
  return tf.reshape(decoder!, x.shape);
}

/** The same in float64, streamed. */
export async function runToyInFloat64(
  residual: Residual,
  stack: OracleStack,
  x: readonly (readonly number[])[],
): Promise<Float64Array> {
  const gates = stack.layers.map(({ gate }, index) => [`${index + 1}.gate`, scalarOf(gate)]);
  const tensors = memoryTensors({
    ...toyParameters(residual, stack),
    ...Object.fromEntries(gates),
    x: matrixOf(x),
  });
  const model = { spec: toySpec(residual, stack), tensors };
  const { outputs } = await runModel(float64, model, { tokens: x.map((_, row) => row) });
  return outputs["decoder"]!.values;
}

/** Value, then the gradients of Σ dy ⊙ value to the input and to each layer's gate (0 where there is none). */
export function pullToy(
  residual: Residual,
  stack: OracleStack,
  x: readonly (readonly number[])[],
  dy: readonly (readonly number[])[],
): Promise<Pulled> {
  const gates = stack.layers.map(({ gate }) => scalarOf(gate));
  return pull(
    (input, ...gateTensors) => {
      const out = runToy(residual, stack, input!, gateTensors);
      // tfjs wants every input used: a base without gates reads them with weight 0
      return gateTensors.reduce((sum, gate) => tf.add(sum, tf.mul(gate, 0)), out);
    },
    [matrixOf(x), ...gates],
    dy.flat(),
  );
}

/** The named activations of a run, and what leaves the stack under the name `out`. */
export function tapsOfToy(
  residual: Residual,
  stack: OracleStack,
  x: readonly (readonly number[])[],
): Promise<ReadonlyMap<string, number[]>> {
  return tapsOf((tap) => {
    const gates = stack.layers.map(({ gate }) => tensorOf(scalarOf(gate)));
    return runToy(residual, stack, tensorOf(matrixOf(x)), gates, { tap });
  });
}

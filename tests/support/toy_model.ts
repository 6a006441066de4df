// The library's runner on the toy sub-layers of the oracles: x → inner(tanh(x W₁)) W₂, with the oracle's norms and gates. Only
// the norms that a wiring names are handed over, so that a call of any other one throws.

import * as tf from "@tensorflow/tfjs";
import type { Tensor } from "../../lib/core/tensor.ts";
import type { NormKind } from "../../lib/kernels/contract.ts";
import type { NormParameters } from "../../lib/layers/norm.ts";
import { type JointParameters, runStack, type Tap } from "../../lib/models/stack.ts";
import type { Residual, Role, Site, Sublayer } from "../../lib/residual/mod.ts";
import type { OracleNormParams, OracleStack } from "../reference/residuals.ts";
import { matrixOf, pull, type Pulled, scalarOf, tensorOf, vectorOf } from "./evaluate.ts";
import { tapsOf } from "./taps.ts";

const roles: readonly Role[] = ["attention", "feedForward"];

const normOf = ({ gain, bias }: OracleNormParams): NormParameters => ({
  gain: tensorOf(vectorOf(gain)),
  bias: tensorOf(vectorOf(bias)),
});

/** The norms and the gate of one layer. */
function jointsOf(
  residual: Residual,
  stack: OracleStack,
  index: number,
  gate: Tensor,
): JointParameters {
  const norms = stack.layers[index]!.norms;
  const norm = Object.fromEntries(roles.map((role, half) => {
    const site: Site = { layer: index + 1, depth: stack.layers.length, stack: "decoder", role };
    const given = norms[half as 0 | 1];
    return [
      role,
      Object.fromEntries(residual.wiring(site).norms.map((at) => [at, normOf(given[at])])),
    ];
  }));
  return residual.gpas === undefined ? { norm } : { norm, gate };
}

/** The toy sub-layer at a site. */
function branchOf(stack: OracleStack, { layer, role }: Site): Sublayer {
  const { w1, w2 } = stack.layers[layer - 1]!.sublayers[roles.indexOf(role) as 0 | 1];
  return (x, inner = (hidden) => hidden) =>
    tf.matMul(
      inner(tf.tanh(tf.matMul(x, tensorOf(matrixOf(w1))))),
      tensorOf(matrixOf(w2)),
    );
}

/** What leaves the stack when `x` enters it; the caller runs it in a scope of its own. */
export function runToy(
  residual: Residual,
  stack: OracleStack,
  x: Tensor,
  gates: readonly Tensor[],
  tap: Tap = () => {},
): Tensor {
  const model = {
    blocks: stack.layers.map((_, index) => jointsOf(residual, stack, index, gates[index]!)),
    ends: residual.ends.includes("final") ? { final: normOf(stack.final) } : {},
    config: {
      stack: "decoder",
      roles,
      width: stack.final.gain.length,
      hidden: stack.layers[0]!.sublayers[0].w1[0]!.length,
      depth: stack.layers.length,
      residual,
      norm: stack.norm satisfies NormKind,
      eps: stack.eps,
      normEps: {},
      ends: residual.ends,
      bias: true,
    },
  } as const;
  return runStack(x, model, (site) => branchOf(stack, site), tap);
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
    return runToy(residual, stack, tensorOf(matrixOf(x)), gates, tap);
  });
}

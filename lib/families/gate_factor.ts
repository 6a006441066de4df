// What a GPAS gate multiplies the stream by.

import { readTensor, type TensorSource } from "../checkpoint/tensors.ts";
import { gates } from "../kernels/gate.ts";
import type { Branch } from "./description.ts";

/**
 * The factor of a gate's value, 1 − act(g), in float64.
 *
 * @param branch The branch with the gate.
 * @returns The function of g.
 */
export function factorOfGate({ gateActivation = "silu" }: Branch): (g: number) => number {
  const { value } = gates[gateActivation];
  return (g) => 1 - value(g);
}

/**
 * What the gate of a branch multiplies by.
 *
 * @param tensors The model's tensors.
 * @param branch The branch.
 * @returns 1 − act(g); 1 where the branch has no gate.
 */
export async function gateFactor(tensors: TensorSource, branch: Branch): Promise<number> {
  if (branch.gate === undefined) return 1;
  const [g] = await readTensor(tensors, branch.gate);
  return factorOfGate(branch)(g!);
}

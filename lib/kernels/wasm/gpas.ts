// GPAS, alone and with the residual addition. The gate is a number that the host reads; the gradient to what is scaled is the
// identity, which needs no kernel.

import type { Kernels, TensorInfo } from "../contract.ts";
import { gates, slopeWeights, valueWeights } from "../gate.ts";
import { dot, sizeOf, splitElements } from "./elements.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

type Names =
  | "NormkitGpas"
  | "NormkitGpasGradient"
  | "NormkitAddGpas"
  | "NormkitAddGpasGradient";

/** @returns The kernels of GPAS. */
export function gpasKernels(runtime: Runtime): Pick<Kernels<WasmBackend>, Names> {
  const { address, scalar } = runtime;
  const scalarTensor = (value: number): TensorInfo => {
    const tensor = runtime.output([]);
    runtime.setScalar(tensor, value);
    return tensor;
  };
  return {
    NormkitGpas: ([x, gate], { activation }) => {
      const kept = 1 - gates[activation].value(scalar(gate!));
      const y = runtime.output(x!.shape);
      const [from, to] = [address(x!), address(y)];
      splitElements(
        runtime,
        "scale",
        sizeOf(x!.shape),
        (bytes, count) => [from + bytes, kept, to + bytes, count],
      );
      return [y];
    },
    NormkitGpasGradient: ([dy, x, gate], { activation }) => {
      const slope = gates[activation].slope(scalar(gate!));
      const along = dot(runtime, address(dy!), address(x!), sizeOf(x!.shape));
      return [scalarTensor(-slope * along)];
    },
    NormkitAddGpas: ([x, branch, gate], attributes) => {
      const weights = valueWeights(scalar(gate!), attributes);
      const y = runtime.output(x!.shape);
      const [left, right, to] = [address(x!), address(branch!), address(y)];
      splitElements(
        runtime,
        "combine",
        sizeOf(x!.shape),
        (
          bytes,
          count,
        ) => [left + bytes, weights.x, right + bytes, weights.branch, to + bytes, count],
      );
      return [y];
    },
    NormkitAddGpasGradient: ([dy, x, branch, gate], attributes) => {
      const weights = slopeWeights(scalar(gate!), attributes);
      const size = sizeOf(x!.shape);
      const along = (other: TensorInfo, weight: number): number =>
        weight === 0 ? 0 : weight * dot(runtime, address(dy!), address(other), size);
      return [scalarTensor(along(x!, weights.x) + along(branch!, weights.branch))];
    },
  };
}

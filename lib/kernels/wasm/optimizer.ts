// An optimizer's step: the joint norm of all gradients, and AdamW.

import type { Kernels } from "../contract.ts";
import { held } from "../overflow.ts";
import { dot, sizeOf, splitElements } from "./elements.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** @returns `NormkitGlobalNorm` and `NormkitAdamW`. */
export function optimizerKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitGlobalNorm" | "NormkitAdamW"> {
  const { address } = runtime;
  return {
    NormkitGlobalNorm: (tensors) => {
      const squares = tensors.map((tensor) =>
        dot(runtime, address(tensor), address(tensor), sizeOf(tensor.shape))
      );
      const norm = runtime.output([]);
      runtime.setScalar(norm, Math.sqrt(held(squares.reduce((total, part) => total + part, 0))));
      return [norm];
    },
    NormkitAdamW: (inputs, { rate, betas: [beta1, beta2], eps, step, decay }) => {
      const count = decay.length;
      const scale = runtime.scalar(inputs.at(-1)!);
      const settings = [beta1, 1 - beta1, beta2, 1 - beta2];
      const corrected = [rate / (1 - beta1 ** step), (1 - beta2 ** step) ** -0.5, eps];
      const stepped = decay.map((weightDecay, index) => {
        const read = [0, 1, 2, 3].map((kind) => inputs[kind * count + index]!);
        const written = [0, 1, 2].map(() => runtime.output(read[0]!.shape));
        const addresses = [...read, ...written].map(address);
        const kept = 1 - rate * weightDecay;
        splitElements(
          runtime,
          "adamW",
          sizeOf(read[0]!.shape),
          (bytes, length) => [
            ...addresses.map((at) => at + bytes),
            ...[length, scale, kept],
            ...settings,
            ...corrected,
          ],
        );
        return written;
      });
      return [0, 1, 2].flatMap((kind) => stepped.map((written) => written[kind]!));
    },
  };
}

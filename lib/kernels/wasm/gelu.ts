// GELU, exact and by tanh, with its gradient.

import type { Kernels } from "../contract.ts";
import { sizeOf, splitElements } from "./elements.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** @returns The kernels of GELU. */
export function geluKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitGelu" | "NormkitGeluGradient"> {
  return {
    NormkitGelu: ([x], { approximation }) => {
      const y = runtime.output(x!.shape);
      const exact = Number(approximation === "none");
      const [from, to] = [runtime.address(x!), runtime.address(y)];
      splitElements(
        runtime,
        "gelu",
        sizeOf(x!.shape),
        (bytes, count) => [exact, from + bytes, to + bytes, count],
      );
      return [y];
    },
    NormkitGeluGradient: ([dy, x], { approximation }) => {
      const dx = runtime.output(x!.shape);
      const exact = Number(approximation === "none");
      const addresses = [dy!, x!, dx].map(runtime.address);
      splitElements(
        runtime,
        "geluGradient",
        sizeOf(x!.shape),
        (bytes, count) => [exact, ...addresses.map((address) => address + bytes), count],
      );
      return [dx];
    },
  };
}

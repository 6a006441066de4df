// The linear map with its bias, as one product.

import type { Kernels } from "../contract.ts";
import { multiply } from "./product.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** @returns `NormkitLinear`. */
export function linearKernels(runtime: Runtime): Pick<Kernels<WasmBackend>, "NormkitLinear"> {
  return {
    NormkitLinear: ([x, w, bias]) => {
      const [rows, depth] = x!.shape as [number, number];
      const columns = w!.shape[1]!;
      const y = runtime.output([rows, columns]);
      multiply(runtime, {
        a: { address: runtime.address(x!), transposed: false },
        b: { address: runtime.address(w!), transposed: false },
        c: runtime.address(y),
        ...{ rows, columns, depth },
        ...(bias === undefined ? {} : { bias: runtime.address(bias) }),
      });
      return [y];
    },
  };
}

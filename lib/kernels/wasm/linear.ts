// Linear maps of the same rows with their biases, each as one product, and their gradients.

import type { Kernels, TensorInfo } from "../contract.ts";
import { addTensors } from "./add.ts";
import { columnSum } from "./column_sum.ts";
import { multiply } from "./product.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** Which factors are used transposed. */
type Transposed = "none" | "first" | "second";

/** op(a) · op(b) + bias */
function product(
  runtime: Runtime,
  [a, b, bias]: readonly [a: TensorInfo, b: TensorInfo, bias?: TensorInfo | undefined],
  transposed: Transposed = "none",
): TensorInfo {
  const [first, second] = [transposed === "first", transposed === "second"];
  const [lines, length] = a.shape as [number, number];
  const [rows, depth] = first ? [length, lines] : [lines, length];
  const columns = b.shape[second ? 0 : 1]!;
  const c = runtime.output([rows, columns]);
  multiply(runtime, {
    a: { address: runtime.address(a), transposed: first },
    b: { address: runtime.address(b), transposed: second },
    c: runtime.address(c),
    ...{ rows, columns, depth },
    ...(bias === undefined ? {} : { bias: runtime.address(bias) }),
  });
  return c;
}

/** @returns `NormkitLinear` and its gradient. */
export function linearKernels(
  runtime: Runtime,
): Pick<Kernels<WasmBackend>, "NormkitLinear" | "NormkitLinearGradient"> {
  return {
    NormkitLinear: ([x, ...others], { bias }) => {
      const count = bias ? others.length / 2 : others.length;
      return others.slice(0, count).map((w, at) => product(runtime, [x!, w, others[count + at]]));
    },
    NormkitLinearGradient: (inputs, { bias }, backend) => {
      const count = (inputs.length - 1) / 2;
      const [dys, x, matrices] = [inputs.slice(0, count), inputs[count]!, inputs.slice(count + 1)];
      const dx = matrices.map((w, map) => product(runtime, [dys[map]!, w], "second"))
        .reduce((one, other) => {
          const sum = addTensors(runtime, one, other);
          for (const { dataId } of [one, other]) backend.disposeData(dataId);
          return sum;
        });
      return [
        dx,
        ...dys.map((dy) => product(runtime, [x, dy], "first")),
        ...(bias ? dys.map((dy) => columnSum(runtime, dy)) : []),
      ];
    },
  };
}

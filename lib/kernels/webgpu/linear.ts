// Rows times matrices, with biases, and the gradients: our product on software adapters, tfjs's own on hardware.

import * as tf from "@tensorflow/tfjs";
import type { Kernels, TensorInfo } from "../contract.ts";
import { columnSum } from "./column_sum.ts";
import { runElementwise } from "./elementwise.ts";
import { inGroups } from "./groups.ts";
import type { Product, ProductInputs } from "./product.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";

/** tfjs's product, of one right operand. */
function tfjsProduct(runner: Runner): Product {
  const { kernelFunc } = tf.getKernel("_FusedMatMul", "webgpu");
  const backend = tf.backend();
  return ({ a, b, biases, transposeA = false, transposeB = false, columnSums = false }) => {
    const inputs = { a: a[0]!, b: b[0]!, bias: biases?.[0] };
    const attrs = { transposeA, transposeB, activation: null };
    const y = kernelFunc({ inputs, attrs, backend } as never) as TensorInfo;
    return columnSums ? [y, columnSum(runner, b[0]!)] : [y];
  };
}

function add(runner: Runner, a: TensorInfo, b: TensorInfo): TensorInfo {
  const [sum] = runElementwise(runner, {
    key: "sum of two",
    inputs: { a: [a, "Vector"], b: [b, "Vector"] },
    outputs: ["sum"],
    shape: a.shape,
    body: "sum[at] = a[at] + b[at];",
  });
  runner.free(a, b);
  return sum!;
}

/**
 * The kernels of linear layers.
 *
 * @param runner The runner.
 * @param product The product, where it is ours.
 * @returns The kernels.
 */
export function linearKernels(
  runner: Runner,
  product: Product | undefined,
): Pick<Kernels<WebGpuBackend>, "NormkitLinear" | "NormkitLinearGradient"> {
  const multiply = product ?? tfjsProduct(runner);

  /** Whether maps share programs: of odd widths these would be slow to compile. */
  const isJoined = ({ shape }: TensorInfo): boolean => product !== undefined && shape[1]! % 4 === 0;

  /** Runs products that have so many tensors each and one in common. */
  const inParts = (inputs: ProductInputs, each: number): TensorInfo[][] => {
    const { a, b, biases = [] } = inputs;
    const bindings = { each: isJoined(b[0]!) ? each : Infinity, common: 1 };
    return inGroups(runner.device, Array.from(b.keys()), bindings).map((group) => {
      const own = (list: readonly TensorInfo[]) => list.slice(group[0]!, group.at(-1)! + 1);
      return multiply({
        ...inputs,
        ...{ a: a.length === 1 ? a : own(a), b: own(b), biases: own(biases) },
      });
    });
  };

  return {
    NormkitLinear: ([x, ...others], { bias }) => {
      const count = bias ? others.length / 2 : others.length;
      const [b, biases] = [others.slice(0, count), others.slice(count)];
      return inParts({ a: [x!], b, biases }, bias ? 3 : 2).flat();
    },
    NormkitLinearGradient: (inputs, { bias }) => {
      const count = (inputs.length - 1) / 2;
      const [dys, x, matrices] = [inputs.slice(0, count), inputs[count]!, inputs.slice(count + 1)];
      const dxs = inParts({ a: dys, b: matrices, transposeB: true }, 2).flat();
      const given = { a: [x], b: dys, transposeA: true, columnSums: bias };
      const parts = inParts(given, bias ? 3 : 2);
      /** Of each part, the products, or the sums of columns. */
      const each = (first: 0 | 1): TensorInfo[] =>
        parts.flatMap((part) => {
          const half = bias ? part.length / 2 : part.length;
          return part.slice(first * half, (first + 1) * half);
        });
      return [dxs.reduce((one, other) => add(runner, one, other)), ...each(0), ...each(1)];
    },
  };
}

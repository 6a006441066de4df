// The norms, alone and after a residual addition, with their gradients.

import type { Kernels, NormAttributes, NormKind, TensorInfo } from "../contract.ts";
import type { Runtime, WasmBackend } from "./runtime.ts";

/** The numbers of the kinds in source/norm_statistics.ts. */
const kinds: Readonly<Record<NormKind, number>> = {
  "layer": 0,
  "rms": 1,
  "crms": 2,
  "crms-padded": 2,
};

/** Numbers that are worth waking a thread for. */
const worthThread = 16_384;

/** Rows of a tensor as the module takes them. */
interface Rows {
  readonly kind: number;
  readonly rows: number;
  /** Rows that are worth a thread. */
  readonly grain: number;
  /** [width, lanes, share, eps]: floats of a row, how many of them count, what each of them counts, ε. */
  readonly numbers: readonly [number, number, number, number];
}

function rowsOf({ shape }: TensorInfo, { kind, eps }: NormAttributes): Rows {
  const width = shape.at(-1)!;
  const lanes = kind === "crms-padded" ? width - 1 : width;
  const divisor = kind === "crms" ? width + 1 : width;
  const size = shape.reduce((product, length) => product * length, 1);
  return {
    kind: kinds[kind],
    rows: size / width,
    grain: Math.ceil(worthThread / width),
    numbers: [width, lanes, 1 / divisor, eps],
  };
}

/** The addresses of gain and bias, 0 for none. */
function parameters(
  runtime: Runtime,
  given: readonly TensorInfo[],
  { gain, bias }: NormAttributes,
): readonly [number, number] {
  return [
    gain ? runtime.address(given[0]!) : 0,
    bias ? runtime.address(given.at(-1)!) : 0,
  ];
}

/** [dx, dGain?, dBias?]; `other` is added to dx. */
function gradient(
  runtime: Runtime,
  [dy, x, gain]: readonly TensorInfo[],
  other: TensorInfo | undefined,
  attributes: NormAttributes,
): TensorInfo[] {
  const { kind, rows, grain, numbers } = rowsOf(x!, attributes);
  const [width] = numbers;
  const dx = runtime.output(x!.shape);
  const vectors = [attributes.gain, attributes.bias].map((given) =>
    given ? runtime.output([width]) : undefined
  );
  const vector = Math.ceil(width / 4) * 16;
  const sums = runtime.scratch(4 * vector * runtime.threads);
  const from = [
    runtime.address(dy!),
    runtime.address(x!),
    attributes.gain ? runtime.address(gain!) : 0,
    attributes.bias ? 1 : 0,
    other === undefined ? 0 : runtime.address(other),
  ];
  const to = runtime.address(dx);
  let parts = 0;
  runtime.split("normGradient", rows, grain, (first, count, thread) => {
    parts = Math.max(parts, thread + 1);
    return [kind, ...from, to, sums + thread * 4 * vector, ...numbers, first, count];
  });
  vectors.forEach((given, index) => {
    if (given === undefined) return;
    const address = runtime.address(given);
    runtime.call("addParts", sums + index * vector, 4 * vector, parts, address, width);
  });
  return [dx, ...vectors.filter((given) => given !== undefined)];
}

/** @returns The kernels of the norms. */
export function normKernels(
  runtime: Runtime,
): Pick<
  Kernels<WasmBackend>,
  "NormkitNorm" | "NormkitNormGradient" | "NormkitAddNorm" | "NormkitAddNormGradient"
> {
  return {
    NormkitNorm: ([x, ...given], attributes) => {
      const { kind, rows, grain, numbers } = rowsOf(x!, attributes);
      const y = runtime.output(x!.shape);
      const from = [runtime.address(x!), ...parameters(runtime, given, attributes)];
      const to = runtime.address(y);
      runtime.split(
        "norm",
        rows,
        grain,
        (first, count) => [kind, ...from, to, ...numbers, first, count],
      );
      return [y];
    },
    NormkitNormGradient: (inputs, attributes) => gradient(runtime, inputs, undefined, attributes),
    NormkitAddNorm: ([x, branch, ...given], attributes) => {
      const { kind, rows, grain, numbers } = rowsOf(x!, attributes);
      const [sum, y] = [runtime.output(x!.shape), runtime.output(x!.shape)];
      const from = [
        runtime.address(x!),
        runtime.address(branch!),
        attributes.alpha,
        ...parameters(runtime, given, attributes),
      ];
      const to = [runtime.address(sum), runtime.address(y)];
      runtime.split(
        "addNorm",
        rows,
        grain,
        (first, count) => [kind, ...from, ...to, ...numbers, first, count],
      );
      return [sum, y];
    },
    NormkitAddNormGradient: ([dSum, ...inputs], attributes) =>
      gradient(runtime, inputs, dSum, attributes),
  };
}

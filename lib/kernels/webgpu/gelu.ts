// GELU, exact and by tanh, with its gradient. WGSL has no error function: Φ comes from a polynomial for its tail. NaN stays NaN
// where the compiler of the device keeps it.

import type { Contract, Kernels } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";

/**
 * Φ(−x) exp(x²/2) for x ≥ 0 as a polynomial of t = 1 / (1 + 0.3 x) without a constant term, from t up to t⁸: a fit of least
 * relative error, 8.3e-8 at most.
 */
const tail = [
  ...[0.11961626548578515, 0.12094919295461046, 0.09871845963367204, 0.13244271648169897],
  ...[-0.0609247565839459, 0.214138103300719, -0.16168230719076976, 0.036742285288495116],
];

/** `value(x)` and `slope(x)`. */
const functions: Readonly<Record<Contract["NormkitGelu"]["approximation"], string>> = {
  none: `
fn share(x: Vector, bell: Vector) -> Vector {
  let t = 1.0 / (1.0 + 0.3 * abs(x));
  let tail = bell * t * ${tail.reduceRight((rest, factor) => `(${factor} + t * ${rest})`, "0.0")};
  return select(tail, 1.0 - tail, x > Vector());
}
fn bell(x: Vector) -> Vector { return exp(-0.5 * x * x); }
fn value(x: Vector) -> Vector { return x * share(x, bell(x)); }
fn slope(x: Vector) -> Vector {
  let bell = bell(x);
  return share(x, bell) + x * bell * ${1 / Math.sqrt(2 * Math.PI)};
}
`,
  // (1 + tanh(u)) / 2 = 1 / (1 + exp(−2u)), which loses nothing where u is far below 0
  tanh: `
fn share(x: Vector) -> Vector {
  return 1.0 / (1.0 + exp(-${2 * Math.sqrt(2 / Math.PI)} * (x + 0.044715 * x * x * x)));
}
fn value(x: Vector) -> Vector { return x * share(x); }
fn slope(all: Vector) -> Vector {
  let x = select(all, 30.0 * sign(all), abs(all) > Vector(30)); // the slope there is 1 or 0, and x³ would become infinite
  let share = share(x);
  let inner = ${2 * Math.sqrt(2 / Math.PI)} * (1.0 + ${3 * 0.044715} * x * x);
  return share + x * share * (1.0 - share) * inner;
}
`,
};

/** GELU and its gradient on a device. */
export function geluKernels(
  runner: Runner,
): Pick<Kernels<WebGpuBackend>, "NormkitGelu" | "NormkitGeluGradient"> {
  return {
    NormkitGelu: ([x], { approximation }) =>
      runElementwise(runner, {
        key: `NormkitGelu ${approximation}`,
        inputs: { x: [x!, "Vector"] },
        outputs: ["y"],
        shape: x!.shape,
        functions: functions[approximation],
        body: "y[at] = value(x[at]);",
      }),
    NormkitGeluGradient: ([dy, x], { approximation }) =>
      runElementwise(runner, {
        key: `NormkitGeluGradient ${approximation}`,
        inputs: { dy: [dy!, "Vector"], x: [x!, "Vector"] },
        outputs: ["dx"],
        shape: x!.shape,
        functions: functions[approximation],
        body: "dx[at] = dy[at] * slope(x[at]);",
      }),
  };
}

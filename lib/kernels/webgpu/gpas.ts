// GPAS, alone and with the residual addition, and the gradients to the gate: a sum over the whole tensor in two steps.

import type { AddGpasAttributes, Kernels, TensorInfo } from "../contract.ts";
import { type Walk, walkMain, walkOf, walkUniforms } from "./elements.ts";
import { gateFunctions } from "./gate_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import type { Strategy } from "./strategy.ts";
import { totalFunction } from "./team_source.ts";
import { declare } from "./wgsl.ts";

/** The scaled value at `at`, and what the gate multiplies in it; `factor` is 1 − act(gate). */
interface Form {
  readonly value: string;
  readonly gated: string;
}

const alone: Form = { value: "factor * x[at]", gated: "x[at]" };

const forms: Readonly<Record<AddGpasAttributes["on"], Form>> = {
  sum: {
    value: "factor * (uniforms.alpha * x[at] + branch[at])",
    gated: "uniforms.alpha * x[at] + branch[at]",
  },
  shortcut: {
    value: "factor * (uniforms.alpha * x[at]) + branch[at]",
    gated: "uniforms.alpha * x[at]",
  },
};

const sizeOf = ({ shape }: TensorInfo): number =>
  shape.reduce((product, length) => product * length, 1);

/** Adds all partial sums, times −slope(gate): one workgroup. */
function finish(
  activation: AddGpasAttributes["activation"],
  threads: number,
): string {
  return `${
    declare({
      inputs: { parts_of: "f32", gate: "f32" },
      outputs: { d_gate: "f32" },
      uniforms: { u32: ["count"] },
    })
  }${gateFunctions(activation)}${totalFunction({ rows: "workgroup", threads })}
@compute @workgroup_size(${threads})
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var at = thread; at < uniforms.count; at += ${threads}u) { sum += parts_of[at]; }
  let all = total(vec2f(sum, 0), thread).x;
  if (thread == 0u) { d_gate[0] = -slope(gate[0]) * all; }
}`;
}

/** The GPAS kernels on a device. */
export function gpasKernels(
  runner: Runner,
  { software }: Strategy,
): Pick<
  Kernels<WebGpuBackend>,
  "NormkitGpas" | "NormkitGpasGradient" | "NormkitAddGpas" | "NormkitAddGpasGradient"
> {
  const names = (added: boolean, type: Walk["type"]): Record<string, string> => ({
    x: type,
    ...(added ? { branch: type } : {}),
    gate: "f32",
  });
  const uniforms = { u32: walkUniforms, f32: ["alpha"] };

  const forward = (
    key: string,
    inputs: readonly TensorInfo[],
    activation: AddGpasAttributes["activation"],
    { value }: Form,
    alpha: number,
  ): TensorInfo[] => {
    const [x] = inputs as [TensorInfo];
    const walk = walkOf(sizeOf(x), software, 2 ** 24);
    return runner.run({
      key: `${key} ${activation} ${walk.type}`,
      wgsl: () =>
        declare({
          inputs: names(inputs.length === 3, walk.type),
          outputs: { y: walk.type },
          uniforms,
        }) + gateFunctions(activation) + walkMain(walk, {
          before: "let factor = rest(gate[0]);",
          body: `y[at] = ${value};`,
        }),
      inputs,
      outputs: [{ shape: x.shape }],
      uniforms: { u32: walk.u32, f32: [alpha] },
      groups: walk.groups,
    });
  };

  const backward = (
    key: string,
    inputs: readonly TensorInfo[],
    activation: AddGpasAttributes["activation"],
    { gated }: Form,
    alpha: number,
  ): TensorInfo[] => {
    const [dy] = inputs as [TensorInfo];
    const gate = inputs.at(-1)!;
    const walk = walkOf(sizeOf(dy), software, software ? 256 : 2 ** 15);
    const count = walk.groups * walk.threads;
    const parts = runner.run({
      key: `${key} ${walk.type}`,
      wgsl: () =>
        declare({
          inputs: { dy: walk.type, ...names(inputs.length === 4, walk.type) },
          outputs: { part: "f32" },
          uniforms,
        }) + walkMain(walk, {
          before: `var sum = ${walk.type}();`,
          body: `sum += dy[at] * (${gated});`,
          after: `part[index] = ${walk.type === "f32" ? "sum" : "dot(sum, vec4f(1))"};`,
        }),
      inputs,
      outputs: [{ shape: [count] }],
      uniforms: { u32: walk.u32, f32: [alpha] },
      groups: [walk.groups, 1, 1],
    });
    const threads = software ? 8 : 256;
    const dGate = runner.run({
      key: `gate ${activation}`,
      wgsl: () => finish(activation, threads),
      inputs: [...parts, gate],
      outputs: [{ shape: [] }],
      uniforms: { u32: [count] },
      groups: 1,
    });
    runner.free(...parts);
    return dGate;
  };

  return {
    NormkitGpas: (inputs, { activation }) => forward("NormkitGpas", inputs, activation, alone, 1),
    NormkitGpasGradient: (inputs, { activation }) =>
      backward("NormkitGpasGradient", inputs, activation, alone, 1),
    NormkitAddGpas: (inputs, { activation, on, alpha }) =>
      forward(`NormkitAddGpas ${on}`, inputs, activation, forms[on], alpha),
    NormkitAddGpasGradient: (inputs, { activation, on, alpha }) =>
      backward(`NormkitAddGpasGradient ${on}`, inputs, activation, forms[on], alpha),
  };
}

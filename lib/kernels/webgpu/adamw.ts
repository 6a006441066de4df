// AdamW's step, a program for each parameter: new values and new moments, nothing in place.

import type { Kernels } from "../contract.ts";
import { runElementwise } from "./elementwise.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";

/** The optimizer's step on a device. */
export function adamWKernels(runner: Runner): Pick<Kernels<WebGpuBackend>, "NormkitAdamW"> {
  return {
    NormkitAdamW: (inputs, { rate, betas: [beta1, beta2], eps, step, decay }) => {
      const count = decay.length;
      const scale = inputs.at(-1)!;
      const factors = {
        beta1,
        beta2,
        new1: 1 - beta1,
        new2: 1 - beta2,
        eps,
        rate: rate / (1 - beta1 ** step),
        root: 1 / Math.sqrt(1 - beta2 ** step),
      };
      const stepped = decay.map((weightDecay, index) => {
        const [p, g, m, v] = [0, 1, 2, 3].map((kind) => inputs[kind * count + index]!);
        return runElementwise(runner, {
          key: "NormkitAdamW",
          inputs: {
            p: [p!, "Vector"],
            g: [g!, "Vector"],
            m: [m!, "Vector"],
            v: [v!, "Vector"],
            scale_of_all: [scale, "f32"],
          },
          outputs: ["next", "first", "second"],
          shape: p!.shape,
          f32: { ...factors, kept: 1 - rate * weightDecay },
          before: "let scale = scale_of_all[0];",
          body: `
  let gradient = scale * g[at];
  let moment1 = uniforms.beta1 * m[at] + uniforms.new1 * gradient;
  let moment2 = uniforms.beta2 * v[at] + uniforms.new2 * (gradient * gradient);
  let root = uniforms.root * sqrt(moment2) + uniforms.eps;
  next[at] = uniforms.kept * p[at] - uniforms.rate * moment1 / root;
  first[at] = moment1;
  second[at] = moment2;`,
        });
      });
      return [0, 1, 2].flatMap((kind) => stepped.map((outputs) => outputs[kind]!));
    },
  };
}

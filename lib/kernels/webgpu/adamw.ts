// AdamW's step, a program for as many parameters as the device binds at once: new values and new moments, nothing in place.

import * as tf from "@tensorflow/tfjs";
import { groupBy } from "../../core/collections.ts";
import type { Kernels, TensorInfo } from "../contract.ts";
import { inGroups } from "./groups.ts";
import { vectorTypes } from "./row_source.ts";
import type { Runner, WebGpuBackend } from "./runner_types.ts";
import { declare, groupIndex } from "./wgsl.ts";

/** A parameter with its gradient and moments. */
interface Parameter {
  /** Its number in the kernel's list. */
  readonly index: number;
  /** Value, gradient, first and second moment, of one shape. */
  readonly tensors: readonly TensorInfo[];
  /** What is kept of the value. */
  readonly kept: number;
  /** How many numbers it has. */
  readonly size: number;
}

/** The numbers of a vector; empty parameters, which have no buffer, go by themselves. */
const widthOf = ({ size }: Parameter): number => size === 0 ? Infinity : size % 4 === 0 ? 4 : 1;

const threads = 64;

/** The factors that all parameters share, by their uniforms' names. */
const factors = ["beta1", "beta2", "new1", "new2", "eps", "rate", "root"] as const;

/** The names of a list's tensors, one for each of so many parameters. */
const named = (names: readonly string[], count: number): string[] =>
  Array.from({ length: count }, (_, at) => names.map((name) => `${name}${at}`)).flat();

/** [scale, and of each parameter p, g, m, v] → [of each p, m, v]; a thread takes a vector of one of them. */
function source(count: number, width: number): string {
  const declared = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(named(names, count).map((name) => [name, "Vector"]));
  const step = (at: number): string => `
  if (at < uniforms.vectors${at}) {
    let stepped = step(p${at}[at], g${at}[at], m${at}[at], v${at}[at], uniforms.kept${at});
    next${at}[at] = stepped.next;
    first${at}[at] = stepped.first;
    second${at}[at] = stepped.second;
    return;
  }
  at -= uniforms.vectors${at};`;
  return `${vectorTypes(width)}${
    declare({
      inputs: { scale_of_all: "f32", ...declared(["p", "g", "m", "v"]) },
      outputs: declared(["next", "first", "second"]),
      uniforms: { u32: named(["vectors"], count), f32: [...factors, ...named(["kept"], count)] },
    })
  }${groupIndex}
struct Stepped { next: Vector, first: Vector, second: Vector }
fn step(p: Vector, g: Vector, m: Vector, v: Vector, kept: f32) -> Stepped {
  let gradient = scale_of_all[0] * g;
  let first = uniforms.beta1 * m + uniforms.new1 * gradient;
  let second = uniforms.beta2 * v + uniforms.new2 * (gradient * gradient);
  let root = uniforms.root * sqrt(second) + uniforms.eps;
  return Stepped(kept * p - uniforms.rate * first / root, first, second);
}
@compute @workgroup_size(${threads})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  var at = group_index(id, count) * ${threads}u + thread;
${Array.from({ length: count }, (_, at) => step(at)).join("")}
}`;
}

/** The optimizer's step on a device. */
export function adamWKernels(runner: Runner): Pick<Kernels<WebGpuBackend>, "NormkitAdamW"> {
  return {
    NormkitAdamW: (inputs, { rate, betas: [beta1, beta2], eps, step, decay }) => {
      const count = decay.length;
      const scale = inputs.at(-1)!;
      const values: Record<typeof factors[number], number> = {
        beta1,
        beta2,
        new1: 1 - beta1,
        new2: 1 - beta2,
        eps,
        rate: rate / (1 - beta1 ** step),
        root: 1 / Math.sqrt(1 - beta2 ** step),
      };
      const parameters = decay.map((weightDecay, index): Parameter => ({
        index,
        tensors: [0, 1, 2, 3].map((kind) => inputs[kind * count + index]!),
        kept: 1 - rate * weightDecay,
        size: tf.util.sizeFromShape(inputs[index]!.shape),
      }));
      const outputs = Array<TensorInfo>(3 * count);

      /** Steps parameters that all go in vectors of that width. */
      const run = (group: readonly Parameter[], width: number): void => {
        const vectors = group.map(({ size }) => size / width);
        const stepped = runner.run({
          key: `NormkitAdamW ${group.length} by ${width}`,
          wgsl: () => source(group.length, width),
          inputs: [scale, ...group.flatMap(({ tensors }) => tensors)],
          outputs: group.flatMap(({ tensors: [p] }) => [p!, p!, p!]),
          uniforms: {
            u32: vectors,
            f32: [...factors.map((name) => values[name]), ...group.map(({ kept }) => kept)],
          },
          groups: Math.ceil(vectors.reduce((total, own) => total + own, 0) / threads),
        });
        group.forEach(({ index }, at) =>
          [0, 1, 2].forEach((kind) => outputs[kind * count + index] = stepped[3 * at + kind]!)
        );
      };

      for (const [width, alike] of groupBy(parameters, widthOf)) {
        for (const group of inGroups(runner.device, alike, { each: 7, common: 1 })) {
          run(group, width);
        }
      }
      return outputs;
    },
  };
}

// What the runner makes once and uses again: compiled programs and uniform buffers. The groups that bind buffers to a program are
// not worth it: in a training step the same buffers hardly ever come together again.

import type { Launch, Uniforms } from "./runner_types.ts";

/** A compiled program. */
export interface Compiled {
  /** The program. */
  readonly pipeline: GPUComputePipeline;
  /** Which bindings it has. */
  readonly layout: GPUBindGroupLayout;
}

/** What `make` gives for a key, made once; of more than `most` the oldest goes, and lives until the GPU is done with it. */
function cache<T>(most = Infinity): (key: string, make: () => T) => T {
  const made = new Map<string, T>();
  return (key, make) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make();
    if (made.size >= most) made.delete(made.keys().next().value!);
    made.set(key, value);
    return value;
  };
}

/**
 * Compiles programs. Their layouts are explicit: a binding that a source leaves unused stays valid.
 *
 * @param device The device.
 * @returns A function that gives the program of a launch, one for each key.
 */
export function compiler(device: GPUDevice): (launch: Launch) => Compiled {
  const layouts = cache<GPUBindGroupLayout>();
  const programs = cache<Compiled>();
  const layoutOf = ({ inputs, outputs, uniforms }: Launch): GPUBindGroupLayout => {
    const types: GPUBufferBindingType[] = [
      ...inputs.map(() => "read-only-storage" as const),
      ...outputs.map(() => "storage" as const),
      ...(uniforms === undefined ? [] : ["uniform" as const]),
    ];
    return layouts(types.join(), () =>
      device.createBindGroupLayout({
        entries: types.map((type, binding) => ({
          binding,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type },
        })),
      }));
  };
  return (launch) =>
    programs(launch.key, () => {
      const layout = layoutOf(launch);
      const pipeline = device.createComputePipeline({
        label: launch.key,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: {
          module: device.createShaderModule({ label: launch.key, code: launch.wgsl() }),
          entryPoint: "main",
        },
      });
      return { pipeline, layout };
    });
}

function bytesOf({ u32 = [], f32 = [] }: Uniforms): Uint8Array<ArrayBuffer> {
  const bytes = new ArrayBuffer(Math.ceil((u32.length + f32.length) / 4) * 16);
  new Uint32Array(bytes).set(u32);
  new Float32Array(bytes).set(f32, u32.length);
  return new Uint8Array(bytes);
}

/**
 * Makes uniform buffers.
 *
 * @param device The device.
 * @returns A function that gives the buffer of some values.
 */
export function uniformBuffers(device: GPUDevice): (uniforms: Uniforms) => GPUBuffer {
  const buffers = cache<GPUBuffer>(512);
  return (uniforms) =>
    buffers(`${uniforms.u32?.join() ?? ""};${uniforms.f32?.join() ?? ""}`, () => {
      const bytes = bytesOf(uniforms);
      const buffer = device.createBuffer({
        size: bytes.length,
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
      device.queue.writeBuffer(buffer, 0, bytes);
      return buffer;
    });
}

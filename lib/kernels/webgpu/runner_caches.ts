// What the runner makes once and uses again: compiled programs, uniform buffers, and the groups that bind buffers to a program.
// What is dropped from a cache lives until the GPU is done with it.

import type { Launch, Uniforms } from "./runner.ts";

/** A compiled program. */
export interface Compiled {
  /** The program. */
  readonly pipeline: GPUComputePipeline;
  /** Which bindings it has. */
  readonly layout: GPUBindGroupLayout;
}

/** What `make` gives for a key, made once; of more than `most` the oldest goes. */
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

/**
 * Binds buffers. tfjs gives the buffers of freed tensors to new ones, so the same few come together again and again, and a
 * group costs more to make than all the rest of a run.
 *
 * @param device The device.
 * @returns A function that gives the group of a layout and buffers.
 */
export function bindGroups(
  device: GPUDevice,
): (layout: GPUBindGroupLayout, buffers: readonly GPUBuffer[]) => GPUBindGroup {
  const groups = cache<GPUBindGroup>(2048);
  const numbers = new WeakMap<object, number>();
  let next = 0;
  const numberOf = (object: object): number => {
    const known = numbers.get(object);
    if (known !== undefined) return known;
    numbers.set(object, next);
    return next++;
  };
  return (layout, buffers) => {
    let key = `${numberOf(layout)}`;
    for (const buffer of buffers) key += `,${numberOf(buffer)}`;
    return groups(key, () =>
      device.createBindGroup({
        layout,
        entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
      }));
  };
}

// Whether programs may add over subgroups, found out by a trial: engines disagree on the directive that names the feature, one
// has it without listing it, and nothing promises that the threads of a subgroup are neighbors.

/** Subgroups as programs use them: neighboring threads, always as many. */
export interface Subgroups {
  /** Threads of a subgroup. */
  readonly size: number;
  /** What a source must begin with; empty where the engine takes nothing. */
  readonly directive: string;
}

const threads = 64;

/**
 * What engines take: nothing, or the feature by name. Those that ask for the name also ask for proof that all threads of a
 * subgroup arrive at a sum together; they do, but the proof is beyond them where a loop ends by such a sum.
 */
const directives = ["", "enable subgroups;\ndiagnostic(off, subgroup_uniformity);"];

const trial = (directive: string): string =>
  `${directive}
@group(0) @binding(0) var<storage, read_write> found: array<vec4u>;
@compute @workgroup_size(${threads})
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_size) size: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  found[thread] = vec4u(size, lane, subgroupAdd(1u), subgroupAdd(thread));
}`;

async function compile(device: GPUDevice, directive: string): Promise<GPUShaderModule | undefined> {
  device.pushErrorScope("validation");
  const module = device.createShaderModule({ code: trial(directive) });
  return await device.popErrorScope() === null ? module : undefined;
}

/** What each thread found: the size, its lane, how many there are, the sum of their numbers. */
async function run(device: GPUDevice, module: GPUShaderModule): Promise<Uint32Array> {
  const size = threads * 16;
  const found = device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const read = device.createBuffer({
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  const layout = pipeline.getBindGroupLayout(0);
  const entries = [{ binding: 0, resource: { buffer: found } }];
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(found, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const values = new Uint32Array(read.getMappedRange().slice(0));
  found.destroy();
  read.destroy();
  return values;
}

/** Whether every thread found itself where `thread % size` and `thread / size` say. */
function areNeighbors(found: Uint32Array, size: number): boolean {
  return Array.from({ length: threads }, (_, thread) => {
    const first = thread - thread % size;
    const expected = [size, thread % size, size, size * first + size * (size - 1) / 2];
    return expected.every((value, at) => found[4 * thread + at] === value);
  }).every(Boolean);
}

/**
 * Tries subgroups on a device.
 *
 * @param device The device.
 * @returns How to use them, or why they are not used.
 */
export async function findSubgroups(device: GPUDevice): Promise<Subgroups | string> {
  if (!device.features.has("subgroups" as GPUFeatureName)) return "the device has no subgroups";
  const { subgroupMinSize: least, subgroupMaxSize: most } = device.adapterInfo;
  if (least !== most) return `the size of subgroups varies (${least} to ${most})`;
  for (const directive of directives) {
    const module = await compile(device, directive);
    if (module === undefined) continue;
    const found = await run(device, module);
    const size = found[0]!;
    if (size > 1 && threads % size === 0 && areNeighbors(found, size)) return { size, directive };
    return "the threads of a subgroup are not neighbors";
  }
  return "the engine does not compile subgroups";
}

// A WebGPU adapter with fewer features than this machine's: WEBGPU_WITHOUT=subgroups,shader-f16 hides those from whoever asks for an
// adapter, so that what runs without them is tested where they are present. To be imported before a device is opened.

const hidden = (Deno.env.get("WEBGPU_WITHOUT") ?? "").split(",").filter((name) => name !== "");

/** The adapter as seen by who must not have some of its features. */
function without(adapter: GPUAdapter, names: readonly string[]): GPUAdapter {
  return {
    features: new Set([...adapter.features].filter((name) => !names.includes(name))),
    limits: adapter.limits,
    info: adapter.info,
    requestDevice: (descriptor: GPUDeviceDescriptor = {}) => {
      const refused = [...descriptor.requiredFeatures ?? []].find((name) => names.includes(name));
      return refused === undefined
        ? adapter.requestDevice(descriptor)
        : Promise.reject(new TypeError(`The adapter has no ${refused}: WEBGPU_WITHOUT hides it`));
    },
  } as Partial<GPUAdapter> as GPUAdapter;
}

const gpu = (navigator as { gpu?: GPU }).gpu;
if (hidden.length > 0 && gpu !== undefined) {
  console.log(`hidden WebGPU features: ${hidden.join(", ")}`);
  const requestAdapter = gpu.requestAdapter.bind(gpu);
  gpu.requestAdapter = async (options) => {
    const adapter = await requestAdapter(options);
    return adapter && without(adapter, hidden);
  };
}

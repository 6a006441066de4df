// How much memory this process and tfjs's WASM backend hold.

import * as tf from "@tensorflow/tfjs";

/** @returns The most resident memory so far, in MiB; where the system does not tell, what there is now. */
export async function peakMemoryMiB(): Promise<number> {
  if (Deno.build.os === "linux") {
    const status = await Deno.readTextFile("/proc/self/status");
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (peak !== undefined) return Number(peak) / 1024;
  }
  return Deno.memoryUsage().rss / 2 ** 20;
}

/** @returns The bytes of WebAssembly memory that tfjs's WASM backend holds; 0 on other backends. */
export function wasmHeapBytes(): number {
  const backend = tf.backend() as unknown as { wasm?: { asm: { memory: WebAssembly.Memory } } };
  return backend.wasm?.asm.memory.buffer.byteLength ?? 0;
}

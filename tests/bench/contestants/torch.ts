// PyTorch as contestants: on one and two threads of the processor, or, where normkit runs on a hardware GPU, on CUDA with its
// own kernels, its compiler's (Triton) and Liger's. What is not installed is absent and says so.

import type { Platform } from "../record/lines.ts";
import type { Contestant, Runner } from "../timing/contestant.ts";
import { startTorch, type Torch, type TorchOptions } from "./torch_process.ts";

/** What PyTorch is to compute; torch_bench.py says which there are. */
export type TorchSpec = Readonly<Record<string, unknown>> & { readonly what: string };

/** The processes of a suite. */
export interface TorchPool {
  /** The contestants of a task; `prefix` stands before their names. */
  contestants(task: string, spec: TorchSpec, prefix?: string): Contestant[];
  /** Versions for the results; empty where no process started. */
  versions(): Promise<Readonly<Record<string, string>>>;
  /** Ends the processes that were started. */
  close(): Promise<void>;
}

interface Way extends TorchOptions {
  readonly name: string;
  /** Which kernels; PyTorch's own where absent. */
  readonly by?: "compile" | "liger";
}

const onProcessor: readonly Way[] = [
  { name: "PyTorch, 1 thread", device: "cpu", threads: 1 },
  { name: "PyTorch, 2 threads", device: "cpu", threads: 2 },
];
const onCuda: readonly Way[] = [
  { name: "PyTorch, CUDA", device: "cuda", threads: 1 },
  { name: "PyTorch, compiled (Triton)", device: "cuda", threads: 1, by: "compile" },
  { name: "Liger (Triton)", device: "cuda", threads: 1, by: "liger" },
];

/** Only norms have compiled and Liger forms here. */
function suits(way: Way, spec: TorchSpec): boolean {
  return way.by === undefined || spec.what === "norm";
}

let requests = 0;

async function setup(torch: Torch, spec: TorchSpec): Promise<Runner> {
  const id = ++requests;
  const ask = async (request: Readonly<Record<string, unknown>>): Promise<number> => {
    const { absent, ms = 0 } = await torch.ask(request);
    if (absent !== undefined) throw new Error(absent);
    return ms;
  };
  await ask({ open: id, spec });
  return {
    time: (times) => ask({ time: id, times }),
    dispose: async () => {
      await ask({ close: id });
    },
  };
}

/**
 * PyTorch for a suite; a process starts when its first contestant is set up.
 *
 * @param platform Where normkit runs.
 * @returns The pool; close it.
 */
export function torchPool(platform: Platform): TorchPool {
  const started = new Map<string, Promise<Torch>>();
  const ways = platform === "webgpu, hardware" ? onCuda : onProcessor;
  const process = ({ device, threads }: Way): Promise<Torch> => {
    const key = `${device} ${threads}`;
    const torch = started.get(key) ?? startTorch({ device, threads });
    started.set(key, torch);
    return torch;
  };
  return {
    contestants: (task, spec, prefix = "") =>
      ways.filter((way) => suits(way, spec)).map((way) => ({
        task,
        name: `${prefix}${way.name}`,
        setup: async () => await setup(await process(way), { ...spec, task, by: way.by }),
      })),
    versions: async () => {
      try {
        const { torch, gpu } = (await process(ways[0]!)).hello;
        return { torch, ...(gpu === undefined ? {} : { "torch's GPU": gpu }) };
      } catch {
        return {}; // each contestant says why
      }
    },
    close: async () => {
      for (const result of await Promise.allSettled(started.values())) {
        if (result.status === "fulfilled") await result.value.close();
      }
    },
  };
}

// PyTorch in a process of its own (torch_bench.py), one for each number of threads. It times itself; requests and answers are
// JSON lines.

import { resolve } from "node:path";

/** What the process says of itself at its start. */
export interface TorchHello {
  readonly torch: string;
  readonly cuda: boolean;
  readonly gpu?: string;
}

/** What it answers. */
export interface TorchAnswer {
  /** Why it cannot do what was asked for. */
  readonly absent?: string;
  /** How long the runs took. */
  readonly ms?: number;
  /** The most memory that the process has held so far. */
  readonly peakMiB: number;
}

/** A running PyTorch. */
export interface Torch {
  readonly hello: TorchHello;
  /** Sends a request and waits for its answer. */
  ask(request: Readonly<Record<string, unknown>>): Promise<TorchAnswer>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** How a process of PyTorch runs. */
export interface TorchOptions {
  readonly device: "cpu" | "cuda";
  readonly threads: number;
}

const script = resolve(import.meta.dirname!, "../torch_bench.py");

/**
 * Starts PyTorch.
 *
 * @param options Its device and threads.
 * @returns The process.
 * @throws {Error} If there is no Python with torch; NORMKIT_PYTHON names one.
 */
export async function startTorch({ device, threads }: TorchOptions): Promise<Torch> {
  const python = Deno.env.get("NORMKIT_PYTHON") ?? "python3";
  const missing = (): Error =>
    new Error(`${python} has no torch: set NORMKIT_PYTHON to a Python that has it`);
  const spawn = (): Deno.ChildProcess => {
    try {
      return new Deno.Command(python, {
        args: [script],
        env: {
          NORMKIT_TORCH_DEVICE: device,
          NORMKIT_TORCH_THREADS: String(threads),
          OMP_NUM_THREADS: String(threads),
        },
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    } catch {
      throw missing();
    }
  };
  const child = spawn();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let buffered = "";
  const nextLine = async (): Promise<string> => {
    while (!buffered.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw missing();
      buffered += value;
    }
    const end = buffered.indexOf("\n");
    const line = buffered.slice(0, end);
    buffered = buffered.slice(end + 1);
    return line;
  };
  const close = async (): Promise<void> => {
    await writer.close().catch(() => {}); // it may have ended by itself
    await reader.cancel();
    await child.status;
  };
  try {
    const hello: TorchHello = JSON.parse(await nextLine());
    const ask = async (request: Readonly<Record<string, unknown>>): Promise<TorchAnswer> => {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
      return JSON.parse(await nextLine());
    };
    return { hello, ask, close };
  } catch (error) {
    await close();
    throw error;
  }
}

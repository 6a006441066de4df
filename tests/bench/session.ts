// What a suite measures with: the backend, rounds and samples, the other processes, and where its lines go.

import { type BackendInUse, type BackendName, useBackend } from "@normkit/normkit";
import { type TorchPool, torchPool } from "./contestants/torch.ts";
import type { Line, Platform } from "./record/lines.ts";
import { machineLine, platformOf } from "./record/machine.ts";
import type { KernelMode } from "./timing/contestant.ts";
import { kernelSwitch } from "./timing/kernels.ts";
import type { Timing } from "./timing/measure.ts";

/** What a suite measures with. */
export interface Session {
  readonly suite: string;
  readonly backend: BackendName;
  readonly platform: Platform;
  readonly timing: Timing;
  /** Whether only the most telling groups are to run. */
  readonly quick: boolean;
  /** Runs only the groups whose description contains this text. */
  readonly only?: string;
  /** PyTorch, where it is installed. */
  readonly torch: TorchPool;
  /** Registers the kernels of a mode. */
  readonly prepare: (mode: KernelMode) => Promise<void>;
  /** Writes a line of results. */
  readonly write: (line: Line) => void;
  /** Says on the terminal what runs now. */
  readonly say: (what: string) => void;
}

/** A suite: measures, and writes lines. */
export type Suite = (session: Session) => Promise<void>;

/** What is asked of a run. */
export interface SessionOptions {
  readonly suite: string;
  readonly backend: BackendName;
  readonly quick: boolean;
  /** Runs only the groups whose description contains this text. */
  readonly only?: string;
  readonly write: (line: Line) => void;
}

/** A read waits up to 11 ms on WebGPU, whatever it reads: samples are long there. */
function timingOf({ name }: BackendInUse, quick: boolean): Timing {
  const gpu = name === "webgpu";
  return {
    rounds: quick ? (gpu ? 3 : 5) : (gpu ? 7 : 11),
    warmUp: quick ? 1 : 2,
    settle: quick ? 200 : 500,
    sample: gpu ? 150 : 30,
    longest: 8000,
  };
}

/**
 * Opens a backend, describes the machine, runs a suite, and ends what it started.
 *
 * @param suite The suite.
 * @param options Its name, backend, extent and output.
 */
export async function runSuite(suite: Suite, options: SessionOptions): Promise<void> {
  const { suite: name, backend, quick, only, write } = options;
  const use = await useBackend(backend);
  const platform = platformOf(use);
  const timing = timingOf(use, quick);
  const torch = torchPool(platform);
  try {
    write(await machineLine(use, name, await torch.versions()));
    const say = (what: string): void => console.error(`${name}, ${platform}: ${what} …`);
    const prepare = kernelSwitch(backend);
    const chosen = only === undefined ? {} : { only };
    await suite({
      ...{ suite: name, backend, platform, timing, quick, torch, prepare, write, say },
      ...chosen,
    });
  } finally {
    await torch.close();
  }
}

/**
 * The sizes that a suite runs: the first where it is to be quick, unless some are chosen by their description.
 *
 * @param session The session.
 * @param all All sizes, the most telling first.
 * @returns The sizes.
 */
export function sizesFor<T>({ quick, only }: Session, all: readonly T[]): readonly T[] {
  return quick && only === undefined ? all.slice(0, 1) : all;
}

// What can be timed: a name, a setup, a run, a disposal. A contestant says nothing of how often it runs or against whom.

/** A contestant that is set up. */
export interface Runner {
  /** Runs it so many times, one after the other, until the last result is there; gives the milliseconds of all. */
  time(times: number): Promise<number>;
  /** Frees what the setup made. */
  dispose(): void | Promise<void>;
}

/** One way to compute something. */
export interface Contestant {
  /** What is computed, where a group computes several things: `forward`, `training`. */
  readonly task: string;
  /** Who computes it: `fused`, `composed`, `jax-js`. */
  readonly name: string;
  /** Which kernels must be registered meanwhile; absent where it does not matter. */
  readonly kernels?: KernelMode;
  /** Makes its inputs; it throws where this machine cannot run it, and the message is reported. */
  setup(): Runner | Promise<Runner>;
}

/** What operations run as: kernels of normkit on one thread or two (WASM), or composed of tfjs's own kernels. */
export type KernelMode = "fused" | "fused, 2 threads" | "composed";

/** The parts of a contestant that computes in this process. */
export interface InProcess<R> {
  /** Starts one computation and gives its result. */
  run(): R | Promise<R>;
  /** Waits for a result by reading one number of it; whatever was started before it is then done too. */
  read(result: R): Promise<unknown>;
  /** Frees a result. */
  free(result: R): void;
  /** Frees the inputs. */
  dispose(): void | Promise<void>;
}

/**
 * The timing function of everything that computes in this process.
 *
 * @param parts How to start, await and free one computation.
 * @returns The runner.
 */
export function inProcess<R>({ run, read, free, dispose }: InProcess<R>): Runner {
  return {
    dispose,
    time: async (times) => {
      const start = performance.now();
      for (let i = 1; i < times; i++) free(await run());
      const last = await run();
      await read(last);
      const elapsed = performance.now() - start;
      free(last);
      return elapsed;
    },
  };
}

// jax-js's arrays as runners. It computes lazily: what nobody reads is never computed. So each run takes the previous one's
// result as an argument, used or not, and the last read computes the whole chain.
//
// Its functions take ownership of their arguments: `.ref` keeps an array for another use.

import { type Array as JaxArray, defaultDevice, init, tree } from "@jax-js/jax";
import type { BackendName } from "@normkit/normkit";
import { inProcess, type Runner } from "../timing/contestant.ts";

/** How jax-js runs: on WASM a synchronous read computes on this thread, an asynchronous one on workers, one for each core. */
export type JaxMode = "jax-js, 1 thread" | "jax-js, all cores" | "jax-js";

/**
 * The modes of a backend.
 *
 * @param backend The tfjs backend that jax-js is compared with.
 * @returns Their names.
 */
export function jaxModes(backend: BackendName): readonly JaxMode[] {
  return backend === "wasm" ? ["jax-js, 1 thread", "jax-js, all cores"] : ["jax-js"];
}

/**
 * Makes jax-js compute where tfjs does.
 *
 * @param backend The tfjs backend.
 * @throws {Error} If jax-js has no such device here.
 */
export async function useJaxDevice(backend: BackendName): Promise<void> {
  const devices = await init(backend);
  if (!devices.includes(backend)) throw new Error(`jax-js has no ${backend} device here`);
  defaultDevice(backend);
}

/** Results that wait to be computed hold their memory already: a longer chain is computed in pieces. */
const mostWaitingBytes = 2 ** 29;

/** A chain of runs. */
export interface JaxChain {
  readonly mode: JaxMode;
  /** Whether a run is a whole model's, and computed at once: what a chain of them has to remember grows with its square. */
  readonly model?: boolean;
  /** What the first run gets as its predecessor's result. */
  readonly first: JaxArray;
  /** One run: takes the previous result, gives the next one and whatever else it computed. */
  step(previous: JaxArray): JaxArray[];
  /** Frees what it holds. */
  dispose(): void;
}

/**
 * A chain as a runner.
 *
 * @param chain The chain.
 * @returns The runner.
 */
export function jaxRunner({ mode, model = false, first, step, dispose }: JaxChain): Runner {
  let previous = first;
  let waitingBytes = 0;
  const compute = async (): Promise<void> => {
    waitingBytes = 0;
    const one = previous.ref.flatten().slice([0, 1]);
    if (mode === "jax-js, 1 thread") one.dataSync();
    else await one.data();
  };
  return inProcess<JaxArray[]>({
    run: async () => {
      const [next, ...others] = step(previous);
      previous = next!;
      waitingBytes += [next!, ...others].reduce((sum, { size }) => sum + 4 * size, 0);
      if (model || waitingBytes > mostWaitingBytes) await compute();
      return others;
    },
    read: compute,
    free: (others) => tree.dispose(others),
    dispose: () => {
      previous.dispose();
      dispose();
    },
  });
}

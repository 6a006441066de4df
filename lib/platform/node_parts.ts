// What Node's own modules do, in Node and in Deno, which has them too. They are asked for by name when they are used: a bundler for a
// browser sees no import, and importing the library loads none.

import type { Host } from "./platform.ts";

/** The modules that are used. */
interface Builtins {
  readonly child_process: typeof import("node:child_process");
  readonly crypto: typeof import("node:crypto");
  readonly fs: typeof import("node:fs");
  readonly os: typeof import("node:os");
  readonly path: typeof import("node:path");
  readonly url: typeof import("node:url");
  readonly util: typeof import("node:util");
  readonly worker_threads: typeof import("node:worker_threads");
  readonly zlib: typeof import("node:zlib");
}

/** The process as Node knows it. */
export const nodeProcess = (): typeof import("node:process") =>
  (globalThis as unknown as { process: typeof import("node:process") }).process;

/**
 * A module of Node's own.
 *
 * @param name Its name.
 * @returns The module.
 * @throws {Error} If Node is older than 20.16.
 */
export function builtin<K extends keyof Builtins>(name: K): Builtins[K] {
  const { getBuiltinModule, versions } = nodeProcess();
  if (getBuiltinModule === undefined) {
    throw new Error(`Cannot run on Node ${versions.node}: it must be 20.16 or later`);
  }
  return getBuiltinModule(name) as unknown as Builtins[K];
}

async function startThread<T>(
  program: (data: T, ready: () => void) => void,
  workerData: T,
): Promise<void> {
  const { Worker } = builtin("worker_threads");
  const text = `const { parentPort, workerData } = process.getBuiltinModule("worker_threads");
    (${program})(workerData, () => parentPort.postMessage("ready"));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`), {
    workerData,
  });
  await new Promise<void>((resolve, reject) => {
    const end = (settle: () => void): void => {
      worker.removeAllListeners();
      settle();
    };
    worker.once("message", () => end(resolve)).once("error", (error) => end(() => reject(error)))
      .once("exit", () => end(() => reject(new Error("the thread ended before it was ready"))));
  });
  worker.unref();
}

/** The parts of a platform that are Node's in Deno as well. */
export const nodeParts: Pick<
  Host,
  "hostName" | "paths" | "pathOf" | "deflate" | "sha256" | "startThread"
> = {
  hostName: () => builtin("os").hostname(),
  paths: () => builtin("path"),
  pathOf: (address) => builtin("url").fileURLToPath(address),
  deflate: async (bytes) => {
    const { promisify } = builtin("util");
    const { deflate } = builtin("zlib");
    const options = { level: 9, memLevel: 9 };
    return new Uint8Array(await promisify<Uint8Array, object, Uint8Array>(deflate)(bytes, options));
  },
  sha256: () => {
    const hash = builtin("crypto").createHash("sha256");
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest("hex") };
  },
  startThread,
};

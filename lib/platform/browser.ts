// The platform of a page, or of a worker of one. It names nothing that a browser does not have.

import { browserFiles, pageTree, slashes } from "./browser_files.ts";
import type { Host, Platform, Processes } from "./platform.ts";
import { sha256 } from "./sha256.ts";

const processes: Processes = {
  run: () => Promise.resolve(undefined),
  words: () => [],
  print: (text) => console.log(text),
  onSignal: () => ({ [Symbol.dispose]: () => {} }),
  exit: (code) => {
    throw new Error(`Cannot end a page with code ${code}: only its user can`);
  },
};

async function startThread<T>(
  program: (data: T, ready: () => void) => void,
  data: T,
): Promise<void> {
  const text = `onmessage = ({ data }) => (${program})(data, () => postMessage("ready"));`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    const worker = new Worker(address, { type: "module" });
    await new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = (event) => {
        event.preventDefault(); // it is told here
        // a worker that a policy forbids says nothing
        const why = event.message ?? "the page's policy must have worker-src blob:";
        reject(new Error(`the thread failed: ${why}`));
      };
      worker.postMessage(data);
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}

const host: Host = {
  runtime: () => ({ name: "Browser", version: navigator.userAgent }),
  system: () => "browser",
  architecture: () => (navigator as { platform?: string }).platform ?? "",
  processors: () => navigator.hardwareConcurrency,
  hostName: () => location.hostname,
  currentFolder: () => "/",
  paths: () => slashes,
  pathOf: (address) => address,
  deflate: async (bytes) => {
    const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
    return new Uint8Array(await new Response(packed).arrayBuffer());
  },
  sha256,
  gpu: () => Promise.resolve((navigator as { gpu?: GPU }).gpu),
  gpuRemedy: "Turn on hardware acceleration in the browser's settings, take another browser",
  startThread,
  maySleep: () => !("document" in globalThis),
  environment: () => undefined,
  withEnvironment: (_name, _value, f) => f(),
  kernel: () => undefined,
};

/** The platform of programs that run in a browser. */
export const platform: Platform = { ...browserFiles, ...processes, ...host, tree: pageTree };

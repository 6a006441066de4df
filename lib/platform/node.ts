// The platform on Node. Its modules are looked up inside of functions alone, so that importing the library needs none.

import { builtin, nodeParts, nodeProcess } from "./node_parts.ts";
import type {
  Fault,
  Files,
  FolderEntry,
  Host,
  OpenFile,
  PathInfo,
  Platform,
  Processes,
} from "./platform.ts";

/** What both `fs.Stats` and `fs.Dirent` say. */
type NodeKind = Record<"isFile" | "isDirectory" | "isFIFO" | "isSocket", () => boolean>;

const kindOf = (of: NodeKind): Omit<PathInfo, "size"> => ({
  isFile: of.isFile(),
  isDirectory: of.isDirectory(),
  isFifo: of.isFIFO(),
  isSocket: of.isSocket(),
});

const openFlags = { read: "r", write: "r+", create: "wx+" } as const;

type OpenMode = keyof typeof openFlags;

/** Waits until what has a path is on the disk. Node with `--permission` allows it through a handle, and not by a descriptor. */
async function sync(path: string, mode: OpenMode): Promise<void> {
  const handle = await fs().open(path, openFlags[mode === "read" ? "read" : "write"]);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** An open file by its descriptor; its position is the system's until it is moved. */
function openFile(descriptor: number, path: string, mode: OpenMode): OpenFile {
  const { closeSync, fstat, read, write } = builtin("fs");
  const { promisify } = builtin("util");
  const [readAt, writeAt] = [promisify(read), promisify(write)];
  let position: number | null = null;
  const moved = (count: number): number => {
    if (position !== null) position += count;
    return count;
  };
  const close = (): void => closeSync(descriptor);
  return {
    read: async (buffer) => {
      const { bytesRead } = await readAt(descriptor, buffer, 0, buffer.length, position);
      return bytesRead === 0 && buffer.length > 0 ? null : moved(bytesRead);
    },
    seek: (to) => void (position = to),
    write: async (bytes) => {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await writeAt(
          descriptor,
          bytes,
          done,
          bytes.length - done,
          position,
        );
        done += moved(bytesWritten);
      }
    },
    sync: () => sync(path, mode),
    size: async () => (await promisify(fstat)(descriptor)).size,
    lock: () => Promise.resolve(), // Node has no locks
    tryLock: () => Promise.resolve(true),
    close,
    [Symbol.dispose]: close,
  };
}

/** What Node's codes of errors say. */
const faults: Readonly<Record<string, Fault>> = {
  ENOENT: "absent",
  EEXIST: "exists",
  EISDIR: "folder",
  ENOTDIR: "no-folder",
  EACCES: "forbidden",
  EPERM: "forbidden",
  ELOOP: "link-circle",
  ERR_ACCESS_DENIED: "not-granted",
};

const fs = (): typeof import("node:fs").promises => builtin("fs").promises;

async function* readDir(path: string): AsyncGenerator<FolderEntry> {
  for await (const entry of await fs().opendir(path)) yield { name: entry.name, ...kindOf(entry) };
}

async function infoOf(stats: Promise<NodeKind & { readonly size: number }>): Promise<PathInfo> {
  const known = await stats;
  return { ...kindOf(known), size: known.size };
}

/** Makes a folder and those around it. Node's own way does not end where none can be made in one that is there, as in `/proc`. */
function makeFolders(path: string, around = true): void {
  const { mkdirSync, statSync } = builtin("fs");
  try {
    mkdirSync(path);
  } catch (error) {
    const fault = files.faultOf(error);
    if (fault === "exists" && statSync(path).isDirectory()) return;
    if (fault !== "absent" || !around) throw error;
    const outer = builtin("path").dirname(path);
    if (outer !== path) makeFolders(outer);
    makeFolders(path, false);
  }
}

const files: Files = {
  open: async (path, mode) => {
    const { open, openSync } = builtin("fs");
    const flags = openFlags[mode];
    const descriptor = mode === "create"
      ? openSync(path, flags)
      : await builtin("util").promisify(open)(path, flags);
    return openFile(descriptor, path, mode);
  },
  writeFile: (path, content) => fs().writeFile(path, content),
  readResource: async (address) => {
    if (!address.startsWith("file:")) {
      return new Uint8Array(await (await fetch(address)).arrayBuffer());
    }
    return new Uint8Array(await fs().readFile(new URL(address)));
  },
  stat: (path) => infoOf(fs().stat(path)),
  lstat: (path) => infoOf(fs().lstat(path)),
  readLink: (path) => fs().readlink(path),
  readDir,
  makeFolder: async (path, { around } = { around: false }) =>
    await (around ? makeFolders(path) : builtin("fs").mkdirSync(path)),
  makeTemporaryFolder: (prefix) =>
    fs().mkdtemp(builtin("path").join(builtin("os").tmpdir(), prefix)),
  rename: async (from, to) => await builtin("fs").renameSync(from, to),
  copyFile: (from, to) => fs().copyFile(from, to),
  remove: (path) => fs().unlink(path),
  removeAll: (path) => fs().rm(path, { recursive: true }),
  removeAllNow: (path) => builtin("fs").rmSync(path, { recursive: true }),
  removeEmpty: (path) => fs().rmdir(path),
  removeEmptyNow: (path) => builtin("fs").rmdirSync(path),
  faultOf: (error) => faults[String((Object(error) as { readonly code?: unknown }).code)],
  locks: () => false,
  errorOf: (fault, message, options) => {
    const code = Object.keys(faults).find((code) => faults[code] === fault);
    return Object.assign(new Error(message, options), { code });
  },
};

const processes: Processes = {
  run: (program, words, folder) => {
    const { execFile } = builtin("child_process");
    const cwd = folder === undefined ? {} : { cwd: folder };
    return new Promise((resolve, reject) => {
      execFile(program, [...words], cwd, (error, output) => {
        if (error === null) resolve({ success: true, output });
        else if (error.code === "ENOENT") resolve(undefined);
        else if (typeof error.code === "number") resolve({ success: false, output });
        else reject(error);
      });
    });
  },
  words: () => nodeProcess().argv.slice(2),
  print: (text) => void nodeProcess().stdout.write(text),
  onSignal: (name, listener) => {
    nodeProcess().on(name, listener);
    return { [Symbol.dispose]: () => void nodeProcess().off(name, listener) };
  },
  exit: (code) => nodeProcess().exit(code),
};

async function withEnvironment<T>(name: string, value: string, f: () => Promise<T>): Promise<T> {
  const { env } = nodeProcess();
  if (env[name] !== undefined) return await f();
  env[name] = value;
  try {
    return await f();
  } finally {
    delete env[name];
  }
}

/** WebGPU of the package `webgpu` (Dawn), where the user has installed it. */
interface Dawn {
  create(options: readonly string[]): GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

/** The name of that package; a bundler is not to look for it. */
const dawn = "webgpu";

let dawnGpu: Promise<GPU | undefined> | undefined;

/** Dawn's WebGPU, put where tfjs looks for it: among the globals, as in a browser. Undefined where it is not installed. */
async function openDawn(): Promise<GPU | undefined> {
  try {
    const { create, globals } = await import(dawn) as Dawn;
    const gpu = create([]);
    Object.assign(globalThis, globals);
    if (globalThis.navigator === undefined) Object.assign(globalThis, { navigator: {} });
    Object.defineProperty(navigator, "gpu", { value: gpu, configurable: true });
    return gpu;
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

const host: Host = {
  runtime: () => ({ name: "Node", version: nodeProcess().versions.node }),
  system: () => nodeProcess().platform === "win32" ? "windows" : nodeProcess().platform,
  architecture: () => {
    const { arch } = nodeProcess();
    return { x64: "x86_64", arm64: "aarch64" }[arch as string] ?? arch;
  },
  processors: () => builtin("os").availableParallelism(),
  currentFolder: () => nodeProcess().cwd(),
  environment: (name) => nodeProcess().env[name],
  withEnvironment,
  kernel: () => undefined,
  gpu: async () => {
    const own = (globalThis.navigator as { gpu?: GPU } | undefined)?.gpu;
    return own ?? await (dawnGpu ??= openDawn());
  },
  gpuPackage: dawn,
  maySleep: () => true,
  ...nodeParts,
};

/** The platform of programs that run on Node. */
export const platform: Platform = { ...files, ...processes, ...host };

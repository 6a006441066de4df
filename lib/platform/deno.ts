// The platform on Deno. The global `Deno` is looked at inside of functions alone, so that importing the library needs none.

import { builtin, nodeParts } from "./node_parts.ts";
import type {
  Fault,
  Files,
  Host,
  NotebookKernel,
  OpenFile,
  Platform,
  Processes,
} from "./platform.ts";

function openFile(file: Deno.FsFile): OpenFile {
  const close = (): void => file.close();
  return {
    read: (buffer) => file.read(buffer),
    seek: (position) => void file.seekSync(position, Deno.SeekMode.Start),
    write: async (bytes) => {
      for (let done = 0; done < bytes.length;) done += await file.write(bytes.subarray(done));
    },
    sync: () => file.sync(),
    size: async () => (await file.stat()).size,
    lock: () => file.lock(true),
    tryLock: () => file.tryLock(true),
    close,
    [Symbol.dispose]: close,
  };
}

const openOptions: Readonly<Record<"read" | "write" | "create", Deno.OpenOptions>> = {
  read: { read: true },
  write: { read: true, write: true },
  create: { read: true, write: true, createNew: true },
};

/** Deno's classes of errors by what they say. */
const errorNames: Readonly<Record<Fault, keyof typeof Deno.errors>> = {
  absent: "NotFound",
  exists: "AlreadyExists",
  folder: "IsADirectory",
  "no-folder": "NotADirectory",
  forbidden: "PermissionDenied",
  "link-circle": "FilesystemLoop",
  "not-granted": "NotCapable",
};

const faults = Object.keys(errorNames) as Fault[];

const files: Files = {
  open: async (path, mode) => {
    const options = openOptions[mode];
    return openFile(
      mode === "create" ? Deno.openSync(path, options) : await Deno.open(path, options),
    );
  },
  writeFile: (path, content) =>
    typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content),
  readResource: (address) => Deno.readFile(new URL(address)),
  stat: (path) => Deno.stat(path),
  lstat: (path) => Deno.lstat(path),
  readLink: (path) => Deno.readLink(path),
  readDir: (path) => Deno.readDir(path),
  makeFolder: async (path, { around } = { around: false }) =>
    await Deno.mkdirSync(path, { recursive: around }),
  makeTemporaryFolder: (prefix) => Deno.makeTempDir({ prefix }),
  rename: async (from, to) => await Deno.renameSync(from, to),
  copyFile: (from, to) => Deno.copyFile(from, to),
  remove: (path) => Deno.remove(path),
  removeAll: (path) => Deno.remove(path, { recursive: true }),
  removeAllNow: (path) => Deno.removeSync(path, { recursive: true }),
  removeEmpty: (path) => builtin("fs").promises.rmdir(path), // of Deno's own, none spares a file
  removeEmptyNow: (path) => builtin("fs").rmdirSync(path),
  locks: () => Deno.build.os !== "windows", // which cannot lock a folder
  faultOf: (error) => faults.find((fault) => error instanceof Deno.errors[errorNames[fault]]),
  errorOf: (fault, message, options) => new Deno.errors[errorNames[fault]](message, options),
};

const processes: Processes = {
  run: async (program, words, folder) => {
    const cwd = folder === undefined ? {} : { cwd: folder };
    try {
      const command = new Deno.Command(program, { args: [...words], ...cwd, stderr: "null" });
      const { success, stdout } = await command.output();
      return { success, output: new TextDecoder().decode(stdout) };
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  },
  words: () => Deno.args,
  print: (text) => void Deno.stdout.writeSync(new TextEncoder().encode(text)),
  onSignal: (name, listener) => {
    Deno.addSignalListener(name as Deno.Signal, listener);
    return {
      [Symbol.dispose]: () => Deno.removeSignalListener(name as Deno.Signal, listener),
    };
  },
  exit: (code) => Deno.exit(code),
};

/** The kernel's internals; absent outside a kernel. */
function kernelHooks(): NotebookKernel["hooks"] {
  const deno = Deno as unknown as Record<PropertyKey, unknown>;
  const internals = deno[deno["internal"] as PropertyKey] as
    | { jupyter?: NotebookKernel["hooks"] }
    | undefined;
  return internals?.jupyter;
}

function kernel(): NotebookKernel | undefined {
  try {
    return { outputs: Deno.jupyter, hooks: kernelHooks() }; // throws outside a kernel
  } catch {
    return undefined;
  }
}

function environment(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

async function withEnvironment<T>(name: string, value: string, f: () => Promise<T>): Promise<T> {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted" || Deno.env.get(name) !== undefined) return await f();
  Deno.env.set(name, value);
  try {
    return await f();
  } finally {
    Deno.env.delete(name);
  }
}

const host: Host = {
  runtime: () => ({ name: "Deno", version: Deno.version.deno }),
  system: () => Deno.build.os,
  architecture: () => Deno.build.arch,
  currentFolder: () => Deno.cwd(),
  environment,
  withEnvironment,
  kernel,
  processors: () => navigator.hardwareConcurrency,
  gpu: () => Promise.resolve(navigator.gpu),
  maySleep: () => true,
  ...nodeParts,
};

/** The platform of programs that run on Deno. */
export const platform: Platform = { ...files, ...processes, ...host };

// What the library asks of the system that it runs on: files, processes and facts of the host. One object implements it for each runtime.

import type { FolderHandle } from "./memory_folder.ts";

/** Why the system did not do what it was asked for. */
export type Fault =
  | "absent"
  | "exists"
  | "folder"
  | "no-folder"
  | "forbidden"
  | "link-circle"
  /** The runtime's own permissions do not allow it. */
  | "not-granted";

/** What a path leads to. */
export interface PathInfo {
  /** Whether it is a regular file. */
  readonly isFile: boolean;
  /** Whether it is a folder. */
  readonly isDirectory: boolean;
  /** Whether it is a pipe, where the system has such. */
  readonly isFifo: boolean | null;
  /** Whether it is a socket, where the system has such. */
  readonly isSocket: boolean | null;
  /** Its length in bytes. */
  readonly size: number;
}

/** A name in a folder. */
export interface FolderEntry extends Pick<PathInfo, "isFile" | "isDirectory"> {
  /** What it is called there, without the path. */
  readonly name: string;
}

/** An open file with one position. */
export interface OpenFile extends Disposable {
  /** Reads into a buffer; the result is how many bytes, null at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Moves the position, in bytes from the start. */
  seek(position: number): void;
  /** Writes all bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Waits until all that was written is on the disk. */
  sync(): Promise<void>;
  /** Its length in bytes. */
  size(): Promise<number>;
  /** Waits until no other process has locked it, and locks it. */
  lock(): Promise<void>;
  /** Locks it unless another process has; the result is whether nobody else has it. Where there are no locks, nobody has. */
  tryLock(): Promise<boolean>;
  /** Gives it back to the system; a lock of it ends. */
  close(): void;
}

/**
 * Files and folders. What fails throws the runtime's own error, which {@linkcode Files.faultOf} tells. New files, folders and names
 * are there, or not, before the call returns: nothing is on its way when a signal ends the process and what was made is undone.
 */
export interface Files {
  /** Opens a file: to read it, to read and write it as it is, or to write a new one. */
  open(path: string, mode: "read" | "write" | "create"): Promise<OpenFile>;
  /** Writes a file whole. */
  writeFile(path: string, content: string | Uint8Array): Promise<void>;
  /** Reads a file of a package, by the URL that `import.meta.resolve` gives. */
  readResource(address: string): Promise<Uint8Array<ArrayBuffer>>;
  /** What is at a path, behind links. */
  stat(path: string): Promise<PathInfo>;
  /** What is at a path, links themselves. */
  lstat(path: string): Promise<PathInfo>;
  /** Where a link leads. */
  readLink(path: string): Promise<string>;
  /** The names in a folder. */
  readDir(path: string): AsyncIterable<FolderEntry>;
  /** Makes a folder; `around` makes those around it too and accepts one that is there. */
  makeFolder(path: string, options?: { readonly around: boolean }): Promise<void>;
  /** Makes a folder of a new name among the system's temporary ones. */
  makeTemporaryFolder(prefix: string): Promise<string>;
  /** Gives a file or a folder another name. */
  rename(from: string, to: string): Promise<void>;
  /** Copies a file. */
  copyFile(from: string, to: string): Promise<void>;
  /** Removes a file. */
  remove(path: string): Promise<void>;
  /** Removes a file, or a folder with all that is in it. */
  removeAll(path: string): Promise<void>;
  /** {@linkcode Files.removeAll} at once, for a process that ends. */
  removeAllNow(path: string): void;
  /** Removes a folder with nothing in it, and nothing else. */
  removeEmpty(path: string): Promise<void>;
  /** {@linkcode Files.removeEmpty} at once, for a process that ends. */
  removeEmptyNow(path: string): void;
  /** Why something of these failed, where it is known. */
  faultOf(error: unknown): Fault | undefined;
  /** Whether open files can be locked, folders too. */
  locks(): boolean;
  /** An error of the runtime's class for a fault. */
  errorOf(fault: "absent" | "not-granted", message: string, options?: ErrorOptions): Error;
}

/** The tree of a page's folders. */
export interface PageTree {
  /** Gives a folder a path. */
  mount(path: string, folder: FolderHandle): Promise<void>;
  /** The files below a path, by their names from there. */
  files(path: string): AsyncIterable<readonly [name: string, Blob]>;
}

/** A program that has ended. */
export interface Ended {
  /** Whether its exit code is 0. */
  readonly success: boolean;
  /** What it wrote to stdout. */
  readonly output: string;
}

/** This process, and others. */
export interface Processes {
  /** Runs a program to its end, in a folder; undefined where there is no such program. */
  run(program: string, words: readonly string[], folder?: string): Promise<Ended | undefined>;
  /** The words behind the program's own name. */
  words(): readonly string[];
  /** Writes to stdout, without an end of a line. */
  print(text: string): void;
  /** Calls a function at a signal such as `SIGINT`, until what it gives is disposed of. */
  onSignal(name: string, listener: () => void): Disposable;
  /** Ends the process. */
  exit(code: number): never;
}

/** The kernel in which a notebook's cells run. */
export interface NotebookKernel {
  /** The object whose methods send outputs; the library wraps them. */
  readonly outputs: {
    /** Shows a value, or replaces one that has the same id. */
    display(value: unknown, options: {
      readonly raw: boolean;
      readonly display_id: string;
      readonly update: boolean;
    }): Promise<void>;
    /** Sends a message of the Jupyter protocol. */
    broadcast(type: string, content: Record<string, unknown>): Promise<void>;
  };
  /** The hook that reports a cell's result; absent in a version of the kernel that has another. */
  readonly hooks:
    | { broadcastResult?: (count: number, result: unknown) => Promise<void> }
    | undefined;
}

/** What an address of a file is made of. */
export interface PathParts {
  /** What an absolute path begins with, such as `/` or `C:\\`. */
  readonly root: string;
  /** All but the last name, without a separator at its end unless it is the root. */
  readonly dir: string;
  /** The last name. */
  readonly base: string;
}

/** How a system writes paths. */
export interface PathRules {
  /** The last name of a path. */
  basename(path: string): string;
  /** The folder in which that name stands. */
  dirname(path: string): string;
  /** The parts of a path. */
  parse(path: string): PathParts;
  /** The path of parts. */
  format(parts: PathParts): string;
}

/** A hash that is under way. */
export interface Hash {
  /** Takes more bytes in. */
  update(bytes: Uint8Array): void;
  /** The hash of all of them, in hexadecimal digits. */
  digest(): string;
}

/** Facts of the host, and what it computes. */
export interface Host {
  /** The runtime, such as Deno 2.9.6. */
  runtime(): { readonly name: string; readonly version: string };
  /** The operating system, such as `linux` or `windows`. */
  system(): string;
  /** The processor's architecture, such as `x86_64`. */
  architecture(): string;
  /** How many threads it runs at the same time. */
  processors(): number;
  /** The machine's name in its network. */
  hostName(): string;
  /** The folder in which relative paths begin. */
  currentFolder(): string;
  /** How it writes paths. */
  paths(): PathRules;
  /** The path of a file's address, `file:///…`. */
  pathOf(address: string): string;
  /** Compresses bytes into the format of zlib, as small as it can. */
  deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Begins a SHA-256. */
  sha256(): Hash;
  /** Its WebGPU; undefined where it has none. */
  gpu(): Promise<GPU | undefined>;
  /** The npm package that gives it WebGPU, where it has none of its own and a user may install one. */
  readonly gpuPackage?: string;
  /** What its user does where no adapter answers, as an order; that of a machine with drivers by default. */
  readonly gpuRemedy?: string;
  /**
   * Starts a thread that runs a function of what it is given and of a function to call when it is ready; resolves then. The thread
   * does not keep the process alive. The function uses nothing from outside, since only its text reaches the thread.
   */
  startThread<T>(program: (data: T, ready: () => void) => void, data: T): Promise<void>;
  /** Whether this thread may sleep until another wakes it. */
  maySleep(): boolean;
  /** An environment variable; undefined where there is none, or it may not be read. */
  environment(name: string): string | undefined;
  /** Runs a function with an environment variable set, where it is not set and may be. */
  withEnvironment<T>(name: string, value: string, f: () => Promise<T>): Promise<T>;
  /** The notebook's kernel; undefined outside of one. */
  kernel(): NotebookKernel | undefined;
}

/** A runtime and the system below it. Nothing of it is touched before something is asked for. */
export interface Platform extends Files, Processes, Host {
  /** A page's folders; absent where paths are those of a disk. */
  readonly tree?: PageTree;
}

// Folders in memory, as the File System API of browsers has them on a disk: what a page is given or makes, without a disk.

/** What of a browser's `FileSystemFileHandle` is used. */
export interface FileHandle {
  /** Which kind of handle it is. */
  readonly kind: "file";
  /** Its content as it is now. */
  getFile(): Promise<Blob>;
  /** Opens it for writing; what is written is there once it is closed. Absent where a browser cannot. */
  createWritable?(options?: { readonly keepExistingData: boolean }): Promise<WritableFile>;
  /** Opens it for writing in place, for a worker alone; absent elsewhere. */
  createSyncAccessHandle?(): Promise<FileAccess>;
  /** Gives it another name, in its own folder or another; absent where a browser cannot. */
  move?(folder: FolderHandle, name: string): Promise<void>;
}

/** Bytes for a position of a file. */
export interface WrittenPart {
  /** What is done. */
  readonly type: "write";
  /** Where they begin. */
  readonly position: number;
  /** The bytes, or a text in UTF-8. */
  readonly data: string | Blob | Uint8Array<ArrayBuffer>;
}

/** What of a browser's `FileSystemWritableFileStream` is used. */
export interface WritableFile {
  /** Writes bytes at a position. */
  write(part: WrittenPart): Promise<void>;
  /** Keeps what was written. */
  close(): Promise<void>;
}

/** What of a browser's `FileSystemSyncAccessHandle` is used. */
export interface FileAccess {
  /** Makes it so many bytes long. */
  truncate(bytes: number): void;
  /** Writes bytes at a position. */
  write(bytes: Uint8Array<ArrayBuffer>, options: { readonly at: number }): number;
  /** Gives it back; nobody else could write meanwhile. */
  close(): void;
}

/** What of a browser's `FileSystemDirectoryHandle` is used. */
export interface FolderHandle {
  /** Which kind of handle it is. */
  readonly kind: "directory";
  /** The file of a name, made where it is missing if that is asked for. */
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<FileHandle>;
  /** The folder of a name, made where it is missing if that is asked for. */
  getDirectoryHandle(name: string, options?: { readonly create: boolean }): Promise<FolderHandle>;
  /** Removes what has a name. */
  removeEntry(name: string, options?: { readonly recursive: boolean }): Promise<void>;
  /** The names in it. */
  entries(): AsyncIterable<readonly [string, FileHandle | FolderHandle]>;
}

/** An error as browsers' file systems throw it. */
export const fileError = (name: string, message: string): DOMException =>
  new DOMException(message, name);

/** A file whose content is a Blob, in memory or where the browser keeps it. */
export class MemoryFile implements FileHandle {
  /** Which kind of handle it is. */
  readonly kind = "file" as const;
  #content: Blob;

  /**
   * A file of a content that is read when it is asked for.
   *
   * @param content The content; none by default.
   */
  constructor(content: Blob = new Blob()) {
    this.#content = content;
  }

  /** @returns Its content as it is now. */
  getFile(): Promise<Blob> {
    return Promise.resolve(this.#content);
  }

  /**
   * Opens it for writing.
   *
   * @param options Whether its content is kept.
   * @returns What takes the bytes.
   */
  createWritable(
    { keepExistingData } = { keepExistingData: false },
  ): Promise<WritableFile> {
    let content = keepExistingData ? this.#content : new Blob();
    return Promise.resolve({
      write: ({ position, data }) => {
        const written = new Blob([data]);
        const rest = content.slice(position + written.size);
        content = new Blob([content.slice(0, position), written, rest]);
        return Promise.resolve();
      },
      close: () => {
        this.#content = content;
        return Promise.resolve();
      },
    });
  }
}

type Entry = FileHandle | FolderHandle;

/** A folder in memory. What lies in it may be of any kind, a folder of a disk too. */
export class MemoryFolder implements FolderHandle {
  /** Which kind of handle it is. */
  readonly kind = "directory" as const;
  readonly #entries = new Map<string, Entry>();

  /** @returns What has a name, or undefined. */
  get(name: string): Entry | undefined {
    return this.#entries.get(name);
  }

  /** Gives an entry a name; what had it is gone. */
  set(name: string, entry: Entry): void {
    this.#entries.set(name, entry);
  }

  #find<K extends Entry["kind"]>(
    kind: K,
    name: string,
    make: (() => Extract<Entry, { kind: K }>) | undefined,
  ): Promise<Extract<Entry, { kind: K }>> {
    const found = this.#entries.get(name) ?? make?.();
    if (found === undefined) {
      return Promise.reject(fileError("NotFoundError", `there is no ${name}`));
    }
    if (found.kind !== kind) {
      return Promise.reject(fileError("TypeMismatchError", `${name} is a ${found.kind}`));
    }
    this.#entries.set(name, found);
    return Promise.resolve(found as Extract<Entry, { kind: K }>);
  }

  /** @returns The file of a name, made where it is missing if that is asked for. */
  getFileHandle(name: string, { create } = { create: false }): Promise<FileHandle> {
    return this.#find("file", name, create ? () => new MemoryFile() : undefined);
  }

  /** @returns The folder of a name, made where it is missing if that is asked for. */
  getDirectoryHandle(name: string, { create } = { create: false }): Promise<FolderHandle> {
    return this.#find("directory", name, create ? () => new MemoryFolder() : undefined);
  }

  /** Removes what has a name; a folder that is not empty only where that is asked for. */
  async removeEntry(name: string, { recursive } = { recursive: false }): Promise<void> {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw fileError("NotFoundError", `there is no ${name}`);
    if (entry.kind === "directory" && !recursive) {
      for await (const _ of entry.entries()) {
        throw fileError("InvalidModificationError", `${name} is not empty`);
      }
    }
    this.#entries.delete(name);
  }

  /** @returns The names in it. */
  async *entries(): AsyncGenerator<readonly [string, Entry]> {
    yield* [...this.#entries];
  }
}

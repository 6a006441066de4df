// What the system says of a path, as a part of a sentence.

/** Reasons by the classes of the system's errors. */
const reasons: readonly (readonly [kind: new (message: string) => Error, reason: string])[] = [
  [Deno.errors.NotFound, "there is no such file"],
  [Deno.errors.NotADirectory, "a part of its path is no folder"],
  [Deno.errors.IsADirectory, "it is a folder"],
  [Deno.errors.AlreadyExists, "there is a file or a link of this name"],
  [Deno.errors.PermissionDenied, "you may not"],
  [Deno.errors.FilesystemLoop, "its symlinks lead in a circle"],
];

/** Reasons by codes, of errors that have no class of their own. */
const reasonsByCode: ReadonlyMap<unknown, string> = new Map([
  ["ENOSPC", "no space is left on its disk"],
  ["EDQUOT", "your share of its disk is used up"],
  ["EFBIG", "its disk takes no file as large"],
  ["EROFS", "its disk is read-only"],
]);

const codeOf = (error: unknown): unknown => (Object(error) as { readonly code?: unknown }).code;

/**
 * Why something could not be done with a path.
 *
 * @param error What was thrown.
 * @returns A part of a sentence, without the path.
 */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) {
    const flag = /--allow-\w+/.exec(error.message)?.[0];
    return `Deno may not${flag === undefined ? "" : ` (${flag})`}`;
  }
  const known = reasons.find(([kind]) => error instanceof kind);
  if (known !== undefined) return known[1];
  const byCode = reasonsByCode.get(codeOf(error));
  if (byCode !== undefined) return byCode;
  return error instanceof Error ? error.message : String(error);
}

/** What a symlink leads to that is not there; undefined where the path is no link. */
async function linkedTo(path: string): Promise<string | undefined> {
  return await Deno.readLink(path).catch(() => undefined);
}

/**
 * An error that says in a sentence why a file cannot be read.
 *
 * @param path The file.
 * @param cause What the system threw.
 * @returns A `NotFound` where there is nothing, a `NotCapable` where Deno may not, else a RangeError.
 */
export async function unreadable(path: string, cause: unknown): Promise<Error> {
  const isAbsent = cause instanceof Deno.errors.NotFound;
  const target = isAbsent ? await linkedTo(path) : undefined;
  if (target !== undefined) {
    return new RangeError(`Cannot read ${path}: it is a symlink to ${target}, which is not there`, {
      cause,
    });
  }
  const message = `Cannot read ${path}: ${reasonOf(cause)}`;
  if (isAbsent || cause instanceof Deno.errors.NotADirectory) {
    return new Deno.errors.NotFound(message, { cause });
  }
  if (cause instanceof Deno.errors.NotCapable) {
    return new Deno.errors.NotCapable(message, { cause });
  }
  return new RangeError(message, { cause });
}

/**
 * An error that says in a sentence why something cannot be written.
 *
 * @param path What was to be written.
 * @param cause What was thrown while it was made.
 * @returns A RangeError where nothing may be written there, an Error where the disk is full; `cause` itself where it is of neither.
 */
export function unwritable(path: string, cause: unknown): unknown {
  // of a file inside of a folder that is made, the folder is named
  const inner = cause instanceof Error && reasonsByCode.has(codeOf(cause.cause))
    ? cause.cause
    : cause;
  const kinds = [Deno.errors.PermissionDenied, Deno.errors.NotCapable];
  const isForbidden = codeOf(inner) === "EROFS" || kinds.some((kind) => inner instanceof kind);
  if (!isForbidden && !reasonsByCode.has(codeOf(inner))) return cause;
  const message = `Cannot write ${path}: ${reasonOf(inner)}`;
  return isForbidden ? new RangeError(message, { cause }) : new Error(message, { cause });
}

// What the system says of a path, as a part of a sentence.

import { platform } from "./mod.ts";
import type { Fault } from "./platform.ts";

/** Reasons by fault. */
const reasons: Readonly<Record<Exclude<Fault, "not-granted">, string>> = {
  absent: "there is no such file",
  "no-folder": "a part of its path is no folder",
  folder: "it is a folder",
  exists: "there is a file or a link of this name",
  forbidden: "you may not",
  "link-circle": "its symlinks lead in a circle",
};

const codeOf = (error: unknown): unknown => (Object(error) as { readonly code?: unknown }).code;

/**
 * Whether an error says that there is nothing at a path: no such name, one that none can have, or none in what is no folder.
 *
 * @param error What was thrown.
 * @returns Whether it does.
 */
export function saysAbsent(error: unknown): boolean {
  const fault = platform.faultOf(error);
  return fault === "absent" || fault === "no-folder" || codeOf(error) === "ENAMETOOLONG";
}

/** Reasons by codes, of errors that have no class of their own. */
const reasonsByCode: ReadonlyMap<unknown, string> = new Map([
  ["ENOSPC", "no space is left on its disk"],
  ["EDQUOT", "your share of its disk is used up"],
  ["EFBIG", "its disk takes no file as large"],
  ["EROFS", "its disk is read-only"],
  ["ENAMETOOLONG", "its name is too long"],
]);

/** Those of them that no other disk would help, as where something is forbidden. */
const refusals: readonly unknown[] = ["EROFS", "ENAMETOOLONG"];

/**
 * Why something could not be done with a path.
 *
 * @param error What was thrown.
 * @returns A part of a sentence, without the path.
 */
export function reasonOf(error: unknown): string {
  const fault = platform.faultOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (fault === undefined) return reasonsByCode.get(codeOf(error)) ?? message;
  if (fault !== "not-granted") return reasons[fault];
  const flag = /--allow-\w+/.exec(message)?.[0];
  return `${platform.runtime().name} may not${flag === undefined ? "" : ` (${flag})`}`;
}

/** What a symlink leads to that is not there; undefined where the path is no link. */
async function linkedTo(path: string): Promise<string | undefined> {
  return await platform.readLink(path).catch(() => undefined);
}

/**
 * An error that says in a sentence why a file cannot be read.
 *
 * @param path The file.
 * @param cause What the system threw.
 * @returns A `NotFound` where there is nothing, a `NotCapable` where the runtime may not, else a RangeError.
 */
export async function unreadable(path: string, cause: unknown): Promise<Error> {
  const fault = platform.faultOf(cause);
  const target = fault === "absent" ? await linkedTo(path) : undefined;
  if (target !== undefined) {
    return new RangeError(`Cannot read ${path}: it is a symlink to ${target}, which is not there`, {
      cause,
    });
  }
  const message = `Cannot read ${path}: ${reasonOf(cause)}`;
  if (saysAbsent(cause)) return platform.errorOf("absent", message, { cause });
  if (fault === "not-granted") return platform.errorOf("not-granted", message, { cause });
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
  const fault = platform.faultOf(inner);
  const isRefused = refusals.includes(codeOf(inner)) ||
    ["forbidden", "not-granted", "folder"].includes(fault ?? "");
  if (!isRefused && !reasonsByCode.has(codeOf(inner))) return cause;
  const message = `Cannot write ${path}: ${reasonOf(inner)}`;
  return isRefused ? new RangeError(message, { cause }) : new Error(message, { cause });
}

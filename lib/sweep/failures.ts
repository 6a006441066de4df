// Why a cell failed the last time, in a file beside its states, for those who ask how a sweep is.

import { jsonText } from "../core/json.ts";
import { removeIfThere, writeAtomically } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { platform } from "../platform/mod.ts";
import { statesOf } from "./states.ts";

const fileOf = (out: string, name: string): string => `${statesOf(out, name)}/failure.json`;

/**
 * Notes that a cell failed.
 *
 * @param out The folder of runs.
 * @param name The cell.
 * @param message Why.
 */
export async function noteFailure(out: string, name: string, message: string): Promise<void> {
  await writeAtomically(fileOf(out, name), `${jsonText({ message })}\n`);
}

/**
 * Forgets it, as the cell is tried again.
 *
 * @param out The folder of runs.
 * @param name The cell.
 */
export async function clearFailure(out: string, name: string): Promise<void> {
  await removeIfThere(fileOf(out, name));
}

/**
 * Why a cell failed the last time.
 *
 * @param out The folder of runs.
 * @param name The cell.
 * @returns The message; undefined where it did not.
 */
export async function failureOf(out: string, name: string): Promise<string | undefined> {
  try {
    return String((await readJson(fileOf(out, name)) as { message?: unknown }).message);
  } catch (error) {
    if (platform.faultOf(error) === "absent") return undefined;
    throw error;
  }
}

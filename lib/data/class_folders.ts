// Folders with a folder for each class, as image classifiers and keyword spotters are given their examples.

import { excerpt } from "../core/excerpt.ts";
import { nearest } from "../core/options.ts";
import { filesUnder, foldersIn } from "../platform/folder.ts";
import { platform } from "../platform/mod.ts";
import { reasonOf } from "../platform/system_error.ts";

/** A file and its class. */
export interface LabelledFile {
  /** The file. */
  readonly path: string;
  /** The place of its class. */
  readonly label: number;
}

/** The files of all classes. */
export interface ClassFolders {
  /** The classes, in the order of the labels. */
  readonly classes: readonly string[];
  /** Their files, class by class. */
  readonly files: readonly LabelledFile[];
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    if (!(await platform.stat(folder)).isDirectory) {
      throw new RangeError(`Cannot read the folder ${folder}: it is a file`);
    }
    return await foldersIn(folder);
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new RangeError(`Cannot read the folder ${folder}: ${reasonOf(cause)}`, { cause });
  }
}

/** The names of the folders that are classes: those that are given, or all whose name does not start with `_`. */
async function classesOf(folder: string, given?: readonly string[]): Promise<readonly string[]> {
  const names = (await namesOf(folder)).filter((name) => !name.startsWith("_"));
  const stranger = given && names.find((name) => !given.includes(name));
  if (stranger !== undefined) {
    const meant = nearest(stranger, given!);
    throw new RangeError(
      `Cannot use the class ${excerpt(stranger)} of ${folder}: ${
        meant === undefined ? "" : `did you mean "${meant}"? `
      }the classes are ${given!.join(", ")}`,
    );
  }
  if (names.length > 0) return given ?? names;
  throw new RangeError(`Cannot read ${folder}: it has no folders, and each class must have one`);
}

/**
 * The files in the folders of classes.
 *
 * @param folder The folder around them. Folders whose name starts with `_`, such as `_background_noise_`, are no classes.
 * @param endings The endings of the files, such as `.png`.
 * @param given The classes, where the order of their labels is that of another folder; by default the folders in the order of their names.
 * @returns The classes, and their files.
 * @throws {RangeError} If there is no such folder, it has no folders, or one that is none of the given classes, or a class has no file.
 */
export async function readClassFolders(
  folder: string,
  endings: readonly string[],
  given?: readonly string[],
): Promise<ClassFolders> {
  const classes = await classesOf(folder, given);
  const files: LabelledFile[] = [];
  for (const [label, name] of classes.entries()) {
    const paths = await filesUnder(`${folder}/${name}`, endings).catch(() => []);
    if (paths.length === 0) {
      throw new RangeError(
        `Cannot use the class ${excerpt(name)} of ${folder}: it has no file ${
          endings.map((ending) => `*${ending}`).join(", ")
        }`,
      );
    }
    for (const path of paths) files.push({ path, label });
  }
  return { classes, files };
}

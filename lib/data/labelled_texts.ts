// Texts with labels: folders with a folder of *.txt for each class, and phrases of several languages.

import { type OptionKinds, requireOptions } from "../core/options.ts";
import { readText, textKinds, type TextOptions } from "../train/text.ts";
import { readClassFolders } from "./class_folders.ts";
import { cldrNames } from "./cldr.ts";
import {
  type ClassDataset,
  holdOut,
  type Split,
  splitKinds,
  type SplitOptions,
} from "./dataset.ts";
import { nearDuplicateGroups } from "./near_duplicates.ts";

/** A text and its class. */
export interface LabelledText {
  /** What is read. */
  readonly text: string;
  /** The place of its class. */
  readonly label: number;
}

/** Options of {@linkcode readTextFolder}. */
export interface TextFolderOptions extends TextOptions {
  /** The classes in the order of their labels, as another folder has them; by default the folders in the order of their names. */
  readonly classes?: readonly string[];
  /** Where the texts are from, for the run record; the folder's path by default. */
  readonly name?: string;
}

const folderKinds: OptionKinds<TextFolderOptions> = {
  ...textKinds,
  classes: "list?",
  name: "string?",
};

/**
 * Reads texts from a folder with a folder for each class, such as `pos/1.txt` and `neg/1.txt`.
 *
 * @param folder The folder; in it `CLASS/….txt`.
 * @param options The files' encoding, the classes, and a name for the run record.
 * @returns The texts, class by class in the order of their names.
 * @throws {RangeError} If a class has no text or is none of the given ones, or a file is empty or cannot be read as text.
 */
export async function readTextFolder(
  folder: string,
  options: TextFolderOptions = {},
): Promise<ClassDataset<LabelledText>> {
  requireOptions("readTextFolder()", options, folderKinds);
  const { classes: given, name = folder, ...reading } = options;
  const { classes, files } = await readClassFolders(folder, [".txt"], given);
  const examples: LabelledText[] = [];
  for (const { path, label } of files) {
    const text = await readText(path, reading);
    if (text.trim() === "") throw new RangeError(`Cannot use the text ${path}: it is empty`);
    examples.push({ text, label });
  }
  return { name, classes, examples };
}

/**
 * Phrases of six languages, each with its language: the names of characters in Unicode's CLDR. What a name means is in one part alone,
 * and so is what is nearly the same in English.
 *
 * @param options The share that is held out, and the seed that draws it.
 * @returns The phrases to train on, and those held out.
 * @throws {RangeError} If an option is out of its range.
 */
export async function phraseLanguages(
  options: SplitOptions = {},
): Promise<Split<ClassDataset<LabelledText>>> {
  requireOptions("phraseLanguages()", options, splitKinds);
  const { languages, names } = await cldrNames();
  const english = names.map((row) => row[languages.indexOf("en")]!);
  const groups = nearDuplicateGroups(english, english);
  const meanings = {
    name: "CLDR phrases by language (npm cldr-annotations-full 48.2.0)",
    examples: names,
  };
  const { train, heldOut } = holdOut(meanings, { ...options, groups });
  const labelled = ({ name, examples }: typeof meanings): ClassDataset<LabelledText> => ({
    name,
    classes: languages,
    examples: examples.flatMap((row) => row.map((text, label) => ({ text, label }))),
  });
  return { train: labelled(train), heldOut: labelled(heldOut) };
}

// Spoken words: folders of WAV files in the layout of Speech Commands, a folder for each word.

import { collect } from "../core/collections.ts";
import { requireInteger, requireNumber, requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { exists } from "../platform/files.ts";
import { platform } from "../platform/mod.ts";
import { basename } from "../platform/path.ts";
import { readBytes, readLines } from "../platform/text_file.ts";
import { type ClassFolders, type LabelledFile, readClassFolders } from "./class_folders.ts";
import type { ClassDataset } from "./dataset.ts";
import { decodeWave } from "./wave_file.ts";

/** A spoken word. */
export interface LabelledWave {
  /** The samples, from −1 to 1. */
  readonly samples: Float32Array;
  /** The place of its word among the classes. */
  readonly label: number;
  /** Who speaks: the file's name up to `_nohash_`. */
  readonly speaker: string;
  /** Where it is from, for messages. */
  readonly path?: string;
}

/** Spoken words, each of one of some classes. */
export interface WaveDataset extends ClassDataset<LabelledWave> {
  /** Samples per second. */
  readonly rate: number;
}

/** Which files of a folder are read, by its lists `validation_list.txt` and `testing_list.txt`. */
export type WavePart = "all" | "train" | "validation" | "testing";

/** Options of {@linkcode readWaveFolder}. */
export interface WaveFolderOptions {
  /** The samples per second that each file must have; 16000 by default. */
  readonly rate?: number;
  /** The seconds that each is made to last, with silence at its end; as long as it is by default. */
  readonly seconds?: number;
  /** Which files; all by default. */
  readonly part?: WavePart;
  /** The words in the order of their labels; by default the folders in the order of their names. */
  readonly classes?: readonly string[];
  /** Where the words are from, for the run record; the folder's path by default. */
  readonly name?: string;
}

const folderKinds: OptionKinds<WaveFolderOptions> = {
  rate: "number?",
  seconds: "number?",
  part: "string?",
  classes: "list?",
  name: "string?",
};

/** The largest WAV file that is read. */
const mostBytes = 2 ** 26;

/** The parts that have a list. */
const listed = ["validation", "testing"] as const;

const listOf = (folder: string, part: typeof listed[number]): string =>
  `${folder}/${part}_list.txt`;

/**
 * Whether a folder says itself which files are held out.
 *
 * @param folder The folder.
 * @returns Whether it has `validation_list.txt` and `testing_list.txt`.
 */
export async function hasWaveLists(folder: string): Promise<boolean> {
  const found = await Promise.all(listed.map((part) => exists(listOf(folder, part))));
  return found.every((isThere) => isThere);
}

/** The files that a list names, as `word/file.wav`. */
async function listedIn(folder: string, part: typeof listed[number]): Promise<Set<string>> {
  const path = listOf(folder, part);
  try {
    const lines = await collect(readLines(path));
    return new Set(lines.map((line) => `${folder}/${line.trim()}`));
  } catch (cause) {
    if (platform.faultOf(cause) !== "absent") throw cause;
    throw new RangeError(
      `Cannot tell the parts of ${folder}: there is no ${path}; read part "all", and hold out speakers`,
      { cause },
    );
  }
}

async function filesOf(
  folder: string,
  { files }: ClassFolders,
  part: WavePart,
): Promise<readonly LabelledFile[]> {
  if (part === "all") return files;
  const [validation, testing] = [
    await listedIn(folder, "validation"),
    await listedIn(folder, "testing"),
  ];
  const chosen = files.filter(({ path }) =>
    part === "train"
      ? !validation.has(path) && !testing.has(path)
      : (part === "validation" ? validation : testing).has(path)
  );
  if (chosen.length > 0) return chosen;
  throw new RangeError(
    `Cannot read part "${part}" of ${folder}: it has no file, by validation_list.txt and testing_list.txt`,
  );
}

/** Samples with silence behind them. */
function padded(samples: Float32Array, length: number, rate: number, path: string): Float32Array {
  if (samples.length > length) {
    throw new RangeError(
      `Cannot use ${path}: it lasts ${samples.length / rate} s, and may last ${length / rate} s`,
    );
  }
  const all = new Float32Array(length);
  all.set(samples);
  return all;
}

async function readWave(
  { path, label }: LabelledFile,
  rate: number,
  seconds: number | undefined,
): Promise<LabelledWave> {
  const sound = decodeWave(await readBytes(path, mostBytes), path);
  if (sound.rate !== rate) {
    throw new RangeError(
      `Cannot use ${path}: it has ${sound.rate} samples per second, and must have ${rate}`,
    );
  }
  const { samples } = sound;
  const length = seconds === undefined ? samples.length : Math.round(seconds * rate);
  const speaker = basename(path).replace(/(?:_nohash_.*)?\.[^.]*$/, "");
  return { samples: padded(samples, length, rate, path), label, speaker, path };
}

/**
 * Reads spoken words from a folder with a folder for each word, as Speech Commands has them. `_background_noise_` is left out.
 *
 * Units: samples per second, seconds.
 *
 * @param folder The folder; in it `WORD/SPEAKER_nohash_0.wav`.
 * @param options Rate, length, part, words and a name for the run record.
 * @returns The words, class by class in the order of the files' names.
 * @throws {RangeError} If a word has no file or is none of the given ones, a file is damaged, of another rate, longer or of several
 * channels, or a part is asked for and there are no lists.
 */
export async function readWaveFolder(
  folder: string,
  options: WaveFolderOptions = {},
): Promise<WaveDataset> {
  requireOptions("readWaveFolder()", options, folderKinds);
  const { rate = 16000, seconds, part = "all" } = options;
  requireInteger("rate", rate, { min: 1 });
  if (seconds !== undefined) requireNumber("seconds", seconds, { above: 0 });
  requireOneOf("part", part, ["all", "train", "validation", "testing"]);
  const found = await readClassFolders(folder, [".wav"], options.classes);
  const examples: LabelledWave[] = [];
  for (const file of await filesOf(folder, found, part)) {
    examples.push(await readWave(file, rate, seconds));
  }
  return { name: options.name ?? folder, rate, classes: found.classes, examples };
}

/**
 * The speaker of each word as a number, as `groups` of `holdOut()` takes it, so that who is tested was not trained on.
 *
 * @param waves The words.
 * @returns A number for each, equal where the speaker is.
 */
export function speakerGroups({ examples }: WaveDataset): Int32Array {
  const speakers = [...new Set(examples.map(({ speaker }) => speaker))];
  const numbers = new Map(speakers.map((speaker, at) => [speaker, at]));
  return Int32Array.from(examples, ({ speaker }) => numbers.get(speaker)!);
}

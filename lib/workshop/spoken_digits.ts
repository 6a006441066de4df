// `deno task spoken-digits`: the words zero to nine, spoken by espeak-ng in many voices, as a folder in the layout of Speech Commands.

import { Random } from "../core/random.ts";
import {
  type Command,
  countOption,
  requireWords,
  stringOptions,
  textOption,
} from "../cli/command.ts";
import { decodeWave } from "../data/wave_file.ts";
import { writeFolder } from "../platform/files.ts";
import { sha256Of } from "../platform/hash.ts";
import { platform } from "../platform/mod.ts";
import { readBytes } from "../platform/text_file.ts";
import { resample } from "./resample.ts";
import { runTask } from "./task.ts";

const words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
const accents = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029"];
const throats = "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5".split(" ");

/** Every speaker: an accent and a throat of espeak-ng, in an order in which neighbors differ in both. */
const speakers: readonly string[] = Array.from(
  { length: accents.length * throats.length },
  (_, at) => `${accents[at % accents.length]}+${throats[at % throats.length]}`,
);

/** Samples per second, and of each file: one second. */
const rate = 16000;

/** What is quieter, at the ends of a word, is silence. */
const silence = 0.004;

/** How a word is spoken: words per minute, pitch from 0 to 99, loudness, and where in its second it starts, as a share of what is free. */
interface Take {
  readonly speed: number;
  readonly pitch: number;
  readonly gain: number;
  readonly start: number;
}

/** A take of a speaker, who has a speed and a pitch of their own. */
function takeOf(speaker: string, word: string, number: number): Take {
  const own = new Random(0, `spoken-digits/${speaker}`);
  const [speed, pitch] = [170 + own.integer(50), 20 + own.integer(50)];
  const drawn = own.fork(`${word}/${number}`);
  return {
    speed: speed + drawn.integer(31) - 15,
    pitch: pitch + drawn.integer(21) - 10,
    gain: 0.4 + 0.5 * drawn.uniform(),
    start: drawn.uniform(),
  };
}

/** A word as espeak-ng speaks it, at its own rate. */
async function speak(word: string, speaker: string, { speed, pitch }: Take, file: string) {
  const options = ["-v", speaker, "-s", String(speed), "-p", String(pitch), "-w", file];
  const ended = await platform.run("espeak-ng", [...options, word]);
  if (ended?.success !== true) {
    throw new RangeError(
      `Cannot speak: espeak-ng ${
        ended === undefined ? "is not there" : "has failed"
      }; on Debian: apt-get install espeak-ng`,
    );
  }
  return decodeWave(await readBytes(file), file);
}

/** A sound without silence at its ends. */
function trimmed(samples: Float32Array): Float32Array {
  const isLoud = (value: number): boolean => Math.abs(value) > silence;
  return samples.subarray(samples.findIndex(isLoud), samples.findLastIndex(isLoud) + 1);
}

/** A second with a word in it, as loud as the take says; what is longer than a second is cut. */
function placed(word: Float32Array, { gain, start }: Take): Float32Array {
  const loudest = word.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const second = new Float32Array(rate);
  const part = word.subarray(0, rate);
  const at = Math.floor(start * (rate - part.length));
  second.set(part.map((value) => value * gain / loudest), at);
  return second;
}

/**
 * A WAV file of 16 bits.
 *
 * @param samples The sound, from −1 to 1.
 * @returns The file.
 */
export function encodeWave(samples: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at: number, name: string): void =>
    [...name].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  [1, 1].forEach((value, at) => view.setUint16(20 + 2 * at, value, true));
  [rate, 2 * rate].forEach((value, at) => view.setUint32(24 + 4 * at, value, true));
  [2, 16].forEach((value, at) => view.setUint16(32 + 2 * at, value, true));
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, at) => view.setInt16(44 + 2 * at, Math.round(value * 32767), true));
  return new Uint8Array(view.buffer);
}

/** The list that a speaker's files are in: of ten speakers one tests and one validates. */
const listOf = (speaker: string): string | undefined =>
  ["testing_list.txt", "validation_list.txt"][speakers.indexOf(speaker) % 10];

/** What was made. */
interface Made {
  /** How many files. */
  readonly files: number;
  /** The SHA-256 of all sounds, in the order of words, speakers and takes. */
  readonly sha256: string;
}

/** Fills a folder. */
async function fill(folder: string, people: readonly string[], takes: number): Promise<Made> {
  const lists: Record<string, string> = { "testing_list.txt": "", "validation_list.txt": "" };
  const hashes: string[] = [];
  for (const word of words) {
    await platform.makeFolder(`${folder}/${word}`);
    for (const speaker of people) {
      for (let number = 0; number < takes; number++) {
        const take = takeOf(speaker, word, number);
        const sound = await speak(word, speaker, take, `${folder}/spoken.wav`);
        const second = placed(trimmed(resample(sound.samples, sound.rate, rate)), take);
        const file = encodeWave(second);
        const path = `${word}/${speaker.replace("+", "-")}_nohash_${number}.wav`;
        await platform.writeFile(`${folder}/${path}`, file);
        hashes.push(sha256Of(file));
        const list = listOf(speaker);
        if (list !== undefined) lists[list] += `${path}\n`;
      }
    }
  }
  for (const [name, text] of Object.entries(lists)) {
    await platform.writeFile(`${folder}/${name}`, text);
  }
  await platform.remove(`${folder}/spoken.wav`);
  return { files: hashes.length, sha256: sha256Of(hashes.join("\n")) };
}

/** `deno task spoken-digits`: its help, its options, and the run. */
export const spokenDigitsCommand: Command = {
  summary: "speaks digits with espeak-ng",
  help: `Usage: deno task spoken-digits [options]

Speaks the words zero to nine with espeak-ng (Debian: apt-get install espeak-ng) in ${speakers.length} voices, each with a speed and a pitch
of its own that vary from take to take, and writes a new folder in the layout of Speech Commands: WORD/SPEAKER_nohash_N.wav,
one second of 16 bits at 16 kHz, with lists of the speakers that validate and test. The same version of espeak-ng speaks
the same bytes.

  --out DIR       where to write; .normkit/spoken_digits by default
  --speakers N    so many voices (${speakers.length})
  --takes N       how often each speaks each word (2)

Examples:
  deno task spoken-digits
  deno task spoken-digits --speakers 10 --takes 1 --out digits`,
  options: stringOptions("out speakers takes"),
  run: async (args) => {
    requireWords(args, []);
    const people = countOption(args, "speakers", { min: 1, max: speakers.length });
    const takes = countOption(args, "takes", { min: 1, max: 1000 }) ?? 2;
    const out = textOption(args, "out") ?? ".normkit/spoken_digits";
    let made: Made | undefined;
    await writeFolder(out, async (folder) => {
      made = await fill(folder, speakers.slice(0, people), takes);
    });
    const { files, sha256 } = made!;
    return {
      report: { out, files, sha256 },
      text: `${out}: ${files} files, SHA-256 ${sha256}`,
    };
  },
};

if (import.meta.main) Deno.exit(await runTask("spoken-digits", spokenDigitsCommand, Deno.args));

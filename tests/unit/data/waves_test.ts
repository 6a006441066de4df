// Folders of spoken words, and WAV files of every kind: what is read, and what is refused, by file and reason.

import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fourierTransform } from "../../../lib/data/fourier.ts";
import { holdOut, logMel, readWaveFolder, speakerGroups } from "../../../lib/data/mod.ts";
import { decodeWave } from "../../../lib/data/wave_file.ts";
import { inFolder } from "../checkpoint/files.ts";

const bytesOf = (...numbers: readonly number[]): Uint8Array => Uint8Array.from(numbers);

/** What a WAV file says of its samples. */
interface Header {
  readonly format: number;
  readonly bits: number;
  readonly rate: number;
  readonly channels: number;
  readonly extensible: boolean;
}

/** Parts of a file, one behind the other, each of even length. */
function riff(
  parts: readonly (readonly [name: string, content: Uint8Array])[],
): Uint8Array<ArrayBuffer> {
  const blocks = parts.flatMap(([name, content]) => {
    const size = new Uint8Array(Uint32Array.of(content.length).buffer);
    return [new TextEncoder().encode(name), size, content, new Uint8Array(content.length % 2)];
  });
  const body = blocks.flatMap((block) => [...block]);
  const size = new Uint8Array(Uint32Array.of(4 + body.length).buffer);
  return Uint8Array.from(
    [..."RIFF"].map((c) => c.charCodeAt(0)).concat(
      [...size],
      [..."WAVE"].map((c) => c.charCodeAt(0)),
      body,
    ),
  );
}

/** A WAV file of samples as they are coded. */
function wave(data: Uint8Array, header: Partial<Header> = {}): Uint8Array<ArrayBuffer> {
  const { format = 1, bits = 16, rate = 16000, channels = 1, extensible = false } = header;
  const view = new DataView(new ArrayBuffer(extensible ? 40 : 16));
  view.setUint16(0, extensible ? 0xfffe : format, true);
  view.setUint16(2, channels, true);
  view.setUint32(4, rate, true);
  view.setUint16(14, bits, true);
  if (extensible) view.setUint16(24, format, true);
  return riff([["fmt ", new Uint8Array(view.buffer)], ["LIST", bytesOf(1, 2, 3)], ["data", data]]);
}

const sixteen = (...samples: readonly number[]): Uint8Array =>
  new Uint8Array(Int16Array.from(samples).buffer);

/** The codes of samples, how they are coded, and the samples. */
const readable: Readonly<
  Record<string, readonly [Uint8Array, Partial<Header>, readonly number[]]>
> = {
  "8 bits": [bytesOf(0, 128, 192, 255), { bits: 8 }, [-1, 0, 0.5, 127 / 128]],
  "16 bits": [sixteen(-32768, 0, 16384), {}, [-1, 0, 0.5]],
  "24 bits": [bytesOf(0, 0, 128, 0, 0, 64, 1, 0, 0, 255, 255, 255), { bits: 24 }, [
    -1,
    0.5,
    2 ** -23,
    -(2 ** -23),
  ]],
  "32 bits": [new Uint8Array(Int32Array.of(-(2 ** 31), 2 ** 30).buffer), { bits: 32 }, [-1, 0.5]],
  "floats": [new Uint8Array(Float32Array.of(-1, 0.25).buffer), { format: 3, bits: 32 }, [-1, 0.25]],
  "floats of 64 bits": [new Uint8Array(Float64Array.of(-1, 0.25).buffer), { format: 3, bits: 64 }, [
    -1,
    0.25,
  ]],
  "an extensible header": [sixteen(16384), { extensible: true }, [0.5]],
  "half a sample at the end": [bytesOf(0, 64, 1), {}, [0.5]],
};

Deno.test("decodeWave() reads a file that was written into a pipe, whose sizes nobody knew", () => {
  for (const size of [0xffffffff, 0x7ffff000]) { // of ffmpeg and SoX, and of espeak-ng
    const bytes = wave(sixteen(16384, 0));
    const view = new DataView(bytes.buffer);
    view.setUint32(4, size, true);
    view.setUint32(bytes.length - 8, size, true);
    assertEquals(decodeWave(bytes, "a.wav").samples, Float32Array.of(0.5, 0));
  }
});

for (const [name, [data, header, samples]] of Object.entries(readable)) {
  Deno.test(`decodeWave() reads ${name}`, () => {
    const sound = decodeWave(wave(data, { ...header, rate: 8000 }), "a.wav");
    assertEquals(sound, { rate: 8000, samples: Float32Array.from(samples) });
  });
}

/** Files, and what is said of them. */
const refused: Readonly<Record<string, readonly [Uint8Array<ArrayBuffer>, string]>> = {
  "no WAV file": [
    Uint8Array.from("fLaC and more of it", (c) => c.charCodeAt(0)),
    "Cannot read a.wav: it must be a WAV file, which starts with RIFF … WAVE",
  ],
  "an empty file": [new Uint8Array(), "it must be a WAV file"],
  "two channels": [
    wave(sixteen(1, 2), { channels: 2 }),
    "Cannot use a.wav: it has 2 channels, and must have 1",
  ],
  "µ-law": [
    wave(bytesOf(1), { format: 7, bits: 8 }),
    "Cannot read a.wav: its samples have format 7 and 8 bits; they must be PCM (1) of 8, 16, 24 or 32 bits, or floats (3) of 32 or 64",
  ],
  "a file that is cut short": [
    wave(sixteen(1, 2, 3)).slice(0, -2),
    'Cannot read a.wav: its part "data" has 6 bytes, and the file ends after 4 of them',
  ],
  "no data": [riff([["fmt ", new Uint8Array(16)]]), "a WAV file must have a format and data"],
  "no format": [riff([["data", new Uint8Array(16)]]), "a WAV file must have a format and data"],
  "a sample that is no number": [
    wave(new Uint8Array(Float32Array.of(0, NaN).buffer), { format: 3, bits: 32 }),
    "Cannot use a.wav: sample 2 is NaN",
  ],
};

for (const [name, [file, sentence]] of Object.entries(refused)) {
  Deno.test(`decodeWave() refuses ${name} in a sentence`, () => {
    assertThrows(() => decodeWave(file, "a.wav"), RangeError, sentence);
  });
}

/** A folder in the layout of Speech Commands. */
async function speechCommands(folder: string): Promise<void> {
  const files: Readonly<Record<string, Uint8Array | string>> = {
    "no/anna_nohash_0.wav": wave(sixteen(1, 2)),
    "no/ben_nohash_0.wav": wave(sixteen(3)),
    "yes/anna_nohash_0.wav": wave(sixteen(4)),
    "yes/anna_nohash_1.wav": wave(sixteen(5)),
    "yes/cleo_nohash_0.wav": wave(sixteen(6)),
    "_background_noise_/rain.wav": wave(sixteen(7), { rate: 8 }),
    "validation_list.txt": "yes/cleo_nohash_0.wav\r\n",
    "testing_list.txt": "no/ben_nohash_0.wav\n",
    "README.md": "words",
  };
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(`${folder}/${path}`.replace(/[^/]+$/, ""), { recursive: true });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${path}`, bytes);
  }
}

Deno.test("readWaveFolder() reads Speech Commands' layout, and its parts by the lists", () =>
  inFolder(async (folder) => {
    await speechCommands(folder);
    const all = await readWaveFolder(folder);
    assertEquals([all.name, all.rate, all.classes], [folder, 16000, ["no", "yes"]]);
    const found = all.examples.map(({ samples, label, speaker }) =>
      [samples[0]! * 2 ** 15, label, speaker] as const
    );
    assertEquals(found, [[1, 0, "anna"], [3, 0, "ben"], [4, 1, "anna"], [5, 1, "anna"], [
      6,
      1,
      "cleo",
    ]]);
    for (
      const [part, firsts] of [["train", [1, 4, 5]], ["validation", [6]], ["testing", [3]]] as const
    ) {
      const { examples } = await readWaveFolder(folder, { part });
      assertEquals(examples.map(({ samples }) => samples[0]! * 2 ** 15), [...firsts], part);
    }
    const longer = await readWaveFolder(folder, { seconds: 4 / 16000 });
    assertEquals(longer.examples[0]!.samples, Float32Array.of(2 ** -15, 2 ** -14, 0, 0));
    assertEquals([...speakerGroups(all)], [0, 1, 0, 0, 2]);
    const { train, heldOut } = holdOut(all, { heldOutShare: 0.3, groups: speakerGroups(all) });
    assertEquals([train.examples.length, heldOut.examples.length, train.rate], [3, 2, 16000]);
  }));

Deno.test("readWaveFolder() says in a sentence what does not fit, and of which file", () =>
  inFolder(async (folder) => {
    await speechCommands(folder);
    const refused: readonly (readonly [Parameters<typeof readWaveFolder>[1], string])[] = [
      [
        { rate: 8000 },
        `Cannot use ${folder}/no/anna_nohash_0.wav: it has 16000 samples per second, and must have 8000`,
      ],
      [{ seconds: 1 / 16000 }, "anna_nohash_0.wav: it lasts 0.000125 s, and may last 0.0000625 s"],
      [
        { classes: ["no", "yess"] },
        `Cannot use the class "yes" of ${folder}: did you mean "yess"? the classes are no, yess`,
      ],
      [
        { part: "test" as "testing" },
        'Cannot use part = "test": it must be one of all, train, validation, testing',
      ],
      [{ seconds: 0 }, "Cannot use seconds = 0"],
      [{ rate: 0.5 }, "Cannot use rate = 0.5"],
    ];
    for (const [options, message] of refused) {
      await assertRejects(() => readWaveFolder(folder, options), RangeError, message);
    }
    await Deno.writeTextFile(`${folder}/testing_list.txt`, "\n");
    await assertRejects(
      () => readWaveFolder(folder, { part: "testing" }),
      RangeError,
      `Cannot read part "testing" of ${folder}: it has no file`,
    );
    await Deno.remove(`${folder}/testing_list.txt`);
    await assertRejects(
      () => readWaveFolder(folder, { part: "train" }),
      RangeError,
      `there is no ${folder}/testing_list.txt`,
    );
  }));

Deno.test("fourierTransform() is the sum of its definition, for any length", () => {
  for (const size of [1, 2, 3, 7, 12, 25, 30, 64, 98]) {
    const values = Float64Array.from({ length: size }, (_, at) => Math.sin(at * at) + 0.3);
    const { real, imaginary } = fourierTransform(size)(values);
    for (let k = 0; k < size; k++) {
      const sum = (of: (angle: number) => number): number =>
        values.reduce((total, value, n) => total + value * of(-2 * Math.PI * k * n / size), 0);
      assertAlmostEquals(real[k]!, sum(Math.cos), 1e-10, `${size}, ${k}`);
      assertAlmostEquals(imaginary[k]!, sum(Math.sin), 1e-10, `${size}, ${k}`);
    }
  }
});

Deno.test("logMel() finds a tone in its band, and refuses what is too short", () => {
  const tone = Float32Array.from(
    { length: 16000 },
    (_, at) => Math.sin(2 * Math.PI * 1000 * at / 16000),
  );
  const { mels, frames, values } = logMel(tone, { mels: 40 });
  assertEquals([mels, frames], [40, 100]);
  const loudness = Array.from({ length: mels }, (_, mel) => values[mel * frames + 50]!);
  // 1000 Hz is mel 15 of the 45.25 that 8000 Hz are: at 13.6 of the 41 distances, whose first middle is that of band 0.
  assertEquals(loudness.indexOf(Math.max(...loudness)), 13);
  const refused: readonly (readonly [() => unknown, string])[] = [
    [
      () => logMel(tone.subarray(0, 200)),
      "Cannot take features of 200 samples: there must be at least 201",
    ],
    [() => logMel(tone, { hop: 0 }), "Cannot use hop = 0"],
    [() => logMel(tone, { mels: 1.5 }), "Cannot use mels = 1.5"],
  ];
  for (const [act, message] of refused) assertThrows(act, RangeError, message);
  assert(logMel(new Float32Array(400)).values.every((value) => Number.isFinite(value)), "silence");
});

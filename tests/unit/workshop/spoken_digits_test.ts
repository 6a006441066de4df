// The digits that espeak-ng speaks: the same at each run, in the layout that is read, and a sentence where there is no espeak-ng.

import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { readWaveFolder } from "../../../lib/data/mod.ts";
import { decodeWave } from "../../../lib/data/wave_file.ts";
import { platform } from "../../../lib/platform/mod.ts";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { resample } from "../../../lib/workshop/resample.ts";
import { encodeWave, spokenDigitsCommand } from "../../../lib/workshop/spoken_digits.ts";
import { inFolder, namesIn } from "../checkpoint/files.ts";

const hasEspeak = (await platform.run("espeak-ng", ["--version"]))?.success === true;

/** Speaks into a folder. */
async function speak(out: string, values: Readonly<Record<string, string>>) {
  const args = { values: { out, ...values }, words: [], given: [] };
  const { report } = await spokenDigitsCommand.run(args, new AbortController().signal);
  return report as { readonly files: number; readonly sha256: string };
}

Deno.test({
  name: hasEspeak
    ? "deno task spoken-digits speaks the same each time, as readWaveFolder() reads it"
    : "deno task spoken-digits speaks the same each time: ignored, there is no espeak-ng",
  ignore: !hasEspeak,
  fn: () =>
    inFolder(async (folder) => {
      const one = await speak(`${folder}/one`, { speakers: "3", takes: "1" });
      const other = await speak(`${folder}/other`, { speakers: "3", takes: "1" });
      assertEquals([one.files, one.sha256], [30, other.sha256]);
      const { classes, examples } = await readWaveFolder(`${folder}/one`, { seconds: 1 });
      assertEquals([classes.length, examples.length], [10, 30]);
      assertEquals(new Set(examples.map(({ speaker }) => speaker)).size, 3);
      assertEquals(new Set(examples.map(({ samples }) => samples.length)), new Set([16000]));
      const loudest = examples.map(({ samples }) => Math.max(...samples.map(Math.abs)));
      assert(loudest.every((value) => value > 0.39 && value < 0.91), loudest.join());
      for (const part of ["validation", "testing"] as const) {
        assertEquals((await readWaveFolder(`${folder}/one`, { part })).examples.length, 10, part);
      }
      assertEquals(namesIn(folder), ["one", "other"]);
    }),
});

Deno.test("deno task spoken-digits says that espeak-ng is missing, and leaves nothing", () =>
  inFolder(async (folder) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        `${checkout}/lib/workshop/spoken_digits.ts`,
        "--out",
        `${folder}/out`,
      ],
      cwd: checkout,
      env: { PATH: folder, NO_COLOR: "1" },
    }).output();
    const said = new TextDecoder().decode(stderr);
    assertStringIncludes(
      said,
      "Cannot speak: espeak-ng is not there; on Debian: apt-get install espeak-ng",
    );
    assertEquals([code, namesIn(folder)], [3, []]);
  }));

Deno.test("encodeWave() writes what decodeWave() reads", () => {
  const samples = Float32Array.of(0, 0.5, -1, 1);
  const { rate, samples: found } = decodeWave(encodeWave(samples) as Uint8Array<ArrayBuffer>, "a");
  assertEquals(rate, 16000);
  found.forEach((value, at) => assertAlmostEquals(value, samples[at]!, 1e-4));
});

Deno.test("resample() keeps a tone that both rates hold, and drops one that the new rate cannot hold", () => {
  const tone = (hertz: number, rate: number): Float32Array =>
    Float32Array.from({ length: rate / 10 }, (_, at) => Math.sin(2 * Math.PI * hertz * at / rate));
  const kept = resample(tone(1000, 22050), 22050, 16000);
  assertEquals(kept.length, 1600);
  const expected = tone(1000, 16000);
  for (let at = 100; at < 1500; at++) assertAlmostEquals(kept[at]!, expected[at]!, 2e-3);
  const dropped = resample(tone(9500, 22050), 22050, 16000).subarray(100, 1500);
  assert(dropped.every((value) => Math.abs(value) < 0.01));
});

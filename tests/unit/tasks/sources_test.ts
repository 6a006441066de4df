// Data as settings name them: IDX files beside folders, sounds by their folder's own lists, texts of an encoding; what goes with what.

import { assertEquals, assertRejects } from "@std/assert";
import {
  classifiedTextsOf,
  imagesOf,
  readTask,
  rowsOf,
  sentencesOf,
  soundsOf,
} from "../../../lib/tasks/mod.ts";
import { encodeWave } from "../../../lib/workshop/spoken_digits.ts";
import { inFolder } from "../checkpoint/files.ts";

/** An IDX file of bytes. */
const idx = (sizes: readonly number[], data: readonly number[]): Uint8Array =>
  Uint8Array.of(0, 0, 8, sizes.length, ...sizes.flatMap((size) => [0, 0, 0, size]), ...data);

const pixels = (count: number): number[] => Array.from({ length: count * 4 }, (_, at) => at);

Deno.test("imagesOf() reads IDX files, with some held out or with others for that", () =>
  inFolder(async (folder) => {
    const [images, labels] = [`${folder}/images`, `${folder}/labels`];
    await Deno.writeFile(images, idx([4, 2, 2], pixels(4)));
    await Deno.writeFile(labels, idx([4], [0, 1, 2, 1]));
    const drawn = await imagesOf({ images, labels, heldOutShare: 0.25 });
    assertEquals([drawn.train.examples.length, drawn.heldOut.examples.length], [3, 1]);
    const [heldOutImages, heldOutLabels] = [`${folder}/t10k`, `${folder}/t10k-labels`];
    await Deno.writeFile(heldOutImages, idx([1, 2, 2], pixels(1)));
    await Deno.writeFile(heldOutLabels, idx([1], [1]));
    const { train, heldOut } = await imagesOf({ images, labels, heldOutImages, heldOutLabels });
    assertEquals([train.examples.length, heldOut.examples.map(({ label }) => label)], [4, [1]]);
    assertEquals(heldOut.classes, ["0", "1", "2"]);

    await Deno.writeFile(heldOutLabels, idx([1], [3]));
    const all = { images, labels, heldOutImages, heldOutLabels };
    const refused: readonly (readonly [Parameters<typeof imagesOf>[0], string])[] = [
      [all, `Cannot use label 3 of image 1 in ${heldOutLabels}: there are 3 classes`],
      [{ images }, "Cannot use data.images without data.labels"],
      [{ heldOutImages, heldOutLabels }, "Cannot use data.heldOutImages without data.images"],
      [{ ...all, folder }, "Cannot use data.images beside data.folder"],
      [{ ...all, seed: 1 }, "Cannot use data.seed beside data.heldOutImages"],
      [{ images, labels, channels: 1 }, "Cannot use data.channels without data.folder"],
    ];
    for (const [data, message] of refused) {
      await assertRejects(() => imagesOf(data), RangeError, message);
    }
  }));

Deno.test("soundsOf() splits by validation_list.txt and testing_list.txt, unless a share or a seed is given", () =>
  inFolder(async (folder) => {
    const speakers = [..."abcd"];
    for (const word of ["no", "yes"]) {
      await Deno.mkdir(`${folder}/${word}`);
      for (const [at, speaker] of speakers.entries()) {
        const sound = new Float32Array(800 + 160 * at);
        await Deno.writeFile(`${folder}/${word}/${speaker}_nohash_0.wav`, encodeWave(sound));
      }
    }
    const speakersOf = async (data: object): Promise<string[]> => {
      const { train, heldOut } = await soundsOf({ folder, ...data });
      return [train, heldOut].map(({ examples }) =>
        examples.map(({ path }) => /(.)_nohash/.exec(path!)![1]).join("")
      );
    };
    await Deno.writeTextFile(`${folder}/validation_list.txt`, "yes/b_nohash_0.wav\n");
    await assertRejects(
      () => speakersOf({}),
      RangeError,
      "which has 8 examples in 4 groups that stay together (a speaker, near-duplicates): each part",
    );
    await Deno.writeTextFile(
      `${folder}/testing_list.txt`,
      "no/c_nohash_0.wav\nyes/c_nohash_0.wav\ndog/c_nohash_0.wav\n",
    );
    assertEquals(await speakersOf({}), ["abdad", "b"]);
    const { train, heldOut } = await soundsOf({ folder });
    assertEquals([train.classes, heldOut.classes], [["no", "yes"], ["no", "yes"]]);
    assertEquals(
      train.name,
      `${folder} (validation_list.txt is held out, testing_list.txt left out)`,
    );
    for (const data of [{ heldOutShare: 0.25 }, { seed: 1, heldOutShare: 0.25 }]) {
      const [seen, kept] = await speakersOf(data);
      assertEquals([seen!.length, kept![0]], [6, kept![1]], "a speaker");
    }
  }));

Deno.test("settings name the encoding of pairs, of texts with classes and of a text; without a file of their own they are refused", () =>
  inFolder(async (folder) => {
    const latin = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const [source, target] = [`${folder}/t.de`, `${folder}/t.en`];
    await Deno.writeFile(source, latin("Bär\nTür\n"));
    await Deno.writeFile(target, latin("bear\ndoor\n"));
    const pairs = { source, target, heldOutShare: 0.5 };
    await assertRejects(() => sentencesOf(pairs), RangeError, `${source} as utf-8`);
    const { pairs: { train, heldOut } } = await sentencesOf({ ...pairs, encoding: "latin1" });
    const sources = [train, heldOut].map(({ examples }) => examples[0]!.source);
    assertEquals(sources.sort(), ["Bär", "Tür"]);
    const held = { source, target, heldOutSource: source, heldOutTarget: target };
    const both = await sentencesOf({ ...held, encoding: "latin1" });
    assertEquals(both.pairs.heldOut.examples[0]!.source, "Bär");

    for (const name of ["cold", "warm"]) {
      await Deno.mkdir(`${folder}/texts/${name}`, { recursive: true });
      await Deno.writeFile(`${folder}/texts/${name}/1.txt`, latin(`Öl ${name}\r\n`));
    }
    const texts = { folder: `${folder}/texts`, heldOutFolder: `${folder}/texts` };
    await assertRejects(() => classifiedTextsOf(texts), RangeError, "1.txt as utf-8");
    const reading = { encoding: "latin1", keepLineEnds: true };
    const { texts: read } = await classifiedTextsOf({ ...texts, ...reading });
    for (const { examples } of [read.train, read.heldOut]) {
      assertEquals(examples.map(({ text }) => text), ["Öl cold\r\n", "Öl warm\r\n"]);
    }

    const share = { heldOutShare: 0.5 };
    const alone = [
      [() => sentencesOf({ ...held, ...share }), "heldOutShare beside data.heldOutSource"],
      [() => classifiedTextsOf({ ...texts, ...share }), "heldOutShare beside data.heldOutFolder"],
      [() => sentencesOf({ encoding: "latin1" }), "encoding without data.source"],
      [() => classifiedTextsOf({ encoding: "latin1" }), "encoding without data.folder"],
      [() => classifiedTextsOf({ keepLineEnds: true }), "keepLineEnds without data.folder"],
      [() => rowsOf({ encoding: "latin1" }), "encoding without data.text"],
    ] as const;
    for (const [read, words] of alone) {
      await assertRejects<unknown>(read, RangeError, `Cannot use data.${words}`);
    }
  }));

Deno.test("one class alone is refused by every task of classes", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/only`);
    for (const at of [1, 2, 3]) {
      await Deno.writeTextFile(`${folder}/only/${at}.txt`, `text ${at}`);
      await Deno.writeFile(`${folder}/only/${at}_nohash_0.wav`, encodeWave(new Float32Array(800)));
    }
    const [images, labels] = [`${folder}/images`, `${folder}/labels`];
    await Deno.writeFile(images, idx([3, 2, 2], pixels(3)));
    await Deno.writeFile(labels, idx([3], [0, 0, 0]));
    const tasks = {
      "text-classification": { folder },
      "keyword": { folder, heldOutShare: 0.4 },
      "image-classification": { images, labels },
    };
    for (const [task, data] of Object.entries(tasks)) {
      await assertRejects(() => readTask({ task, data }), RangeError, "and must have at least 2");
    }
  }));

// Sounds as models read them: batches of some that are not equally long, and what is too short.

import { assert, assertThrows } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { type Features, featuresOf, soundInputs } from "../../../lib/tasks/sounds.ts";
import { speechCtc } from "../../../lib/tasks/speech_ctc.ts";
import { drawStarts } from "../../../lib/transformer/blueprint.ts";
import { runBatch } from "../../../lib/transformer/run.ts";
import { onEachBackend } from "../../support/backends.ts";
import { assertClose } from "../../support/close.ts";
import { numbersOf } from "../../support/evaluate.ts";
import { transformerCases } from "../../support/transformer_cases.ts";

const sound = (frames: number): Features => ({
  label: 0,
  frames,
  values: Float32Array.from({ length: 3 * frames }, (_, at) => Math.sin(at + frames)),
});

onEachBackend(
  "soundInputs() lets a model hear a sound to its end, and nothing behind it",
  async () => {
    const model = transformerCases["keyword"]!.make("pre-ln");
    const parameters = drawStarts(model.starts, 1);
    const classify = async (...sounds: Features[]): Promise<number[]> => {
      const [logits] = await numbersOf(() => {
        const { inputs, ...masks } = soundInputs(sounds);
        return [runBatch(parameters, model, inputs, masks)["logits"]!];
      });
      return logits!.slice(0, 5);
    };
    for (const frames of [4, 5, 7]) {
      const alone = await classify(sound(frames));
      assertClose(await classify(sound(frames), sound(8)), alone, 1e-5, `${frames} frames`);
      const other = sound(frames);
      other.values[frames - 1]! += 1;
      const [changed] = await classify(other, sound(8));
      assert(Math.abs(changed! - alone[0]!) > 1e-3, `${frames} frames, the last of them`);
    }
    disposeTree(parameters);
  },
);

Deno.test("a sound that is too short, for features or for its letters, is named by its file", () => {
  const path = "words/book/a.wav";
  const wave = { samples: new Float32Array(200), label: 0, speaker: "a", path };
  const waves = { name: "words", rate: 16000, classes: ["book"], examples: [wave] };
  assertThrows(
    () => featuresOf(waves, 3),
    RangeError,
    `Cannot use ${path}: it has 200 samples, and must have at least 201`,
  );
  const train = { name: "words", classes: ["book"], examples: [sound(10)] }; // 5 rows: b, o, nothing, o, k
  speechCtc({ train, heldOut: train });
  const heldOut = { ...train, examples: [{ ...sound(8), path }] };
  assertThrows(
    () => speechCtc({ train, heldOut }),
    RangeError,
    `Cannot use ${path}: its 8 frames of 10 ms become 4, and the letters of "book" take 5`,
  );
});

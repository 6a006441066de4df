// Batches of sounds that are not equally long.

import { assert } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { type Features, soundInputs } from "../../../lib/tasks/sounds.ts";
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

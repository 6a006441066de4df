// Speech recognition: what is reached without listening.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { FeatureDataset } from "../../../lib/tasks/sounds.ts";
import { speechCtc } from "../../../lib/tasks/speech_ctc.ts";

const words = (...labels: readonly number[]): FeatureDataset => ({
  name: "words",
  classes: ["no", "yes"],
  examples: labels.map((label) => ({ label, frames: 8, values: new Float32Array(16) })),
});

Deno.test("the baseline of speech-ctc knows the frequencies of words: nats per letter, errors of the most frequent", () => {
  const { baseline } = speechCtc({ train: words(1, 1, 1, 0), heldOut: words(1, 0) });
  // "yes" has 4 of 6 shares with one more of each, over three letters; "no" 2 of 6, over two
  const nats = (Math.log(6 / 4) / 3 + Math.log(6 / 2) / 2) / 2;
  assertAlmostEquals(baseline.measured["nats"]!, nats, 1e-12);
  assertEquals(baseline.measured["wordErrorRate"], 0.5);
  assertAlmostEquals(baseline.measured["characterErrorRate"]!, 3 / 5, 1e-12);
});

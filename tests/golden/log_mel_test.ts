// Log-mel features are those of transformers' WhisperFeatureExtractor.

import { assertAlmostEquals, assertEquals } from "@std/assert";
import { logMel } from "../../lib/data/mod.ts";
import golden from "./log_mel.json" with { type: "json" };

for (const [name, { options, samples, shape, values }] of Object.entries(golden.cases)) {
  Deno.test(`logMel() of ${name} is transformers'`, () => {
    const { mels, frames, values: found } = logMel(samples.map((code) => code / 2 ** 15), options);
    assertEquals([mels, frames], shape);
    values.forEach((value, at) => assertAlmostEquals(found[at]!, value, 1e-5, `${name}, ${at}`));
  });
}

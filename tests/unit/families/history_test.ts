// What a folder records of how it was made.

import { assertEquals, assertThrows } from "@std/assert";
import { convertedNormsOf, withConvertedNorms } from "../../../lib/families/converted_norms.ts";
import {
  historyOf,
  type Step,
  stepsBetween,
  stepText,
  withHistory,
} from "../../../lib/families/history.ts";

const rms: Step = { command: "convert", to: "pre-rmsnorm", tied: "untie", normkit: "1.0.0" };
const gpt2: Step = { command: "fold", as: "gpt2", dtype: "BF16", normkit: "1.0.0" };
const plain = { model_type: "gpt2" };

Deno.test("withHistory() keeps steps beside the norms of a conversion, and alone", () => {
  const norms = { norm: "rms", centered: true, recenter: [] } as const;
  const converted = withHistory(withConvertedNorms(plain, norms), [rms]);
  assertEquals(historyOf(converted), [rms]);
  assertEquals(historyOf(withConvertedNorms(converted, norms)), [rms]);
  assertEquals(convertedNormsOf(converted)!.norm, "rms");
  const alone = withHistory(plain, [gpt2]);
  assertEquals(alone, { ...plain, normkit: { format: 1, history: [gpt2] } });
  assertEquals(convertedNormsOf(alone), undefined);
});

Deno.test("withHistory() of no steps forgets them, and nothing else", () => {
  assertEquals(withHistory(withHistory(plain, [rms]), []), plain);
  assertEquals(withHistory(plain, []), plain);
  const norms = withConvertedNorms(plain, { norm: "rms", centered: true, recenter: [] });
  assertEquals(withHistory(withHistory(norms, [rms]), []), norms);
});

Deno.test("stepsBetween() are those that the second folder has more, or none where it was not made of the first", () => {
  const [one, two] = [withHistory(plain, [rms]), withHistory(plain, [rms, gpt2])];
  assertEquals(stepsBetween(plain, two), [rms, gpt2]);
  assertEquals(stepsBetween(one, two), [gpt2]);
  assertEquals(stepsBetween(two, two), []);
  assertEquals(stepsBetween(two, one), undefined);
  assertEquals(stepsBetween(withHistory(plain, [gpt2]), two), undefined);
  assertEquals(stepsBetween(plain, plain), undefined);
});

Deno.test("historyOf() refuses what are no steps", () => {
  for (
    const history of [
      {},
      "none",
      [null],
      [{ ...rms, command: "train" }],
      [{ ...rms, normkit: undefined }],
      [{ ...rms, to: 5 }],
      [{ ...rms, other: "word" }],
    ]
  ) {
    assertThrows(
      () => historyOf({ normkit: { format: 1, history } }),
      RangeError,
      "Cannot use normkit.history = ",
    );
  }
});

Deno.test("stepText() is the step as it is written on the command line", () => {
  assertEquals(stepText(rms), "convert --to pre-rmsnorm --tied untie");
  assertEquals(stepText(gpt2), "fold --as gpt2 --dtype BF16");
});

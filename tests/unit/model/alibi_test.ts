// ALiBi as transformers rounds it.

import { assertEquals, assertRejects } from "@std/assert";
import { openModel, type OpenOptions } from "../../../lib/families/open.ts";
import type { Attention } from "../../../lib/model/spec.ts";
import { roundedAlibi } from "../../../lib/model/alibi.ts";
import { goldenFolder } from "../../support/golden_models.ts";

Deno.test("roundedAlibi() rounds slopes, places and their products to eight digits, half way to even", () => {
  const [half, third] = roundedAlibi({ alibi: [1, 1 / 3], alibiRounding: 0.5 }, 1000);
  assertEquals(half!.slice(0, 3), Float64Array.of(0, 0.5, 1));
  // places above 256 are even numbers, above 512 multiples of four
  assertEquals([256, 257, 258, 259, 512, 514, 518].map((j) => half![j]! * 2), [
    256,
    256,
    258,
    260,
    512,
    512,
    520,
  ]);
  const slope = 171 / 512;
  assertEquals(third![1], slope / 2);
  assertEquals(third![3], 1 / 2); // 513/512 has ten digits
});

Deno.test("openModel() takes Falcon's slopes exact or rounded, as the option or else config.json says", async () => {
  const roundingOf = async (name: string, options?: OpenOptions): Promise<unknown> => {
    using model = await openModel(goldenFolder(name), options);
    const { blocks } = model.spec.stacks["decoder"]!;
    const { alibi, alibiRounding } = blocks[0]!.branches[0]!.sublayer as Attention;
    return [alibi!.length, alibiRounding];
  };
  assertEquals(await roundingOf("falcon-rounded"), [16, 1]);
  assertEquals(await roundingOf("falcon-rounded", { alibi: "exact" }), [16, undefined]);
  assertEquals(await roundingOf("falcon-alibi"), [4, undefined]);
  assertEquals(await roundingOf("falcon-alibi", { alibi: "bfloat16" }), [4, 0.5]);
  assertEquals(await roundingOf("bloom", { alibi: "exact" }), [3, undefined]);
  for (const other of ["bloom", "falcon"]) {
    await assertRejects(
      () => openModel(goldenFolder(other), { alibi: "bfloat16" }),
      RangeError,
      "Cannot round slopes of this model as transformers does",
    );
  }
});

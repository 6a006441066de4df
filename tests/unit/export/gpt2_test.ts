// Decoders as GPT-2: names and orders change, the function does not.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { disposeTree } from "../../../lib/core/mod.ts";
import { compareModels } from "../../../lib/convert/compare.ts";
import { foldVariant } from "../../../lib/convert/fold_variant.ts";
import { randomInputs } from "../../../lib/convert/inputs.ts";
import { hasOneEps, toGpt2 } from "../../../lib/export/gpt2.ts";
import { decoderModel } from "../../../lib/families/own_model.ts";
import type { Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import type { DecoderConfig } from "../../../lib/decoder/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { mapStacks } from "../../../lib/model/spec.ts";
import { onBackend } from "../../support/backends.ts";
import { openGoldenHead } from "../../support/golden_heads.ts";
import { assertOutputs, goldenOf, openGolden, outputsOf } from "../../support/golden_models.ts";

/** A decoder with random parameters. */
async function decoderOf(extra: Partial<DecoderConfig>): Promise<Model> {
  const config = { vocabulary: 11, context: 12, width: 8, depth: 3, heads: 2, ...extra };
  const parameters = initDecoder(config, 1);
  try {
    return await decoderModel(parameters, config);
  } finally {
    disposeTree(parameters);
  }
}

/** The largest relative difference of the logits. */
async function difference(expected: Model, actual: Model): Promise<number> {
  const [inputs] = randomInputs(expected, 0, 1);
  const options = { arithmetic: float64, dtype: "F64" } as const;
  const { outputs } = await compareModels(expected, actual, inputs!, options);
  return outputs["logits"]!.relative;
}

/** Sums in another order change the last of 16 digits. */
const exact = 1e-12;

for (
  const extra of [{}, { tied: true }, { bias: false, activation: "relu" }, {
    tied: true,
    init: "normal",
  }] as const
) {
  Deno.test(`toGpt2() computes what the decoder does, ${JSON.stringify(extra)}`, () =>
    onBackend("cpu", async () => {
      const model = await decoderOf(extra);
      const written = toGpt2(model);
      assertEquals(written.family.id, "gpt2");
      assert(await difference(model, written) < exact);
    }));
}

Deno.test("toGpt2() takes a folded variant; several ε become one, and the difference is small but there", () =>
  onBackend("cpu", async () => {
    const model = await decoderOf({ residual: "deep-norm", ends: ["final"] });
    assertThrows(() => toGpt2(model), RangeError, "Post-LN");
    const folded = await foldVariant(await decoderOf({ residual: "lns" }));
    assert(hasOneEps(folded));
    assert(await difference(folded, toGpt2(folded)) < exact);
    const { config } = folded;
    const twoEps = { ...folded, config, spec: withEps(folded, 2e-5) };
    assert(!hasOneEps(twoEps));
    const apart = await difference(twoEps, toGpt2(twoEps));
    assert(apart > 1e-5 && apart < 0.1, `${apart}`);
  }));

/** A spec whose final norm has another ε. */
function withEps({ spec }: Model, eps: number): Model["spec"] {
  const stack = spec.stacks["decoder"]!;
  return { ...spec, stacks: { decoder: { ...stack, final: { ...stack.final!, eps } } } };
}

Deno.test("toGpt2() refuses what has no place there, by name", () =>
  onBackend("cpu", async () => {
    const refused: readonly (readonly [Partial<DecoderConfig>, string])[] = [
      [{ positions: "rotary" }, "its positions are not learned"],
      [{ activation: "swiglu" }, "its feed-forward network has a gate"],
      [{ norm: "rms" }, "its norms are rms, which sees the mean of the stream"],
      [{ norm: "crms" }, 'its norms are crms: convert it to "pre-ln"'],
      [{ residual: "lns" }, "its stream is scaled (GPAS, LNS, DeepNorm): fold it first"],
      [
        { ends: ["embedding", "final"] },
        "it has a norm between its embeddings and the first layer (norm.embedding.gain)",
      ],
      [{ ends: [] }, "it has no norm after its last layer"],
    ];
    for (const [extra, reason] of refused) {
      const model = await decoderOf(extra);
      assertThrows(
        () => toGpt2(model),
        RangeError,
        `Cannot write this normkit model as GPT-2: ${reason}`,
      );
    }
  }));

Deno.test("toGpt2() takes scores of any factor, rows of positions from an offset, and matrices of either layout", async () => {
  using source = await openGolden("opt");
  const { inputs } = await goldenOf("opt");
  const unscaled: Model = {
    ...source,
    spec: mapStacks(source.spec, (stack) => ({
      ...stack,
      blocks: stack.blocks.map((block) => ({
        ...block,
        branches: block.branches.map((branch) =>
          branch.sublayer.kind === "attention"
            ? { ...branch, sublayer: { ...branch.sublayer, scale: 1 } }
            : branch
        ),
      })),
    })),
  };
  for (const model of [source, unscaled]) {
    const expected = await outputsOf(float64, model, inputs);
    assertOutputs(await outputsOf(float64, toGpt2(model), inputs), expected, exact, "opt");
  }
});

Deno.test("toGpt2() refuses a head that does not predict tokens, and more heads than one", async () => {
  const reasons = {
    "gpt2-tokens": "its head does not predict tokens",
    "gpt2-sequence": "its head does not predict tokens",
    "gpt2-double": "it has 2 heads, not one",
    "gpt2-body": "it has 0 heads, not one",
  };
  for (const [name, reason] of Object.entries(reasons)) {
    using golden = await openGoldenHead(name);
    const { message } = assertThrows(() => toGpt2(golden.model), RangeError);
    assertEquals(message, `Cannot write this GPT-2 model as GPT-2: ${reason}`);
  }
});

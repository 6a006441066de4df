// The mask token of images writes to the stream: it is centered and cut as the tokens in front of the patches are.

import { assertEquals, assertThrows } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { convert, targets } from "../../../lib/convert/convert.ts";
import { describeModel, type Model } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { mapStacks, type ModelSpec } from "../../../lib/model/spec.ts";
import { assertClose } from "../../support/close.ts";
import { editedTensors } from "../../support/edited_tensors.ts";
import { assertOutputs, goldenOf, openGolden, outputsOf } from "../../support/golden_models.ts";
import { toleranceInFloat64 } from "../../support/tolerances.ts";

/** A spec whose images start with the mask token in the place of their first token. */
function withMaskFirst(spec: ModelSpec): ModelSpec {
  return mapStacks(spec, (stack) => {
    const { entry } = stack;
    if (entry.kind !== "patches") return stack;
    return { ...stack, entry: { ...entry, before: [entry.mask!, ...entry.before.slice(1)] } };
  });
}

/** A golden model of images with a mask token. */
function masked(model: Model, name: string): Model {
  if (model.tensors.has(name)) return model;
  const values = Float64Array.from({ length: 16 }, (_, at) => 1 + Math.sin(at));
  const tensors = editedTensors(model.tensors, {
    added: { [name]: { shape: [1, 1, 16], values } },
  });
  return describeModel(model.family, model.config, tensors);
}

const names: Readonly<Record<string, string>> = {
  "vit": "vit.embeddings.mask_token",
  "deit": "deit.embeddings.mask_token",
  "dinov2": "dinov2.embeddings.mask_token",
  "dinov2-with-registers": "dinov2_with_registers.embeddings.mask_token",
};

for (const [name, token] of Object.entries(names)) {
  Deno.test(`convert() of ${name} changes the mask token as what else writes to the stream`, async () => {
    using golden = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const model = masked(golden, token);
    const expected = await outputsOf(
      float64,
      { ...model, spec: withMaskFirst(model.spec) },
      inputs,
    );
    for (const to of targets) {
      const made = convert(model, { to });
      const outputs = await outputsOf(float64, { ...made, spec: withMaskFirst(made.spec) }, inputs);
      assertOutputs(outputs, expected, toleranceInFloat64("conversion"), `${name} ${to}`);
    }
    const centered = await readTensor(convert(model, { to: "pre-ln" }).tensors, token);
    assertClose([centered.reduce((sum, value) => sum + value, 0)], [0], 1e-14, token);
  });
}

Deno.test("describeModel() refuses a mask token of another width", async () => {
  using golden = await openGolden("vit");
  const added = {
    "vit.embeddings.mask_token": { shape: [1, 1, 15], values: new Float64Array(15) },
  };
  const tensors = editedTensors(golden.tensors, { added });
  const { message } = assertThrows(
    () => describeModel(golden.family, golden.config, tensors),
    RangeError,
  );
  assertEquals(
    message,
    "Cannot use vit.embeddings.mask_token of shape [1, 1, 15] with this config.json: its last axis must be 16",
  );
});

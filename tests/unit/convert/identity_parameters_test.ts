// Gains of 1, biases of 0 and λ of 1 where a family has such and the model does not.

import { assertEquals } from "@std/assert";
import { foldLayerScale } from "../../../lib/convert/center.ts";
import { foldNorms } from "../../../lib/convert/fold_norms.ts";
import { withIdentityParameters } from "../../../lib/convert/identity_parameters.ts";
import type { Model } from "../../../lib/families/model.ts";
import { openGolden } from "../../support/golden_models.ts";
import { numbersIn, vectorIn } from "../../support/tensor_rows.ts";

const weightless = (model: Model): Model => foldNorms(foldLayerScale(model), () => true);

for (const name of ["gpt2", "gptj", "dinov2", "clip", "mpt", "llama", "whisper"]) {
  Deno.test(`withIdentityParameters() of ${name} without gains has the names of the source again`, async () => {
    using source = await openGolden(name);
    const bare = weightless(source);
    const made = withIdentityParameters(bare);
    const filled = made.tensors.names.filter((tensor) => !bare.tensors.has(tensor));
    const gone = source.tensors.names.filter((tensor) => !bare.tensors.has(tensor));
    assertEquals(filled.toSorted(), gone.toSorted());
    for (const tensor of filled) {
      const value = tensor.endsWith("bias") ? 0 : 1;
      const numbers = await vectorIn(made.tensors, tensor);
      assertEquals(numbers, numbers.map(() => value), tensor);
      assertEquals(made.tensors.info(tensor), {
        ...made.tensors.info(tensor),
        shape: source.tensors.info(tensor).shape,
        dtype: source.tensors.info(tensor).dtype,
      });
    }
  });
}

Deno.test("withIdentityParameters() leaves what is there, and norms that have no names", async () => {
  using gpt2 = await openGolden("gpt2");
  assertEquals(
    await numbersIn(withIdentityParameters(gpt2).tensors),
    await numbersIn(gpt2.tensors),
  );
  using olmo = await openGolden("olmo");
  assertEquals(withIdentityParameters(olmo).tensors.names, olmo.tensors.names);
});

// A decoder in memory is saved as it is, in F32, or in another dtype, opens again and computes the same up to rounding.

import { assert, assertEquals } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import {
  convert,
  decoderModel,
  type Model,
  openModel,
  saveModel,
  verify,
} from "../../../lib/convert/mod.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { onEachBackend } from "../../support/backends.ts";
import { inFolder } from "../checkpoint/files.ts";

/** A decoder with what it was drawn from. */
async function drawn(): Promise<Model> {
  const config = { vocabulary: 7, context: 5, width: 8, depth: 2, heads: 2 };
  const parameters = initDecoder(config, 0);
  const model = await decoderModel(parameters, config);
  disposeTree(parameters);
  return model;
}

onEachBackend(
  "saveModel() keeps the numbers of decoderModel() in F32, bit for bit",
  () =>
    inFolder(async (folder) => {
      const model = await drawn();
      await saveModel(folder, model);
      using stored = await openModel(folder);
      assertEquals([...stored.tensors.names].sort(), [...model.tensors.names].sort());
      for (const name of stored.tensors.names) {
        assertEquals(stored.tensors.info(name).dtype, "F32", name);
        const [kept, own] = [
          await readTensor(stored.tensors, name),
          await readTensor(model.tensors, name),
        ];
        assertEquals(kept, own, name);
      }
    }),
);

onEachBackend(
  "saveModel() stores a converted decoder in F32, which openModel() opens",
  () =>
    inFolder(async (folder) => {
      const model = await drawn();
      const unrounded = convert(model, { to: "pre-crmsnorm" });
      await saveModel(folder, unrounded);
      using stored = await openModel(folder);
      assertEquals(stored.tensors.info("wte").dtype, "F32");
      const { passed, float64, unrounded: exact } = await verify(model, stored, { unrounded });
      const [rounded, before] = [float64, exact!].map(({ outputs }) => outputs["logits"]!.relative);
      assert(passed && rounded! < 1e-6 && before! < 1e-14 && before! < rounded!);
    }),
);

// A decoder in memory, saved in another dtype, opens again and computes the same up to rounding.

import { assert, assertEquals } from "@std/assert";
import { convert, decoderModel, openModel, saveModel, verify } from "../../../lib/convert/mod.ts";
import { disposeTree } from "../../../lib/core/mod.ts";
import { initDecoder } from "../../../lib/decoder/mod.ts";
import { onEachBackend } from "../../support/backends.ts";

onEachBackend("saveModel() stores a decoder in F32, which openModel() opens", async () => {
  const config = { vocabulary: 7, context: 5, width: 8, depth: 2, heads: 2 };
  const parameters = initDecoder(config, 0);
  const model = await decoderModel(parameters, config);
  disposeTree(parameters);
  const folder = await Deno.makeTempDir();
  try {
    const unrounded = convert(model, { to: "pre-crmsnorm" });
    await saveModel(folder, unrounded); // the parameters are float32, and what is made of them is stored as they are
    using stored = await openModel(folder);
    assertEquals(stored.tensors.info("wte").dtype, "F32");
    const { passed, float64, unrounded: exact } = await verify(model, stored, { unrounded });
    const [rounded, before] = [float64, exact!].map(({ outputs }) => outputs["logits"]!.relative);
    assert(passed && rounded! < 1e-6 && before! < 1e-14 && before! < rounded!);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

// BART and its kin whose config.json says that nothing is tied: as transformers saves them then, each side has a table of its own.

import { assertEquals } from "@std/assert";
import { readTensor } from "../../../lib/checkpoint/tensors.ts";
import { describeModel } from "../../../lib/families/model.ts";
import { float64 } from "../../../lib/interpret/float64.ts";
import { editedTensors } from "../../support/edited_tensors.ts";
import { assertOutputs, goldenOf, openGolden, outputsOf } from "../../support/golden_models.ts";

const [shared, encoder, decoder, head] = [
  ...["model.shared.weight", "model.encoder.embed_tokens.weight"],
  ...["model.decoder.embed_tokens.weight", "lm_head.weight"],
] as const;

for (const name of ["bart", "mbart", "blenderbot", "marian"]) {
  Deno.test(`${name} without ties reads each side's own table, and nothing reads the one that both would share`, async () => {
    using tied = await openGolden(name);
    const { inputs } = await goldenOf(name);
    const info = tied.tensors.info(shared);
    const table = { ...info, values: await readTensor(tied.tensors, shared) };
    const other = { ...info, values: table.values.map(() => 7) };
    const added = { [encoder]: table, [decoder]: table, [head]: table, [shared]: other };
    const config = { ...tied.config, tie_word_embeddings: false };
    const model = describeModel(tied.family, config, editedTensors(tied.tensors, { added }));
    const tables = Object.values(model.spec.stacks)
      .map(({ entry }) => entry.kind === "tokens" ? entry.tokens.table : undefined);
    assertEquals(tables, [encoder, decoder]);
    assertEquals(model.spec.unread, [shared]);
    const expected = await outputsOf(float64, tied, inputs);
    assertOutputs(await outputsOf(float64, model, inputs), expected, 1e-15, name);
  });
}

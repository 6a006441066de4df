// parametersIn(): every tensor of a checkpoint that a model computes with is named once, and decoders of this library decay what they
// always did.

import { assertEquals } from "@std/assert";
import { completeConfig } from "../../../lib/decoder/config.ts";
import { isGate } from "../../../lib/decoder/gates.ts";
import { decoderBlueprint } from "../../../lib/decoder/spec.ts";
import { initDecoder } from "../../../lib/decoder/initialization.ts";
import { disposeTree, tensorsOf } from "../../../lib/core/tree.ts";
import { parametersIn } from "../../../lib/model/parameters.ts";
import { residuals } from "../../../lib/residual/mod.ts";
import { decays } from "../../../lib/train/mod.ts";
import { onBackend } from "../../support/backends.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";

/** Numbers of CLIP's and SigLIP's loss, and speeds that are known: no output depends on them. */
const unread = /^logit_(scale|bias)$|inv_freq$/;

for (const name of goldenNames) {
  Deno.test(`parametersIn() names every tensor of ${name} that it computes with, matrices as such`, async () => {
    using model = await openGolden(name);
    const kinds = parametersIn(model.spec);
    const unnamed = model.tensors.names.filter((tensor) => !kinds.has(tensor));
    assertEquals(
      unnamed.filter((tensor) => !unread.test(tensor) && !model.spec.unread?.includes(tensor)),
      [],
    );
    for (const tensor of model.tensors.names.filter((one) => kinds.has(one))) {
      const { shape } = model.tensors.info(tensor);
      // Cohere's heads have gains of their own, [heads, width]; Qwen2-MoE's gate is a map of one output
      const isVector = !/shared_expert_gate\.weight$/.test(tensor) &&
        (shape.filter((length) => length > 1).length <= 1 || /[qk]_norm\.weight$/.test(tensor));
      assertEquals(
        kinds.get(tensor) === "vector",
        isVector && kinds.get(tensor) !== "table",
        tensor,
      );
    }
  });
}

Deno.test("parametersIn() of normkit's decoders are their paths; matrices and tables are what decays", () =>
  onBackend("cpu", () => {
    for (const id of residuals.flatMap(({ id }) => [id, `${id}+gpas`, `${id}+gpas-tanh-site`])) {
      for (const tied of [true, false]) {
        const config = {
          vocabulary: 5,
          context: 4,
          width: 4,
          depth: 2,
          heads: 2,
          residual: id,
          tied,
        };
        const parameters = initDecoder(config, 0);
        const kinds = parametersIn(decoderBlueprint(completeConfig(config)).spec);
        for (const leaf of tensorsOf(parameters)) {
          const kind = kinds.get(leaf.path);
          assertEquals(kind === "matrix" || kind === "table", decays(leaf), `${id} ${leaf.path}`);
          assertEquals(kind === "gate", isGate(leaf.path), `${id} ${leaf.path}`);
          assertEquals(kind === undefined, false, `${id} ${leaf.path}`);
        }
        disposeTree(parameters);
      }
    }
  }));

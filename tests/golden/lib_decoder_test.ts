// The library's decoder against PyTorch's: logits, loss and the gradient of every parameter, on every backend.

import { assertEquals } from "@std/assert";
import { disposeTree } from "../../lib/core/mod.ts";
import { decoder, type DecoderConfig } from "../../lib/decoder/mod.ts";
import { inBothForms } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { numbersOf } from "../support/evaluate.ts";
import { lossAndGradients, parametersOf } from "../support/parameters.ts";
import { tolerance } from "../support/tolerances.ts";
import golden from "./decoder.json" with { type: "json" };

for (const model of golden.models) {
  const { biases, ...rest } = model.config;
  const config = { ...rest, bias: biases, embeddingScale: 1 } as DecoderConfig;

  inBothForms(`decoder() of the ${model.name} model is PyTorch's`, async (backend) => {
    const parameters = parametersOf(config, model.parameters);
    const [logits] = await numbersOf(() => [decoder(parameters, config, model.tokens)]);
    assertClose(logits!, model.logits.values, tolerance(backend, "value"), "logits");

    const targets = Int32Array.from(model.targets.flat());
    const { loss, gradients } = await lossAndGradients(parameters, config, model.tokens, targets);
    assertClose([loss], [model.loss], tolerance(backend, "value"), "loss");
    assertEquals([...gradients.keys()].sort(), Object.keys(model.gradients).sort());
    for (const [path, expected] of Object.entries(model.gradients)) {
      // a softmax does not see a bias on the keys: PyTorch's 1e-18 is 0
      const exact = path.endsWith(".bk") ? expected.map(() => 0) : expected;
      assertClose(gradients.get(path)!, exact, tolerance(backend, "gradient"), path);
    }
    disposeTree(parameters);
  });
}

// Trains a small model, makes its norms cheaper, and proves that the function is the same.

import { disposeTree, makeCorpus, saveRun, train, useBackend } from "@normkit/normkit";
import { certificateText, convert, openModel, saveModel, verify } from "@normkit/normkit/convert";

await useBackend("cpu");
const corpus = makeCorpus("Call me Ishmael. ".repeat(50));
const { parameters, record } = await train({
  model: { context: 16, width: 16, depth: 2, heads: 2, residual: "pre-ln" },
  schedule: { kind: "constant", peak: 0.01 },
  seed: 0,
  steps: 5,
  rows: 4,
}, corpus);
await saveRun("my folder/runs", record, parameters);
disposeTree(parameters);

using model = await openModel("my folder/runs/pre-ln");
const cheaper = convert(model, { to: "pre-rmsnorm" });
await saveModel("my folder/rms", cheaper);
using saved = await openModel("my folder/rms");
const certificate = await verify(model, saved, { unrounded: cheaper });
console.log(certificateText(certificate));
if (!certificate.passed) throw new Error("The conversion is not exact");

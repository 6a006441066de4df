// What .ci/run runs with the oldest Deno that the library supports: a training on WASM, with its kernels, whose loss falls.
// `deno test` and the tools of a checkout are for the newest one.

import { disposeTree, makeCorpus, train, useBackend } from "../mod.ts";

const { kernels } = await useBackend("wasm");
const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(40));
const { parameters, record } = await train({
  model: { context: 16, width: 16, depth: 2, heads: 2, residual: "peri-ln" },
  schedule: { kind: "constant", peak: 0.03 },
  seed: 0,
  steps: 60,
  rows: 4,
}, corpus);
disposeTree(parameters);
const losses = record.rows.filter(({ kind }) => kind === "step").map(({ loss }) => Number(loss));
console.log(`Deno ${Deno.version.deno}, ${kernels?.detail}: loss ${losses[0]} to ${losses.at(-1)}`);
if (!(losses.at(-1)! < losses[0]! - 0.5)) throw new Error("The loss does not fall");

// Fine-tuning against transformers: the losses of three AdamW steps of every decoder, and where its parameters end.

import { assertEquals } from "@std/assert";
import { readAll } from "../../lib/backend/read.ts";
import { disposeTree } from "../../lib/core/tree.ts";
import type { NamedTensors } from "../../lib/decoder/mod.ts";
import { fineTune, loadTrainable } from "../../lib/train/mod.ts";
import { onEachBackend } from "../support/backends.ts";
import { assertClose } from "../support/close.ts";
import { decoderNames, openGolden } from "../support/golden_models.ts";
import { oneRow } from "../support/one_row.ts";
import golden from "./finetune.json" with { type: "json" };

/** What the losses may be off, relative; the float64 ones of transformers pass through float32 on their way. */
const limit = 1e-5;

const { rate, steps, betas: [beta1, beta2], eps, weightDecay } = golden.settings;

const settings = {
  optimizer: { kind: "adamw", betas: [beta1!, beta2!], eps, weightDecay },
  schedule: { kind: "constant", peak: rate },
  seed: 0,
  steps,
  rows: 1,
  length: golden.tokens.length - 1,
  evaluationBatches: 1,
} as const;

/**
 * Biases of keys without rotation shift all scores of a query alike: their gradient is exactly 0, and in float32 a rounding error that
 * AdamW divides by its own size. Nothing depends on them.
 */
const isGauge = (name: string): boolean => /k_proj\.bias$/.test(name);

/** Matrices of experts are one tensor in transformers. */
const isJoined = (name: string): boolean => /\.experts\./.test(name);

async function starts(parameters: NamedTensors): Promise<Record<string, number[]>> {
  const names = Object.keys(parameters);
  const values = await readAll(names.map((name) => parameters[name]!));
  return Object.fromEntries(names.map((name, at) => [name, Array.from(values[at]!.slice(0, 4))]));
}

Deno.test("fine-tuning is held against transformers for every causal language model", () =>
  assertEquals(Object.keys(golden.models), decoderNames));

for (const [name, expected] of Object.entries(golden.models)) {
  onEachBackend(`fineTune() of ${name} has transformers' losses in three AdamW steps`, async () => {
    using source = await openGolden(name);
    const { parameters, model } = await loadTrainable(source);
    const { parameters: trained, record } = await fineTune(
      parameters,
      model,
      settings,
      oneRow(golden.tokens),
    );
    const losses = record.rows.filter(({ kind }) => kind === "step").map(({ loss }) =>
      Number(loss)
    );
    const last = record.rows.findLast(({ kind }) => kind === "evaluation")!;
    assertClose([...losses, Number(last["nats"])], expected.losses, limit, "losses");
    const final = await starts(trained);
    const names = Object.keys(final).filter((path) => !isJoined(path));
    assertEquals(names.sort(), Object.keys(expected.final).sort());
    for (const [path, numbers] of Object.entries(expected.final)) {
      if (!isGauge(path)) assertClose(final[path]!, numbers, 1e-4, path);
    }
    disposeTree([parameters, trained]);
  });
}

// Fine-tuning: training a decoder of any family further, from parameters that it has.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { mapTree } from "../core/tree.ts";
import { decoder } from "../decoder/decoder.ts";
import { describedBy, type DescribedDecoder, type NamedTensors } from "../decoder/described.ts";
import { parametersIn } from "../model/parameters.ts";
import { sourceOf } from "../residual/code.ts";
import { manifestOf } from "./manifest.ts";
import { causalLm } from "./causal_lm.ts";
import { fineTuneNumbers } from "./complete_settings.ts";
import type { Batch } from "./batch.ts";
import { type Corpus, requireRoom } from "./corpus.ts";
import { determinedFineTuning, hashOfParameters } from "./determinants.ts";
import { runTraining } from "./loop.ts";
import type { FineTuneSettings, Row, RunRecord, TextFacts } from "./record.ts";
import type { Tokenizer } from "./tokenizer.ts";
import type { TrainOptions } from "./train.ts";

/** What accompanies a fine-tuning without determining it. */
export interface FineTuneOptions
  extends
    Pick<TrainOptions, "signal" | "onRow" | "state" | "label" | "probes" | "command" | "commit"> {
  /** Runs at every held-out evaluation, on a fixed held-out batch. */
  readonly probe?: (
    parameters: NamedTensors,
    model: DescribedDecoder,
    batch: Batch,
  ) => Promise<readonly Omit<Row, "step">[]>;
  /** Where the model is from, for the manifest; such as its folder. */
  readonly source?: string;
}

const optionKinds: OptionKinds<FineTuneOptions> = {
  signal: "signal?",
  onRow: "function?",
  state: "object?",
  probe: "function?",
  source: "string?",
  label: "string?",
  probes: "object?",
  command: "string?",
  commit: "string?",
};

/** What a fine-tuning leaves. */
export interface FineTuneResult<T extends Tokenizer> {
  /** The trained parameters; the caller frees them. After a stop, the last ones whose loss was finite. */
  readonly parameters: NamedTensors;
  /** What was seen, and what made it. */
  readonly record: RunRecord<FineTuneSettings, TextFacts<T>>;
}

/** Requires parameters that the model computes with: of others there is no gradient. */
function requireNamed(parameters: NamedTensors, { spec }: DescribedDecoder): void {
  const kinds = parametersIn(spec);
  const stranger = Object.keys(parameters).find((name) => !kinds.has(name));
  if (stranger === undefined) return;
  throw new RangeError(`Cannot train ${stranger}: the model has no such parameter`);
}

function requireKnown(
  { name, train, heldOut }: Corpus<Tokenizer>,
  { vocabulary }: DescribedDecoder,
): void {
  for (const tokens of [train, heldOut]) {
    const bad = tokens.find((token) => token < 0 || token >= vocabulary);
    if (bad === undefined) continue;
    throw new RangeError(
      `Cannot train on ${name}: it has the token ${bad}, and the model's go from 0 to ${
        vocabulary - 1
      }`,
    );
  }
}

/**
 * Trains a decoder of any family further.
 *
 * Matrices and tables decay as the optimizer says; biases, the parameters of norms and gates do not, whatever their names are. Dropout
 * is what the settings say, else none.
 *
 * @param parameters The parameters to start from, by the names of the spec; they are copied. `loadTrainable` reads those of a folder.
 * @param model What they are the parameters of.
 * @param settings Optimizer, schedule, seed, steps and batch.
 * @param corpus The text, in the model's tokens.
 * @param options Signal, callbacks, a probe.
 * @returns The parameters and the record.
 * @throws {OutOfMemoryError} If there is no room for the parameters. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is out of range, the model lacks a parameter or does not name one, or the text is shorter than a
 * row or has tokens that the model does not know.
 */
export async function fineTune<T extends Tokenizer>(
  parameters: NamedTensors,
  model: DescribedDecoder,
  settings: FineTuneSettings,
  corpus: Corpus<T>,
  options: FineTuneOptions = {},
): Promise<FineTuneResult<T>> {
  const described = { ...describedBy(model), dropout: settings?.dropout ?? 0 };
  const numbers = fineTuneNumbers(settings, described.context);
  requireOptions("fineTune()", options, optionKinds);
  requireRoom(corpus, numbers.length, ["train", "heldOut"]);
  requireKnown(corpus, described);
  requireNamed(parameters, described);
  const { probe, probes, signal, onRow, state, source, label, command, commit } = options;
  const backend = tf.getBackend();
  const known = determinedFineTuning({
    settings,
    corpus,
    model: described,
    backend,
    start: await hashOfParameters(parameters),
    probes: probes ?? sourceOf(probe),
  });
  const { parameters: trained, rows, ...facts } = await runTraining(
    causalLm<NamedTensors>(
      {
        model: described,
        logits: (p, tokens, given) => decoder(p, described, tokens, given),
        start: () => mapTree<NamedTensors, Tensor>(parameters, (leaf) => leaf.clone()),
        probe: probe && ((p, batch) => probe(p, described, batch)),
      },
      corpus,
      numbers,
    ),
    { settings, numbers, signal, onRow, state, determines: known.determines },
  );
  const [stack] = Object.values(described.spec.stacks);
  const manifest = manifestOf({
    ...facts,
    variant: stack!.residual.id,
    ownVariant: false,
    known,
    probes,
    source,
    backend,
    label,
    command,
    commit,
  });
  return { parameters: trained, record: { manifest, rows } };
}

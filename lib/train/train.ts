// Training a decoder from the start, or from parameters of its own.

import * as tf from "@tensorflow/tfjs";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import type { Tensor } from "../core/tensor.ts";
import { mapTree } from "../core/tree.ts";
import { completeConfig, type DecoderConfig } from "../decoder/config.ts";
import { decoder } from "../decoder/decoder.ts";
import { type DecoderParameters, initDecoder } from "../decoder/initialization.ts";
import { decoderBlueprint } from "../decoder/spec.ts";
import { sourceOf } from "../residual/code.ts";
import type { Residual } from "../residual/types.ts";
import type { Batch } from "./batch.ts";
import { causalLm, type Logits } from "./causal_lm.ts";
import { requireVocabulary, trainNumbers } from "./complete_settings.ts";
import { type Corpus, requireRoom } from "./corpus.ts";
import { configOf, type Determinants, determined, hashOfParameters } from "./determinants.ts";
import { runTraining } from "./loop.ts";
import { manifestOf } from "./manifest.ts";
import type { StateOptions } from "./state_folder.ts";
import { ownVariant, requireRoomToTrain } from "./requirements.ts";
import type { Row, RunRecord, TrainSettings } from "./record.ts";

/** From parameters that are trained to the decoder that runs; the same decoder, computed in another way. */
export type ModelForm = (
  parameters: DecoderParameters,
  config: DecoderConfig,
) => { readonly parameters: DecoderParameters; readonly config: DecoderConfig };

/** Looks at a model at a step; rows of its own kind, numbers only. */
export type Probe = (
  parameters: DecoderParameters,
  config: DecoderConfig,
  batch: Batch,
) => Promise<readonly Omit<Row, "step">[]>;

/** What accompanies a run without determining it. */
export interface TrainOptions {
  /** A variant of one's own: the one that `settings.model.residual` names by its id. */
  readonly residual?: Residual;
  /** Parameters to start from; they are copied. Drawn from the seed by default. */
  readonly parameters?: DecoderParameters;
  /**
   * Gives the decoder that computes the loss, from the parameters that are trained, inside the gradient; the parameters as they
   * are by default. It must compute the same function, such as `(p, c) => trainingForm(p, c, "pre-rmsnorm")`: evaluations and
   * probes run the parameters as they are, and the result holds them.
   */
  readonly form?: ModelForm;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal;
  /** Receives each row as it is made. */
  readonly onRow?: (row: Row) => void;
  /** Where states are saved from which the same call goes on, bit for bit, if its process ends before its last step. */
  readonly state?: StateOptions;
  /** Runs at every held-out evaluation, on a fixed held-out batch. */
  readonly probe?: Probe;
  /** What tells the run from others of the same settings, for the manifest; such as the name of `form`. */
  readonly label?: string;
  /** What `probe` looks at, by name, for the manifest; without names the text of the function tells runs apart. */
  readonly probes?: Readonly<Record<string, unknown>>;
  /** The command that started the run, for the manifest. */
  readonly command?: string;
  /** The commit of the code, for the manifest. */
  readonly commit?: string;
}

const optionKinds: OptionKinds<TrainOptions> = {
  residual: "object?",
  parameters: "object?",
  form: "function?",
  signal: "signal?",
  onRow: "function?",
  state: "object?",
  probe: "function?",
  label: "string?",
  probes: "object?",
  command: "string?",
  commit: "string?",
};

/** What a run leaves. */
export interface TrainResult {
  /** The trained parameters; the caller frees them. After a stop, the last ones whose loss was finite. */
  readonly parameters: DecoderParameters;
  /** The model's complete configuration, as {@linkcode decoder} takes it. */
  readonly config: DecoderConfig;
  /** What was seen, and what made it. */
  readonly record: RunRecord;
}

/** All that determines a run. */
async function determinantsOf(
  settings: TrainSettings,
  corpus: Corpus,
  options: Omit<TrainOptions, "residual"> & { readonly residual: Residual | undefined },
): Promise<Determinants> {
  const { residual, parameters, label, form, probes, probe } = options;
  return {
    settings,
    corpus,
    backend: tf.getBackend(),
    residual,
    form: label ?? sourceOf(form),
    probes: probes ?? sourceOf(probe),
    start: parameters && await hashOfParameters(parameters),
  };
}

/** The logits of the decoder that a form gives, of the decoder itself by default. */
function logitsIn(form: ModelForm | undefined, config: DecoderConfig): Logits<DecoderParameters> {
  return (parameters, tokens, options) => {
    const model = form?.(parameters, config) ?? { parameters, config };
    return decoder(model.parameters, model.config, tokens, options);
  };
}

/** Parameters like the given ones, or drawn from the seed. */
function startOf(
  { parameters }: TrainOptions,
  config: DecoderConfig,
  seed: number,
): DecoderParameters {
  return parameters === undefined
    ? initDecoder(config, seed)
    : mapTree<DecoderParameters, Tensor>(parameters, (leaf) => leaf.clone());
}

/**
 * Trains a decoder on a text.
 *
 * The same settings and corpus give the same record, bit for bit, on the WASM and CPU backends.
 *
 * @param settings Model, optimizer, schedule, seed, steps and batch.
 * @param corpus The text.
 * @param options Signal, callbacks, probes, starting parameters.
 * @returns The parameters, the configuration and the record.
 * @throws {OutOfMemoryError} If there is no room for the parameters, their gradient and the moments. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is out of range, the text is shorter than a row, or `options.residual` has another id than the
 * settings name.
 */
export async function train(
  settings: TrainSettings,
  corpus: Corpus,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const numbers = trainNumbers(settings);
  requireOptions("train()", options, optionKinds);
  requireRoom(corpus, numbers.length, ["train", "heldOut"]);
  requireVocabulary(settings, corpus.tokenizer.vocabulary);
  const own = ownVariant(settings.model.residual, options.residual);
  const run = await determinantsOf(settings, corpus, { ...options, residual: own });
  const config = configOf(run);
  const known = determined(run);
  requireRoomToTrain(decoderBlueprint(completeConfig(config)).starts, settings);
  const { form, probe, signal, onRow, state, label, probes, command, commit } = options;
  const { parameters, rows, ...facts } = await runTraining(
    causalLm<DecoderParameters>(
      {
        model: config,
        logits: logitsIn(form, config),
        start: () => startOf(options, config, settings.seed),
        probe: probe && ((parameters, batch) => probe(parameters, config, batch)),
      },
      corpus,
      numbers,
    ),
    { settings, numbers, signal, onRow, state, determines: known.determines },
  );
  const manifest = manifestOf({
    ...facts,
    variant: settings.model.residual ?? "pre-ln",
    ownVariant: own !== undefined,
    known,
    probes,
    backend: run.backend,
    label,
    command,
    commit,
  });
  return { parameters, config, record: { manifest, rows } };
}

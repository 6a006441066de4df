// The training loop: batches in, parameters and a record out. It stops at a signal or at a loss that is not finite, and
// always returns the last parameters whose loss was finite.

import { Random } from "../core/random.ts";
import { takeNumbers } from "../core/read.ts";
import type { Tensor } from "../core/tensor.ts";
import { countParameters, disposeTree, mapTree } from "../core/tree.ts";
import type { DecoderConfig } from "../models/config.ts";
import { type DecoderParameters, initDecoder, type Tokens } from "../models/decoder.ts";
import { isRegistered } from "../residual/registry.ts";
import type { Residual } from "../residual/types.ts";
import {
  clipGradient,
  type ClippedGradient,
  lossAndGradient,
  type ModelForm,
} from "./_gradient.ts";
import { manifestOf } from "./_manifest.ts";
import { runNumbers } from "./_settings.ts";
import { globalNorm } from "./clip.ts";
import { type Batch, randomBatch } from "./batch.ts";
import { type Corpus, requireRoom } from "./corpus.ts";
import { gateWarnings, locateNonFinite } from "./diagnose.ts";
import { evaluate } from "./evaluate.ts";
import { makeOptimizer, type OptimizerState } from "./optimizer.ts";
import type { Row, RunRecord, Stop, TrainSettings } from "./record.ts";
import { makeSchedule } from "./schedule.ts";

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
  /** Runs at every held-out evaluation, on a fixed held-out batch. */
  readonly probe?: Probe;
  /** What tells the run from others of the same settings, for the manifest; such as the name of `form`. */
  readonly label?: string;
  /** The command that started the run, for the manifest. */
  readonly command?: string;
  /** The commit of the code, for the manifest. */
  readonly commit?: string;
}

/** What a run leaves. */
export interface TrainResult {
  /** The trained parameters; the caller frees them. After a stop, the last ones whose loss was finite. */
  readonly parameters: DecoderParameters;
  /** The model's complete configuration, as {@linkcode decoder} takes it. */
  readonly config: DecoderConfig;
  /** What was seen, and what made it. */
  readonly record: RunRecord;
}

/** The variant of one's own, where there is one, the settings name it, and it is another than the registry's of that id. */
function ownVariant(
  { model }: TrainSettings,
  { residual }: TrainOptions,
): { residual?: Residual } {
  if (residual === undefined) return {};
  if (residual.id === model.residual) return isRegistered(residual) ? {} : { residual };
  throw new RangeError(
    `Cannot train the variant "${residual.id}" under settings that name ` +
      `${model.residual === undefined ? "none" : `"${model.residual}"`}: the ids must be equal`,
  );
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
 * @throws {RangeError} If a setting is out of range, the text is shorter than a row, or `options.residual` has another id than the
 * settings name.
 */
export async function train(
  settings: TrainSettings,
  corpus: Corpus,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const { seed } = settings;
  const { steps, rows, length, accumulate, reportEvery, evaluateEvery, evaluationBatches } =
    runNumbers(settings);
  requireRoom(corpus, length, ["train", "heldOut"]);
  const own = ownVariant(settings, options);
  const config: DecoderConfig = {
    ...settings.model,
    vocabulary: corpus.tokenizer.vocabulary,
    ...own,
  };
  const rate = makeSchedule(settings.schedule);
  const optimizer = makeOptimizer(settings.optimizer ?? { kind: "adamw" });
  const random = new Random(seed);
  const [batchRandom, dropoutRandom] = [random.fork("batches"), random.fork("dropout")];
  const watched = randomBatch(corpus.heldOut, { rows, length }, random.fork("probe"));
  const started = new Date();
  const seen: Row[] = [];
  const report = (row: Row): void => {
    seen.push(row);
    options.onRow?.(row);
  };

  let parameters = options.parameters === undefined
    ? initDecoder(config, seed)
    : mapTree<DecoderParameters, Tensor>(options.parameters, (leaf) => leaf.clone());
  let state: OptimizerState<DecoderParameters> = optimizer.init(parameters);
  let good = parameters; // the last parameters whose loss was finite
  let stopped: Stop | undefined;
  let looked: number | undefined; // the step of the last look
  const warned = new Set<string>();
  const count = countParameters(parameters);

  const nonFinite = async (
    step: number,
    what: string,
    loss: number,
    tokens: Tokens,
  ): Promise<Stop> => {
    const where = await locateNonFinite(parameters, config, tokens);
    const kept = good === parameters
      ? "there are no earlier parameters to keep"
      : "kept the last parameters with a finite loss";
    const message = `The ${what} at step ${step} is ${loss}, non-finite ${where}; ${kept}`;
    return { reason: "non-finite", step, message };
  };
  /** Evaluates and probes; a held-out loss that is not finite stops the run. */
  const look = async (step: number): Promise<Stop | undefined> => {
    looked = step;
    const { nats, bitsPerByte } = await evaluate(parameters, config, corpus, {
      rows,
      length,
      batches: evaluationBatches,
    });
    report({ kind: "evaluation", step, nats, bitsPerByte });
    if (!Number.isFinite(nats)) return await nonFinite(step, "held-out loss", nats, watched.inputs);
    for (const row of await options.probe?.(parameters, config, watched) ?? []) {
      report({ ...row, step } as Row);
    }
    for (const message of await gateWarnings(parameters, config)) {
      if (!warned.has(message.split(" ")[0]!)) report({ kind: "warning", step, message });
      warned.add(message.split(" ")[0]!);
    }
    return undefined;
  };

  try {
    stopped = await look(0);
    for (let step = 1; step <= steps && stopped === undefined; step++) {
      if (options.signal?.aborted === true) {
        const message = `Stopped by the caller before step ${step}`;
        const bad = looked === step - 1 ? undefined : await look(step - 1);
        stopped = bad ?? { reason: "aborted", step, message };
        break;
      }
      const batches = Array.from(
        { length: accumulate },
        () => randomBatch(corpus.train, { rows, length }, batchRandom),
      );
      const computed = lossAndGradient(parameters, config, batches, {
        dropout: dropoutRandom.fork(step),
        form: options.form,
      });
      let clipped: ClippedGradient = { gradient: computed.gradient };
      try {
        if (step % reportEvery === 0 || step === steps) {
          const [loss, gradientNorm] = await takeNumbers([
            computed.loss,
            globalNorm(computed.gradient),
          ]) as [number, number];
          report({ kind: "step", step, loss, rate: rate(step), gradientNorm });
          await new Promise((resolve) => setTimeout(resolve)); // lets signals and timers through
          if (!Number.isFinite(loss)) {
            stopped = await nonFinite(step, "loss", loss, batches[0]!.inputs);
            break;
          }
          if (good !== parameters) disposeTree(good);
          good = parameters;
        } else {
          computed.loss.dispose();
        }
        clipped = clipGradient(computed.gradient, settings);
        const { gradient, scale } = clipped;
        const next = optimizer.update(parameters, gradient, state, rate(step), scale);
        disposeTree(state.moments);
        if (parameters !== good) disposeTree(parameters);
        ({ parameters, state } = next);
      } finally {
        disposeTree(clipped);
      }
      if (step % evaluateEvery === 0 || step === steps) stopped = await look(step);
    }
    if (stopped?.reason !== "non-finite") {
      if (good !== parameters) disposeTree(good);
      good = parameters;
    }
  } catch (error) {
    disposeTree(good);
    throw error;
  } finally {
    disposeTree(state.moments);
    if (parameters !== good) disposeTree(parameters);
  }
  const { label, command, commit } = options;
  const manifest = manifestOf({
    settings,
    ownVariant: own.residual !== undefined,
    corpus,
    parameters: count,
    started,
    stopped,
    label,
    command,
    commit,
  });
  return { parameters: good, config, record: { manifest, rows: seen } };
}

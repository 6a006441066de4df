// The training loop: batches in, parameters and a record out. It stops at a signal, at a loss that is not finite or where memory
// is full, and always returns the last parameters whose loss was finite.

import * as tf from "@tensorflow/tfjs";
import { untilCut } from "../backend/interrupt.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { OutOfMemoryError } from "../backend/out_of_memory.ts";
import { Random } from "../core/random.ts";
import { takeNumbers } from "../backend/read.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { countParameters, disposeTree, mapTree } from "../core/tree.ts";
import type { DecoderConfig } from "../decoder/config.ts";
import type { Tokens } from "../decoder/decoder.ts";
import { type DecoderParameters, initDecoder } from "../decoder/initialization.ts";
import { sourceOf } from "../residual/code.ts";
import { isRegistered } from "../residual/registry.ts";
import type { Residual } from "../residual/types.ts";
import {
  clipGradient,
  type ClippedGradient,
  lossAndGradient,
  type ModelForm,
} from "./step_gradient.ts";
import { manifestOf } from "./manifest.ts";
import { requireVocabulary, runNumbers } from "./complete_settings.ts";
import { globalNorm } from "./clip.ts";
import { type Batch, randomBatch } from "./batch.ts";
import { type Corpus, requireRoom } from "./corpus.ts";
import { configOf, type Determinants, determined, hashOfParameters } from "./determinants.ts";
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

/** The variant of one's own, where there is one, the settings name it, and it is another than the registry's of that id. */
function ownVariant(
  { model }: TrainSettings,
  { residual }: TrainOptions,
): Residual | undefined {
  if (residual === undefined) return undefined;
  if (residual.id === model.residual) return isRegistered(residual) ? undefined : residual;
  throw new RangeError(
    `Cannot train the variant "${residual.id}" under settings that name ` +
      `${model.residual === undefined ? "none" : `"${model.residual}"`}: the ids must be equal`,
  );
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

/** What `f` makes, or nothing of it where it throws. */
function whole<T>(f: () => T): T {
  return tf.tidy(f as () => tf.TensorContainer) as T;
}

/** The stop at a full memory; other errors go on. */
function outOfMemory(error: unknown, step: number): Stop {
  if (!(error instanceof OutOfMemoryError)) throw error;
  const kept = step === 0
    ? "the parameters of the start"
    : "the last parameters with a finite loss";
  const message = `The memory was full in step ${step}, kept ${kept}. ${error.message}`;
  return { reason: "out-of-memory", step, message };
}

/** The gradient of a step, and what it is to be multiplied by. */
type Computed = ClippedGradient & { readonly loss: Scalar };

/**
 * Trains a decoder on a text.
 *
 * The same settings and corpus give the same record, bit for bit, on the WASM and CPU backends.
 *
 * @param settings Model, optimizer, schedule, seed, steps and batch.
 * @param corpus The text.
 * @param options Signal, callbacks, probes, starting parameters.
 * @returns The parameters, the configuration and the record.
 * @throws {OutOfMemoryError} If there is no room for the parameters. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is out of range, the text is shorter than a row, or `options.residual` has another id than the
 * settings name.
 */
export async function train(
  settings: TrainSettings,
  corpus: Corpus,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const { steps, rows, length, accumulate, reportEvery, evaluateEvery, evaluationBatches } =
    runNumbers(settings);
  requireOptions("train()", options, optionKinds);
  const { seed } = settings;
  requireRoom(corpus, length, ["train", "heldOut"]);
  requireVocabulary(settings, corpus.tokenizer.vocabulary);
  const own = ownVariant(settings, options);
  const run = await determinantsOf(settings, corpus, { ...options, residual: own });
  const config = configOf(run);
  const known = determined(run);
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

  let step = 0; // the step under way
  const interrupted = (): string => `The training was interrupted in step ${step} of ${steps}`;
  const start = (): DecoderParameters =>
    options.parameters === undefined
      ? initDecoder(config, seed)
      : mapTree<DecoderParameters, Tensor>(options.parameters, (leaf) => leaf.clone());
  let parameters = await untilCut(() => whole(start), interrupted);
  let state: OptimizerState<DecoderParameters> = { step: 0, moments: [] };
  let good = parameters; // the last parameters whose loss was finite
  let computed: Computed | undefined; // what the step under way holds
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

  /** Makes the step under way. */
  const advance = async (): Promise<Stop | undefined> => {
    const batches = Array.from(
      { length: accumulate },
      () => randomBatch(corpus.train, { rows, length }, batchRandom),
    );
    const randomness = { dropout: dropoutRandom.fork(step), step, form: options.form };
    computed = whole(() => lossAndGradient(parameters, config, batches, randomness));
    if (step % reportEvery === 0 || step === steps) {
      const norm = globalNorm(computed.gradient);
      const [loss, gradientNorm] = await takeNumbers([computed.loss, norm]) as [number, number];
      report({ kind: "step", step, loss, rate: rate(step), gradientNorm });
      await new Promise((resolve) => setTimeout(resolve)); // lets signals and timers through
      if (!Number.isFinite(loss)) return await nonFinite(step, "loss", loss, batches[0]!.inputs);
      if (good !== parameters) disposeTree(good);
      good = parameters;
    }
    const { gradient, scale } = Object.assign(
      computed,
      whole(() => clipGradient(computed!.gradient, settings)),
    );
    const next = whole(() => optimizer.update(parameters, gradient, state, rate(step), scale));
    disposeTree(state.moments);
    if (parameters !== good) disposeTree(parameters);
    ({ parameters, state } = next);
    disposeTree(computed);
    return undefined;
  };
  const loop = async (): Promise<Stop | undefined> => {
    state = whole(() => optimizer.init(parameters));
    let stop = await look(0);
    while (stop === undefined && step < steps) {
      step++;
      if (options.signal?.aborted === true) {
        const message = `Stopped by the caller before step ${step}`;
        const bad = looked === step - 1 ? undefined : await look(step - 1);
        return bad ?? { reason: "aborted", step, message };
      }
      stop = await advance();
      if (stop === undefined && (step % evaluateEvery === 0 || step === steps)) {
        stop = await look(step);
      }
    }
    return stop;
  };

  try {
    stopped = await untilCut(loop, interrupted).catch((error) => outOfMemory(error, step));
    if (stopped === undefined || stopped.reason === "aborted") {
      if (good !== parameters) disposeTree(good);
      good = parameters;
    }
  } catch (error) {
    disposeTree(good);
    throw error;
  } finally {
    disposeTree([state.moments, computed ?? []]);
    if (parameters !== good) disposeTree(parameters);
  }
  const { label, probes, command, commit } = options;
  const manifest = manifestOf({
    run,
    known,
    probes,
    parameters: count,
    started,
    stopped,
    label,
    command,
    commit,
  });
  return { parameters: good, config, record: { manifest, rows: seen } };
}

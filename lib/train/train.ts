// The training loop: batches in, parameters and a record out. It stops at a signal or at a loss that is not finite, and
// always returns the last parameters whose loss was finite.

import * as tf from "@tensorflow/tfjs";
import { requireInteger, requireNumber } from "../core/check.ts";
import { valueAndGradient } from "../core/gradient.ts";
import { Random } from "../core/random.ts";
import { takeNumbers } from "../core/read.ts";
import type { Scalar, Tensor } from "../core/tensor.ts";
import { countParameters, disposeTree, mapTree } from "../core/tree.ts";
import { version } from "../core/version.ts";
import type { DecoderConfig } from "../models/config.ts";
import { decoder, type DecoderParameters, initDecoder, type Tokens } from "../models/decoder.ts";
import { isGate } from "../models/gates.ts";
import { crossEntropy } from "../ops/cross_entropy.ts";
import { clipByNorm, globalNorm } from "./clip.ts";
import { type Batch, type Corpus, randomBatch } from "./corpus.ts";
import { gateWarnings, locateNonFinite } from "./diagnose.ts";
import { evaluate } from "./evaluate.ts";
import { makeOptimizer, type OptimizerState } from "./optimizer.ts";
import type { Manifest, Row, RunRecord, Stop, TrainSettings } from "./record.ts";
import { makeSchedule } from "./schedule.ts";

/** Looks at a model at a step; rows of its own kind, numbers only. */
export type Probe = (
  parameters: DecoderParameters,
  config: DecoderConfig,
  batch: Batch,
) => Promise<readonly Omit<Row, "step">[]>;

/** What accompanies a run without determining it. */
export interface TrainOptions {
  /** Parameters to start from; they are copied. Drawn from the seed by default. */
  readonly parameters?: DecoderParameters;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal;
  /** Receives each row as it is made. */
  readonly onRow?: (row: Row) => void;
  /** Runs at every held-out evaluation, on a fixed held-out batch. */
  readonly probe?: Probe;
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

/** Mean loss and mean gradient over the batches of one step. */
function lossAndGradient(
  parameters: DecoderParameters,
  config: DecoderConfig,
  batches: readonly Batch[],
  dropout: Random,
): { loss: Scalar; gradient: DecoderParameters } {
  const parts = batches.map(({ inputs, targets }, i) =>
    valueAndGradient(
      parameters,
      (p) => crossEntropy(decoder(p, config, inputs, { dropout: dropout.fork(i) }), targets),
    )
  );
  if (parts.length === 1) return { loss: parts[0]!.value, gradient: parts[0]!.gradient };
  const mean = (tensors: Tensor[]): Tensor => tf.tidy(() => tf.mean(tf.stack(tensors), 0));
  const at = new Map<string, Tensor[]>();
  for (const { gradient } of parts) {
    mapTree<DecoderParameters, Tensor>(gradient, (g, path) => {
      at.set(path, [...at.get(path) ?? [], g]);
      return g;
    });
  }
  const gradient = mapTree<DecoderParameters, Tensor>(
    parts[0]!.gradient,
    (_, path) => mean(at.get(path)!),
  );
  const loss = mean(parts.map(({ value }) => value)) as Scalar;
  for (const part of parts) disposeTree(part);
  return { loss, gradient };
}

/** Applies a clipping step to a gradient and frees what it replaces. */
function clipped(
  gradient: DecoderParameters,
  limit: number | undefined,
  chosen?: (path: string) => boolean,
): DecoderParameters {
  if (limit === undefined) return gradient;
  const result = clipByNorm(gradient, limit, chosen);
  disposeTree(gradient);
  return result;
}

function describeHardware(): string {
  const { os, arch } = Deno.build;
  return `${os} ${arch}, ${navigator.hardwareConcurrency} logical cores`;
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
 * @throws {RangeError} If a setting is out of range, or the text is shorter than a row.
 */
export async function train(
  settings: TrainSettings,
  corpus: Corpus,
  options: TrainOptions = {},
): Promise<TrainResult> {
  const { seed, rows, reportEvery = 1, accumulate = 1, evaluationBatches = 8 } = settings;
  const steps = requireInteger("steps", settings.steps, { min: 0 });
  requireInteger("rows", rows, { min: 1 });
  requireInteger("accumulate", accumulate, { min: 1 });
  requireInteger("reportEvery", reportEvery, { min: 1 });
  requireInteger("evaluationBatches", evaluationBatches, { min: 1 });
  const evaluateEvery = requireInteger(
    "evaluateEvery",
    settings.evaluateEvery ?? Math.max(1, steps),
    { min: 1 },
  );
  for (const limit of ["clip", "clipGates"] as const) {
    requireNumber(limit, settings[limit] ?? 1, { above: 0 });
  }
  const length = requireInteger("length", settings.length ?? settings.model.context, {
    min: 1,
    max: settings.model.context,
  });
  const config: DecoderConfig = { ...settings.model, vocabulary: corpus.tokenizer.vocabulary };
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
        stopped = { reason: "aborted", step, message: `Stopped by the caller before step ${step}` };
        break;
      }
      const batches = Array.from(
        { length: accumulate },
        () => randomBatch(corpus.train, { rows, length }, batchRandom),
      );
      const computed = lossAndGradient(parameters, config, batches, dropoutRandom.fork(step));
      let { gradient } = computed;
      try {
        if (step % reportEvery === 0 || step === steps) {
          const [loss, gradientNorm] = await takeNumbers([
            computed.loss,
            globalNorm(gradient),
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
        gradient = clipped(gradient, settings.clip);
        gradient = clipped(gradient, settings.clipGates, isGate);
        const next = optimizer.update(parameters, gradient, state, rate(step));
        disposeTree(state.moments);
        if (parameters !== good) disposeTree(parameters);
        ({ parameters, state } = next);
      } finally {
        disposeTree(gradient);
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
  const { tokenizer, train: text, heldOut } = corpus;
  const manifest: Manifest = {
    variant: settings.model.residual ?? "pre-ln",
    settings,
    corpus: {
      name: corpus.name,
      trainTokens: text.length,
      heldOutTokens: heldOut.length,
      bytesPerToken: corpus.bytesPerToken,
      characters: tokenizer.characters,
    },
    parameters: count,
    backend: tf.getBackend(),
    versions: { normkit: version, tfjs: tf.version.tfjs, deno: Deno.version.deno },
    hardware: describeHardware(),
    ...(options.command === undefined ? {} : { command: options.command }),
    ...(options.commit === undefined ? {} : { commit: options.commit }),
    started: started.toISOString(),
    wallSeconds: (Date.now() - started.getTime()) / 1000,
    ...(stopped === undefined ? {} : { stopped }),
  };
  return { parameters: good, config, record: { manifest, rows: seen } };
}

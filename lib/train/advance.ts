// One step of a training, and one look at its model: each takes a state on, and says so where the training is to end.

import * as tf from "@tensorflow/tfjs";
import { inAnotherTurn, letOthersRun } from "../backend/interrupt.ts";
import { takeNumbers } from "../backend/read.ts";
import { submitCommands } from "../backend/webgpu_commands.ts";
import { Random } from "../core/random.ts";
import type { Scalar } from "../core/tensor.ts";
import { disposeTree } from "../core/tree.ts";
import { globalNorm } from "./clip.ts";
import type { RunNumbers } from "./complete_settings.ts";
import { largestGradient, spikeIn, spikeWindow } from "./divergence.ts";
import type { Optimizer } from "./optimizer.ts";
import type { Row, RunSettings, Stop } from "./record.ts";
import type { Schedule } from "./schedule.ts";
import { disposeBut, type TrainingState } from "./state.ts";
import { clipGradient, type ClippedGradient, lossAndGradient } from "./step_gradient.ts";
import type { Subject } from "./subject.ts";

/** The gradient of a step, and what it is to be multiplied by. */
type Computed<P> = ClippedGradient<P> & { readonly loss: Scalar };

/** What of a training stays the same in all steps. */
export interface Run<P, B> {
  readonly subject: Subject<P, B>;
  readonly settings: RunSettings;
  readonly numbers: RunNumbers;
  readonly rate: Schedule;
  readonly optimizer: Optimizer;
  /** The held-out batch that probes see. */
  readonly watched: B;
  /** What the step under way holds, for whoever finds it cut off by an interrupt, which runs no `finally`. */
  computed?: Computed<P>;
  /** Takes a row. */
  report(row: Row): void;
  /** How many rows it took, those before a resumption too. */
  reported(): number;
}

/**
 * A stream of a run's seed. After a return to an earlier state it is another one, or else the same would happen again.
 *
 * @param run The run.
 * @param purpose What is drawn.
 * @param returns How often the run went back.
 * @returns The stream at its start.
 */
export function streamOf(
  { settings }: { readonly settings: RunSettings },
  purpose: "batches" | "dropout",
  returns: number,
): Random {
  const stream = new Random(settings.seed).fork(purpose);
  return returns === 0 ? stream : stream.fork(`return ${returns}`);
}

/**
 * What `f` makes, or nothing of it where it throws.
 *
 * @param f Makes tensors.
 * @returns What it gives.
 */
export function whole<T>(f: () => T): T {
  return tf.tidy(f as () => tf.TensorContainer) as T;
}

/**
 * Makes one step.
 *
 * @param run The run.
 * @param state Where it is; afterwards, where it is then. Where the step fails it is as before.
 * @returns Why the training is to end, or undefined.
 */
export async function advance<P, B>(
  run: Run<P, B>,
  state: TrainingState<P>,
): Promise<Stop | undefined> {
  const { settings, numbers, subject } = run;
  const step = state.step + 1;
  const random = streamOf(run, "batches", state.returns);
  random.goOn(state.batches);
  const batches = Array.from({ length: numbers.accumulate }, () => subject.draw("train", random));
  const dropout = streamOf(run, "dropout", state.returns).fork(step);
  const computed: Computed<P> = whole(() =>
    lossAndGradient(state.parameters, (...given) => subject.loss(...given), batches, {
      dropout,
      step,
      ...(settings.checkpointing === true ? { checkpointing: true } : {}),
    })
  );
  run.computed = computed;
  try {
    const isRead = step % numbers.reportEvery === 0 || step === numbers.steps;
    if (!isRead) submitCommands(); // a read does it too: once a step
    const read = isRead ? await readLoss(run, state, computed, batches[0]!) : {};
    if (read.stop !== undefined) return read.stop;
    Object.assign(
      computed,
      whole(() =>
        clipGradient(computed.gradient, settings, (path) => subject.kinds.get(path) === "gate")
      ),
    );
    const { gradient, scale } = computed;
    const { parameters, state: { moments } } = whole(() =>
      run.optimizer.update(state.parameters, gradient, state, run.rate(step), scale)
    );
    const { parameters: before, moments: momentsBefore } = state;
    Object.assign(state, { parameters, moments, step, batches: random.state(), ...read.numbers });
    state.rows = run.reported();
    disposeTree(momentsBefore);
    disposeBut(before, state.good);
    return undefined;
  } finally {
    disposeTree(computed);
  }
}

/** What a read of the loss tells: why to end, or what the state is to have with the step. */
interface Read {
  readonly stop?: Stop;
  readonly numbers?: Partial<TrainingState<unknown>>;
}

/** Reports loss and gradient norm; where the loss is good, so are its parameters. */
async function readLoss<P, B>(
  run: Run<P, B>,
  state: TrainingState<P>,
  { loss: mean, gradient }: Computed<P>,
  batch: B,
): Promise<Read> {
  const step = state.step + 1;
  const norm = globalNorm(gradient);
  const [loss, gradientNorm] = await takeNumbers([mean, norm]) as [number, number];
  run.report({ kind: "step", step, loss, rate: run.rate(step), gradientNorm });
  await letOthersRun();
  if (!Number.isFinite(loss)) {
    return { stop: await stopAtNumber(run, state, { step, what: "loss", loss, batch }) };
  }
  const limit = run.settings.divergence?.spike;
  const spike = limit === undefined ? undefined : spikeIn(state.losses, loss, limit);
  if (spike !== undefined) {
    const message =
      `The loss at step ${step} is ${spike}; the gradient is largest ${await largestGradient(
        gradient,
      )}; kept the last parameters with a good loss`;
    return { stop: { reason: "spike", step, message } };
  }
  keep(state);
  const losses = limit === undefined ? [] : [...state.losses, loss].slice(-spikeWindow);
  return { numbers: { measured: step, losses } };
}

/**
 * Makes the parameters of a state the good ones.
 *
 * @param state The state.
 */
export function keep<P>(state: TrainingState<P>): void {
  const { good } = state;
  state.good = state.parameters;
  disposeBut(good, state.good);
}

/** The stop at a number that is not finite. */
async function stopAtNumber<P, B>(
  { subject }: Run<P, B>,
  { good, parameters }: TrainingState<P>,
  { step, what, loss, batch }: {
    readonly step: number;
    readonly what: string;
    readonly loss: number;
    readonly batch: B;
  },
): Promise<Stop> {
  const where = await subject.locate(parameters, batch);
  const kept = good === parameters
    ? "there are no earlier parameters to keep"
    : "kept the last parameters with a finite loss";
  const message = `The ${what} at step ${step} is ${loss}, non-finite ${where}; ${kept}`;
  return { reason: "non-finite", step, message };
}

/**
 * Evaluates and probes; a held-out loss that is not finite ends the run.
 *
 * @param run The run.
 * @param state Where it is; afterwards, with what was seen.
 * @returns Why the training is to end, or undefined.
 */
export async function look<P, B>(
  run: Run<P, B>,
  state: TrainingState<P>,
): Promise<Stop | undefined> {
  const { subject, watched } = run;
  const { step, parameters } = state;
  const { baseline } = subject;
  if (step === 0 && baseline !== undefined) run.report(baseline);
  const measured = await subject.evaluate(parameters);
  const { nats } = measured;
  run.report({ kind: "evaluation", step, ...measured });
  if (!Number.isFinite(nats)) {
    return await stopAtNumber(run, state, {
      step,
      what: "held-out loss",
      loss: nats,
      batch: watched,
    });
  }
  const probed = subject.probe && await inAnotherTurn(subject.probe(parameters, watched));
  for (const row of probed ?? []) run.report({ ...row, step } as Row);
  const warned = await warn(run, state);
  Object.assign(state, { looked: step, heldOut: nats, warned, rows: run.reported() });
  return undefined;
}

/** Warns once of each gate that has gone too far. */
async function warn<P, B>(
  { subject, report }: Run<P, B>,
  { step, parameters, warned }: TrainingState<P>,
): Promise<readonly string[]> {
  const all = new Set(warned);
  for (const message of await subject.warnings(parameters)) {
    const gate = message.split(" ")[0]!;
    if (!all.has(gate)) report({ kind: "warning", step, message });
    all.add(gate);
  }
  return [...all];
}

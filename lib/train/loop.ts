// The training loop: batches in, parameters and rows out. It stops at a signal, at a loss that is not finite or where memory is full,
// and always returns the last parameters whose loss was finite.

import * as tf from "@tensorflow/tfjs";
import { inAnotherTurn, letOthersRun, untilCut } from "../backend/interrupt.ts";
import { OutOfMemoryError } from "../backend/out_of_memory.ts";
import { Random } from "../core/random.ts";
import { takeNumbers } from "../backend/read.ts";
import type { Scalar } from "../core/tensor.ts";
import { countParameters, disposeTree } from "../core/tree.ts";
import { clipGradient, type ClippedGradient, lossAndGradient } from "./step_gradient.ts";
import type { RunNumbers } from "./complete_settings.ts";
import { globalNorm } from "./clip.ts";
import { makeOptimizer, type Optimizer, type OptimizerState } from "./optimizer.ts";
import type { Row, RunSettings, Stop } from "./record.ts";
import { makeSchedule, type Schedule } from "./schedule.ts";
import type { Subject } from "./subject.ts";

/** How long, and who listens. */
export interface LoopOptions {
  readonly settings: RunSettings;
  readonly numbers: RunNumbers;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Receives each row as it is made. */
  readonly onRow?: ((row: Row) => void) | undefined;
}

/** What the loop leaves. */
export interface LoopResult<P> {
  /** The last parameters whose loss was finite. */
  readonly parameters: P;
  readonly rows: readonly Row[];
  readonly stopped: Stop | undefined;
  /** The number of trained scalars. */
  readonly count: number;
  readonly started: Date;
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
type Computed<P> = ClippedGradient<P> & { readonly loss: Scalar };

/** One run. */
class Training<P, B> {
  readonly #subject: Subject<P, B>;
  readonly #options: LoopOptions;
  readonly #rate: Schedule;
  readonly #optimizer: Optimizer;
  readonly #batchRandom: Random;
  readonly #dropoutRandom: Random;
  /** The held-out batch that probes see. */
  readonly #watched: B;
  readonly #rows: Row[] = [];
  readonly #warned = new Set<string>();
  /** The step under way. */
  #step = 0;
  /** The step of the last look. */
  #looked: number | undefined;
  #parameters!: P;
  /** The last parameters whose loss was finite. */
  #good!: P;
  #state: OptimizerState<P> = { step: 0, moments: [] };
  /** What the step under way holds. */
  #computed: Computed<P> | undefined;

  constructor(subject: Subject<P, B>, options: LoopOptions) {
    const { settings } = options;
    this.#subject = subject;
    this.#options = options;
    this.#rate = makeSchedule(settings.schedule);
    this.#optimizer = makeOptimizer(
      settings.optimizer ?? { kind: "adamw" },
      ({ path }) => ["matrix", "table"].includes(subject.kinds.get(path) ?? ""),
    );
    const random = new Random(settings.seed);
    this.#batchRandom = random.fork("batches");
    this.#dropoutRandom = random.fork("dropout");
    this.#watched = subject.draw("heldOut", random.fork("probe"));
  }

  async run(): Promise<LoopResult<P>> {
    const started = new Date();
    const where = (): string =>
      `The training was interrupted in step ${this.#step} of ${this.#options.numbers.steps}`;
    this.#parameters = await untilCut(() => whole(() => this.#subject.start()), where);
    this.#good = this.#parameters;
    const count = countParameters(this.#parameters);
    let stopped: Stop | undefined;
    try {
      stopped = await untilCut(() => this.#advanceToEnd(), where)
        .catch((error) => outOfMemory(error, this.#step));
      if (stopped === undefined || stopped.reason === "aborted") this.#keep();
    } catch (error) {
      disposeTree(this.#good);
      throw error;
    } finally {
      disposeTree([this.#state.moments, this.#computed ?? []]);
      if (this.#parameters !== this.#good) disposeTree(this.#parameters);
    }
    return { parameters: this.#good, rows: this.#rows, stopped, count, started };
  }

  async #advanceToEnd(): Promise<Stop | undefined> {
    const { steps, evaluateEvery } = this.#options.numbers;
    this.#state = whole(() => this.#optimizer.init(this.#parameters));
    let stop = await this.#look(0);
    while (stop === undefined && this.#step < steps) {
      const step = ++this.#step;
      if (this.#options.signal?.aborted === true) return await this.#stopByCaller(step);
      stop = await this.#advance(step);
      if (stop === undefined && (step % evaluateEvery === 0 || step === steps)) {
        stop = await this.#look(step);
      }
    }
    return stop;
  }

  async #stopByCaller(step: number): Promise<Stop> {
    const bad = this.#looked === step - 1 ? undefined : await this.#look(step - 1);
    return bad ?? {
      reason: "aborted",
      step,
      message: `Stopped by the caller before step ${step}`,
    };
  }

  /** Makes one step. */
  async #advance(step: number): Promise<Stop | undefined> {
    const { settings, numbers } = this.#options;
    const subject = this.#subject;
    const batches = Array.from(
      { length: numbers.accumulate },
      () => subject.draw("train", this.#batchRandom),
    );
    const randomness = { dropout: this.#dropoutRandom.fork(step), step };
    this.#computed = whole(() =>
      lossAndGradient(
        this.#parameters,
        (p: P, batch: B, given) => subject.loss(p, batch, given),
        batches,
        randomness,
      )
    );
    if (step % numbers.reportEvery === 0 || step === numbers.steps) {
      const stop = await this.#readLoss(step, this.#computed, batches[0]!);
      if (stop !== undefined) return stop;
    }
    const { gradient, scale } = Object.assign(
      this.#computed,
      whole(() => clipGradient(this.#computed!.gradient, settings, this.#isGate)),
    );
    const rate = this.#rate(step);
    this.#replace(
      whole(() => this.#optimizer.update(this.#parameters, gradient, this.#state, rate, scale)),
    );
    return undefined;
  }

  #isGate = (path: string): boolean => this.#subject.kinds.get(path) === "gate";

  #replace(next: { readonly parameters: P; readonly state: OptimizerState<P> }): void {
    disposeTree(this.#state.moments);
    if (this.#parameters !== this.#good) disposeTree(this.#parameters);
    this.#parameters = next.parameters;
    this.#state = next.state;
    disposeTree(this.#computed);
  }

  /** Reports loss and gradient norm; where the loss is finite, its parameters are good ones. */
  async #readLoss(step: number, computed: Computed<P>, batch: B): Promise<Stop | undefined> {
    const norm = globalNorm(computed.gradient);
    const [loss, gradientNorm] = await takeNumbers([computed.loss, norm]) as [number, number];
    this.#report({ kind: "step", step, loss, rate: this.#rate(step), gradientNorm });
    await letOthersRun();
    if (!Number.isFinite(loss)) return await this.#stopAt(step, "loss", loss, batch);
    this.#keep();
    return undefined;
  }

  /** The parameters are good ones from now on. */
  #keep(): void {
    if (this.#good !== this.#parameters) disposeTree(this.#good);
    this.#good = this.#parameters;
  }

  /** The stop at a number that is not finite. */
  async #stopAt(step: number, what: string, loss: number, batch: B): Promise<Stop> {
    const where = await this.#subject.locate(this.#parameters, batch);
    const kept = this.#good === this.#parameters
      ? "there are no earlier parameters to keep"
      : "kept the last parameters with a finite loss";
    const message = `The ${what} at step ${step} is ${loss}, non-finite ${where}; ${kept}`;
    return { reason: "non-finite", step, message };
  }

  /** Evaluates and probes; a held-out loss that is not finite stops the run. */
  async #look(step: number): Promise<Stop | undefined> {
    this.#looked = step;
    const measured = await this.#subject.evaluate(this.#parameters);
    this.#report({ kind: "evaluation", step, ...measured });
    if (!Number.isFinite(measured.nats)) {
      return await this.#stopAt(step, "held-out loss", measured.nats, this.#watched);
    }
    const { probe } = this.#subject;
    const probed = probe && await inAnotherTurn(probe(this.#parameters, this.#watched));
    for (const row of probed ?? []) {
      this.#report({ ...row, step } as Row);
    }
    await this.#warn(step);
    return undefined;
  }

  /** Warns once of each gate that has gone too far. */
  async #warn(step: number): Promise<void> {
    for (const message of await this.#subject.warnings(this.#parameters)) {
      const gate = message.split(" ")[0]!;
      if (!this.#warned.has(gate)) this.#report({ kind: "warning", step, message });
      this.#warned.add(gate);
    }
  }

  #report(row: Row): void {
    this.#rows.push(row);
    this.#options.onRow?.(row);
  }
}

/**
 * Trains.
 *
 * @param subject What is trained, and on what.
 * @param options How long, and who listens.
 * @returns The parameters and what was seen.
 * @throws {OutOfMemoryError} If there is no room for the parameters. A memory that is full later ends the run (`stopped`).
 * @throws {InterruptedError} If the notebook's kernel that it runs in is interrupted.
 * @throws {RangeError} If a setting is out of range, or the data have no batch.
 */
export async function runTraining<P, B>(
  subject: Subject<P, B>,
  options: LoopOptions,
): Promise<LoopResult<P>> {
  return await new Training(subject, options).run();
}

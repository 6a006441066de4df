// The training loop: states in, states out, and rows on the way. It stops at a signal, at a loss that is not finite or jumps, or where
// memory is full, and always returns the last parameters whose loss was good. With a folder of states it goes on from the last one.

import { inAnotherTurn, untilCut } from "../backend/interrupt.ts";
import { OutOfMemoryError } from "../backend/out_of_memory.ts";
import { GpuError } from "../backend/webgpu.ts";
import { Random } from "../core/random.ts";
import { countParameters, disposeTree } from "../core/tree.ts";
import { advance, keep, look, type Run, streamOf, whole } from "./advance.ts";
import type { RunNumbers } from "./complete_settings.ts";
import { mostReturns, stepsToReturn } from "./divergence.ts";
import { makeOptimizer } from "./optimizer.ts";
import type { Row, RunSettings, Stop } from "./record.ts";
import { type RowSink, rowsInMemory } from "./row_log.ts";
import { makeSchedule } from "./schedule.ts";
import { disposeBut, partedState, type StateTensors, type TrainingState } from "./state.ts";
import { requireStateOptions, StateFolder, type StateOptions } from "./state_folder.ts";
import { amountOfStep, type Subject } from "./subject.ts";

/** How long, and who listens. */
export interface LoopOptions {
  readonly settings: RunSettings;
  readonly numbers: RunNumbers;
  /** Ends the run after the step under way. */
  readonly signal?: AbortSignal | undefined;
  /** Receives each row as it is made. */
  readonly onRow?: ((row: Row) => void) | undefined;
  /** Where states are saved, if they are. */
  readonly state?: StateOptions | undefined;
  /** The hash of all that determines the run. */
  readonly determines: string;
}

/** What the loop leaves. */
export interface LoopResult<P> {
  /** The last parameters whose loss was good. */
  readonly parameters: P;
  readonly rows: readonly Row[];
  readonly stopped: Stop | undefined;
  /** The number of trained scalars. */
  readonly count: number;
  readonly started: Date;
  /** How long it took, in all processes. */
  readonly seconds: number;
}

const tensorsIn = <P>(state: TrainingState<P>): StateTensors<P> => partedState(state).tensors;

/** One run, whose state is taken on until it ends. */
class Training<P, B> {
  readonly #options: LoopOptions;
  readonly #run: Run<P, B>;
  readonly #begun = performance.now();
  readonly #started = new Date();
  #rows: RowSink = rowsInMemory();
  #folder: StateFolder<P> | undefined;
  #state!: TrainingState<P>;
  /** The step under way. */
  #step = 0;

  constructor(subject: Subject<P, B>, options: LoopOptions) {
    const { settings, numbers, onRow, state } = options;
    requireStateOptions(state);
    const every = stepsToReturn(settings.divergence, state !== undefined);
    this.#options = every === undefined || state === undefined
      ? options
      : { ...options, state: { ...state, every } };
    this.#run = {
      subject,
      settings,
      numbers,
      rate: makeSchedule(settings.schedule),
      optimizer: makeOptimizer(
        settings.optimizer ?? { kind: "adamw" },
        ({ path }) => ["matrix", "table"].includes(subject.kinds.get(path) ?? ""),
      ),
      watched: subject.draw("heldOut", new Random(settings.seed).fork("probe")),
      report: (row) => {
        this.#rows.push(row);
        onRow?.(row);
      },
      reported: () => this.#rows.count,
    };
  }

  async run(): Promise<LoopResult<P>> {
    const where = (): string =>
      `The training was interrupted in step ${this.#step} of ${this.#options.numbers.steps}`;
    await untilCut(() => this.#begin(), where);
    try {
      const stopped = await untilCut(() => this.#advanceToEnd(), where)
        .catch((error) => this.#fullMemory(error));
      if (stopped === undefined || stopped.reason === "aborted") keep(this.#state);
      const { good: parameters } = this.#state;
      const result = { parameters, stopped, count: countParameters(parameters), ...this.#time() };
      const rows = await this.#rows.all();
      disposeBut(tensorsIn(this.#state), parameters);
      return { ...result, rows };
    } catch (error) {
      disposeBut(tensorsIn(this.#state), []);
      throw this.#lost(error);
    } finally {
      disposeTree(this.#run.computed ?? []);
      this.#folder?.[Symbol.dispose]();
    }
  }

  /** Makes the state of the start, or reads the last one. */
  async #begin(): Promise<void> {
    const { subject, settings } = this.#run;
    const parameters = whole(() => subject.start());
    this.#state = {
      ...{ parameters, good: parameters, moments: [] },
      ...{ step: 0, rows: 0, losses: [], warned: [], returns: 0 },
      batches: streamOf({ settings }, "batches", 0).state(),
    };
    try {
      await this.#openFolder();
    } catch (error) {
      disposeBut(tensorsIn(this.#state), []);
      throw error;
    }
  }

  async #openFolder(): Promise<void> {
    const { state: options, determines, numbers } = this.#options;
    if (options === undefined) return;
    const like = () => this.#like();
    const perStep = amountOfStep(this.#run.subject.example, numbers);
    const length = { steps: numbers.steps, perStep };
    const { folder, state } = await inAnotherTurn(
      StateFolder.open<P>(options, determines, length, like),
    );
    [this.#folder, this.#rows] = [folder, folder.rows];
    if (state !== undefined) this.#replace(state);
  }

  /** The tensors of the state, with moments. */
  #like(): StateTensors<P> {
    if (this.#state.moments.length === 0) {
      this.#state.moments = whole(() => this.#run.optimizer.init(this.#state.parameters)).moments;
    }
    return tensorsIn(this.#state);
  }

  #replace(state: TrainingState<P>): void {
    disposeBut(tensorsIn(this.#state), []);
    this.#state = state;
    this.#step = state.step;
  }

  async #advanceToEnd(): Promise<Stop | undefined> {
    const { signal, numbers: { steps } } = this.#options;
    this.#like();
    let stop = await this.#lookIfDue();
    while (stop === undefined && this.#state.step < steps) {
      if (signal?.aborted === true) return await this.#stopByCaller();
      stop = await this.#next();
      if (stop !== undefined && await this.#goBack(stop)) stop = undefined;
    }
    return stop;
  }

  async #next(): Promise<Stop | undefined> {
    this.#step = this.#state.step + 1;
    const stop = await advance(this.#run, this.#state) ?? await this.#lookIfDue();
    const isLast = this.#state.step === this.#options.numbers.steps;
    if (stop !== undefined || isLast || this.#folder === undefined) return stop;
    await inAnotherTurn(this.#folder.keep(this.#state));
    return undefined;
  }

  async #lookIfDue(): Promise<Stop | undefined> {
    const { step, looked } = this.#state;
    const { steps, evaluateEvery } = this.#options.numbers;
    const isDue = step % evaluateEvery === 0 || step === steps; // before the first step too
    return isDue && looked !== step ? await look(this.#run, this.#state) : undefined;
  }

  /** The state is saved as it is; what is seen now is no part of an undisturbed run. */
  async #stopByCaller(): Promise<Stop> {
    await this.#save();
    const { step, looked } = this.#state;
    const bad = looked === step ? undefined : await look(this.#run, this.#state);
    const message = `Stopped by the caller before step ${step + 1}`;
    return bad ?? { reason: "aborted", step: step + 1, message };
  }

  async #save(): Promise<void> {
    if (this.#folder !== undefined) await inAnotherTurn(this.#folder.save(this.#state));
  }

  /** Goes back to the last good state where the run went wrong, if that is wanted and there is one. */
  async #goBack({ reason, step: from, message }: Stop): Promise<boolean> {
    const { returns } = this.#state;
    const isWanted = this.#run.settings.divergence?.then === "return" && returns < mostReturns;
    if (!isWanted || !["non-finite", "spike"].includes(reason)) return false;
    const good = await inAnotherTurn(this.#folder!.goBack(this.#state, tensorsIn(this.#state)));
    if (good === undefined) return false;
    const batches = streamOf(this.#run, "batches", returns + 1).state();
    this.#replace({ ...good, returns: returns + 1, batches });
    this.#run.report({ kind: "return", step: good.step, from, message });
    this.#state.rows = this.#run.reported();
    return true;
  }

  /** The stop at a full memory, whose state is saved; other errors go on. */
  async #fullMemory(error: unknown): Promise<Stop> {
    if (!(error instanceof OutOfMemoryError)) throw error;
    await this.#save();
    const step = this.#step;
    const kept = step === 0
      ? "the parameters of the start"
      : "the last parameters with a finite loss";
    const message = `The memory was full in step ${step}, kept ${kept}. ${error.message}`;
    return { reason: "out-of-memory", step, message };
  }

  /** Of a lost device nothing can be read: says where the last state is. */
  #lost(error: unknown): unknown {
    const saved = this.#folder?.saved;
    if (!(error instanceof GpuError) || saved === undefined) return error;
    return new GpuError(`${error.message}; the state of step ${saved} is saved`, { cause: error });
  }

  #time(): { readonly started: Date; readonly seconds: number } {
    const seconds = (performance.now() - this.#begun) / 1000;
    return this.#folder?.time ?? { started: this.#started, seconds };
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
 * @throws {StateError} If it cannot go on from the last state.
 */
export async function runTraining<P, B>(
  subject: Subject<P, B>,
  options: LoopOptions,
): Promise<LoopResult<P>> {
  return await new Training(subject, options).run();
}

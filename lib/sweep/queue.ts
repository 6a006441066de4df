// Cells given to workers, the next one as soon as one is free. A cell that fails, or whose worker dies, is tried again.

import { noteFailure } from "./failures.ts";
import type { CellEnd } from "./run_cell.ts";

/** Which cell is to be trained, and how far. */
export interface Order {
  /** The cell. */
  readonly name: string;
  /** The step behind whose evaluation it pauses. */
  readonly until?: number | undefined;
}

/** What became of it: how far it has come, or why it failed. */
export interface Report {
  /** How far it has come. */
  readonly end?: CellEnd;
  /** Why it failed. */
  readonly failure?: string;
}

/** A process that trains cells, one at a time. */
export interface SweepWorker {
  /**
   * Trains a cell.
   *
   * @param order Which, and how far.
   * @returns What became of it.
   * @throws {Error} If the process has ended; the message holds what it said.
   */
  run(order: Order): Promise<Report>;
  /** Ends the process once the step under way is done and its state saved. */
  end(): Promise<void>;
}

/** How cells are given to workers. */
export interface QueueOptions {
  /** How many work at a time. */
  readonly workers: number;
  /** Starts one; it fails where a worker cannot work at all. */
  readonly start: () => Promise<SweepWorker>;
  /** How often a cell that fails is tried again. */
  readonly retries: number;
  /** The folder of the runs. */
  readonly out: string;
  /** Ends the workers after the step under way, and gives no other cell. */
  readonly signal: AbortSignal;
  /** Is told of a cell that has come to its end, or waits. */
  readonly onEnd?: (name: string) => void;
  /** Is told why a cell failed. */
  readonly onFailure?: (name: string, message: string) => void;
}

/** Milliseconds between two tries of a cell that another process has. */
const pause = 1000;

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Cells that wait, and those that have failed for good. */
class Queue {
  readonly #waiting: Order[];
  readonly #options: QueueOptions;
  readonly #tries = new Map<string, number>();
  /** Cells that another process had when they were tried last; they come after all others. */
  #busy: Order[] = [];
  readonly failed = new Map<string, string>();
  /** Why no worker can work. */
  fault: unknown;

  constructor(orders: readonly Order[], options: QueueOptions) {
    this.#waiting = [...orders];
    this.#options = options;
  }

  /** Takes cells until there is none. */
  async work(): Promise<void> {
    const { signal, start } = this.#options;
    let worker: SweepWorker | undefined;
    const end = (): void => void worker?.end();
    signal.addEventListener("abort", end);
    try {
      for (let order = await this.#next(); order !== undefined; order = await this.#next()) {
        worker ??= await start();
        if (signal.aborted) break; // it came while the worker started
        const report: Report = await worker.run(order).catch((error) => (
          { failure: messageOf(error) }
        ));
        if (report.failure !== undefined) { // its memory may be full, its GPU lost, itself dead
          await worker.end();
          worker = undefined;
        }
        if (!signal.aborted) await this.#take(order, report);
      }
    } catch (error) {
      this.fault ??= error;
    } finally {
      signal.removeEventListener("abort", end);
      await worker?.end();
    }
  }

  async #next(): Promise<Order | undefined> {
    const { signal } = this.#options;
    if (signal.aborted || this.fault !== undefined) return undefined;
    const order = this.#waiting.shift();
    if (order !== undefined || this.#busy.length === 0) return order;
    await new Promise((resolve) => setTimeout(resolve, pause));
    [this.#waiting[0], this.#busy] = [this.#busy[0]!, this.#busy.slice(1)];
    return await this.#next();
  }

  async #take(order: Order, { end, failure }: Report): Promise<void> {
    const { name } = order;
    const { out, retries, onEnd, onFailure } = this.#options;
    if (end === "busy") this.#busy.push(order);
    else if (end === "done" || end === "paused") onEnd?.(name);
    if (failure === undefined) return;
    const tries = (this.#tries.get(name) ?? 0) + 1;
    this.#tries.set(name, tries);
    onFailure?.(name, failure);
    await noteFailure(out, name, failure).catch(() => {}); // of a full disk it is told above
    if (tries <= retries) this.#waiting.push(order);
    else this.failed.set(name, failure);
  }
}

/**
 * Has cells trained by workers, until all are done or wait, or have failed as often as they may.
 *
 * @param orders The cells, and how far they are to go.
 * @param options How many workers, how they are started, and what ends them.
 * @returns The cells that failed, each with the reason of its last failure.
 * @throws {Error} If a worker cannot be started.
 */
export async function runOrders(
  orders: readonly Order[],
  options: QueueOptions,
): Promise<ReadonlyMap<string, string>> {
  const queue = new Queue(orders, options);
  const workers = Math.min(options.workers, orders.length);
  await Promise.all(Array.from({ length: workers }, () => queue.work()));
  if (queue.fault !== undefined) throw queue.fault;
  return queue.failed;
}

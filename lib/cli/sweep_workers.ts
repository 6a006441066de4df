// Processes that train cells: children of this one, each with a pipe. A child ends after its step when its pipe closes: at a signal, or
// when this process ends, however it does.

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Order, Report, SweepWorker } from "../sweep/queue.ts";
import { readyLine } from "../sweep/serve.ts";

/** The most that is kept of what a child says, in characters. */
const most = 2000;

/** How a program of this package is started again: by the same runtime, with the same rights in Deno. */
export function callOf(script: string): readonly [program: string, ...words: string[]] {
  const own = "Deno" in globalThis ? ["run", "-A", "--quiet"] : [];
  return [process.execPath, ...own, script];
}

/** A child whose lines answer one order each. */
class Child implements SweepWorker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #said = "";

  constructor([program, ...words]: readonly [string, ...string[]]) {
    this.#child = spawn(program, words, { stdio: ["pipe", "pipe", "pipe"] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.once("error", (error) => this.#said += error.message);
    this.#child.stderr!.on("data", (text) => this.#said = (this.#said + text).slice(-most));
    this.#child.stdin!.on("error", () => {}); // it may have ended already
  }

  /** Its next line that answers; what packages print besides is none. */
  async answer(isAnswer: (line: string) => boolean): Promise<string> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) break;
      if (isAnswer(value)) return value;
    }
    await this.#ended;
    throw new Error(`Its process ended: ${this.#said.trim() || "it said nothing"}`);
  }

  async run(order: Order): Promise<Report> {
    this.#child.stdin!.write(`${JSON.stringify(order)}\n`);
    return JSON.parse(await this.answer((line) => line.startsWith("{"))) as Report;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await this.#ended;
  }
}

/**
 * Starts a worker.
 *
 * @param script The program, which must call `serve()`.
 * @param words Its words.
 * @returns The worker, once it can work.
 * @throws {Error} If it ends before; the message holds what it said.
 */
export async function startWorker(script: string, words: readonly string[]): Promise<SweepWorker> {
  const child = new Child([...callOf(script), ...words]);
  await child.answer((line) => line === readyLine);
  return child;
}

/**
 * The lines of this process's stdin.
 *
 * @param onEnd Is called when it closes.
 * @returns The lines.
 */
export async function* linesOfInput(onEnd: () => void): AsyncGenerator<string> {
  const lines = createInterface({ input: process.stdin });
  lines.once("close", onEnd);
  yield* lines;
}

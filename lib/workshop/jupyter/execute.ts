/**
 * Executes a notebook cell by cell in a kernel of its own. Nothing is written; the caller gets the
 * executed notebook, or an error that carries what was executed so far.
 */
import { Kernel, KernelError } from "./kernel.ts";
import { type Cell, joined, type Notebook, type Output } from "./notebook_file.ts";
import { errorLast, OutputCollector } from "./outputs.ts";
import { withoutEscapes } from "./terminal.ts";

/** How a notebook is executed. */
export interface ExecuteOptions {
  /** The kernel's folder: the notebook's own. */
  readonly cwd: string;
  /** Variables besides the inherited ones. */
  readonly env?: Readonly<Record<string, string>>;
  /** The longest time that a cell may take; 120 by default. */
  readonly cellTimeoutSeconds?: number;
  /** Ends the execution. */
  readonly signal?: AbortSignal;
  /** Called before each code cell with its position, from 1, and how many there are. */
  readonly onCell?: (position: number, total: number) => void;
}

/**
 * A cell failed, took too long, or lost its kernel.
 *
 * Cause: an error in the cell, which the message quotes, or more than the time that a cell may take.
 * Remedy: run the notebook in `deno task lab` up to that cell; mend it or make it smaller.
 */
export class NotebookError extends Error {
  /** The name of the class, for messages. */
  override readonly name = "NotebookError";
  /** The code cell, from 1. */
  readonly cell: number;
  /** The notebook as far as it was executed. */
  readonly notebook: Notebook;

  /**
   * Says which cell failed.
   *
   * @param cell The code cell, from 1.
   * @param source Its text.
   * @param why What happened.
   * @param notebook The notebook as far as it was executed.
   */
  constructor(cell: number, source: string, why: string, notebook: Notebook) {
    const [first = ""] = source.trim().split("\n");
    super(`Code cell ${cell} (${first.slice(0, 60)}) failed: ${why}`);
    this.cell = cell;
    this.notebook = notebook;
  }
}

const hasTag = ({ metadata }: Cell, tag: string): boolean => metadata.tags?.includes(tag) ?? false;

/** Why a cell counts as failed, if it does: an error output, or a reply of error without one. */
function failureOf(outputs: readonly Output[], reply: Record<string, unknown>): string | undefined {
  const error = outputs.find((output) => output.output_type === "error");
  if (error !== undefined) return withoutEscapes(`${error.ename}: ${error.evalue}`);
  if (reply.status !== "error") return undefined;
  return `${reply.evalue}, without an output: a syntax error or a package that does not resolve`;
}

/** Resolves never; rejects when the time is over or the signal comes. */
function limit(
  seconds: number,
  signal: AbortSignal | undefined,
): { over: Promise<never>; end(): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const timer = setTimeout(
    () => reject(new KernelError(`it took longer than ${seconds} s`)),
    1000 * seconds,
  );
  const aborted = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", aborted);
  if (signal?.aborted === true) aborted();
  return {
    over: promise,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    },
  };
}

/**
 * Executes a notebook.
 *
 * Cells with the tag `skip-execution` are left as they are; a cell with the tag `raises-exception` may fail.
 *
 * @param notebook The notebook; it is not changed.
 * @param options Folder, variables, time limit, signal.
 * @returns The executed notebook.
 * @throws {NotebookError} If a cell fails, takes too long or loses its kernel.
 * @throws {DOMException} If the signal comes.
 */
export async function executeNotebook(
  notebook: Notebook,
  options: ExecuteOptions,
): Promise<Notebook> {
  const { cwd, env = {}, cellTimeoutSeconds = 120, signal, onCell } = options;
  const executed: Notebook = structuredClone(notebook);
  const cells = executed.cells.filter((cell) => cell.cell_type === "code");
  for (const cell of cells) {
    if (!hasTag(cell, "skip-execution")) {
      Object.assign(cell, { outputs: [], execution_count: null });
    }
  }
  const collector = new OutputCollector();
  signal?.throwIfAborted();
  const kernel = await Kernel.start({ cwd, env });
  try {
    for (const [index, cell] of cells.entries()) {
      const source = joined(cell.source);
      if (hasTag(cell, "skip-execution") || source.trim() === "") continue;
      onCell?.(index + 1, cells.length);
      const outputs = cell.outputs = collector.startCell();
      const time = limit(cellTimeoutSeconds, signal);
      let failure: string | undefined;
      try {
        const run = kernel.execute(source, (message) => collector.take(message));
        run.catch(() => {}); // after a time-out nobody waits for it
        const { content } = (await Promise.race([run, time.over])).reply;
        cell.execution_count = Number(content.execution_count);
        errorLast(outputs);
        failure = failureOf(outputs, content);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        throw new NotebookError(index + 1, source, error.message, executed);
      } finally {
        time.end();
      }
      if (failure !== undefined && !hasTag(cell, "raises-exception")) {
        throw new NotebookError(index + 1, source, failure, executed);
      }
    }
    return executed;
  } finally {
    await kernel.close();
  }
}

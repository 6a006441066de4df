// Runs of a figure in processes of their own, one thread each, a few at a time.

import { resolve } from "node:path";

/** What {@linkcode makeInChildren} needs. */
export interface Children {
  /** Names of the runs. */
  readonly names: readonly string[];
  /** How many processes run at a time. */
  readonly jobs: number;
  /** The words after the script that make the run of this name. */
  readonly argsOf: (name: string) => readonly string[];
  /** Ends the processes after the step under way, and starts no other. */
  readonly signal: AbortSignal;
  /** Called when a run is made. */
  readonly onDone: (name: string) => void;
}

const script = resolve(import.meta.dirname!, "../reproduce.ts");

/** Makes one run. The child ends after its step when its stdin closes: at the signal, or when this process ends, however it does. */
async function makeOne(name: string, { argsOf, signal }: Children): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", script, ...argsOf(name), "--child"],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stop = (): void => void child.stdin.close().catch(() => {}); // it may have ended already
  signal.addEventListener("abort", stop);
  const { success, stderr } = await child.output();
  signal.removeEventListener("abort", stop);
  if (!signal.aborted) stop();
  if (!success && !signal.aborted) {
    throw new Error(`The run ${name} failed:\n${new TextDecoder().decode(stderr).trimEnd()}`);
  }
}

/**
 * Makes runs in child processes, the next one as soon as one has ended.
 *
 * @param children The runs, how many at a time, and how a process is told what to make.
 * @throws {Error} If one fails, when those under way have ended; the message holds what it said.
 */
export async function makeInChildren(children: Children): Promise<void> {
  const { names, jobs, signal, onDone } = children;
  const waiting = [...names];
  let failed = false;
  const work = async (): Promise<void> => {
    while (!failed && !signal.aborted) {
      const name = waiting.shift();
      if (name === undefined) return;
      try {
        await makeOne(name, children);
      } catch (error) {
        failed = true;
        throw error;
      }
      if (!signal.aborted) onDone(name);
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: jobs }, work));
  const failure = ended.find((result) => result.status === "rejected");
  if (failure !== undefined) throw failure.reason;
}

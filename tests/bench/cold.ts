// Cold starts: the time from the start of a fresh process to its first training step (packages, backend, compilation), and the
// most memory that the process then holds over two more steps.

import { modelSize } from "./contestants/batch.ts";
import { startTorch } from "./contestants/torch_process.ts";
import { run } from "./group.ts";
import type { AmountLine } from "./record/lines.ts";
import type { Session } from "./session.ts";
import type { Contestant } from "./timing/contestant.ts";

const size = modelSize({ width: 128, depth: 4 });
const child = `${import.meta.dirname}/cold_process.ts`;

/** What a process says after its first step. */
export interface ColdReport {
  readonly peakMiB: number;
  /** The WebAssembly memory of tfjs's backend; 0 elsewhere. */
  readonly heapMiB: number;
}

/** Receives what a process reports, by contestant. */
type Reports = Map<string, ColdReport>;

/** A fresh Deno that trains with a library. */
function denoProcess(
  { backend }: Session,
  name: string,
  library: string,
  reports: Reports,
): Contestant {
  const time = async (): Promise<number> => {
    const start = performance.now();
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", child, library, backend, JSON.stringify(size)],
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const complaint = new Response(process.stderr).text();
    let firstStep: number | undefined;
    let text = "";
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      firstStep ??= performance.now() - start;
      text += chunk;
    }
    const [, report] = text.split("\n");
    const why = (await complaint).trim();
    if (firstStep === undefined || !report) throw new Error(`the process failed: ${why}`);
    reports.set(name, JSON.parse(report));
    return firstStep;
  };
  return { task: "first training step", name, setup: () => ({ time, dispose: () => {} }) };
}

/** A fresh Python that trains with PyTorch. */
function torchProcess(reports: Reports): Contestant {
  const name = "PyTorch, 1 thread";
  const spec = { what: "model", task: "training", size };
  const time = async (): Promise<number> => {
    const start = performance.now();
    const torch = await startTorch({ device: "cpu", threads: 1 });
    try {
      await torch.ask({ open: 1, spec });
      const { absent } = await torch.ask({ time: 1, times: 1 });
      if (absent !== undefined) throw new Error(absent);
      const elapsed = performance.now() - start;
      const { peakMiB } = await torch.ask({ time: 1, times: 2 });
      reports.set(name, { peakMiB, heapMiB: 0 });
      return elapsed;
    } finally {
      await torch.close();
    }
  };
  return { task: "first training step", name, setup: () => ({ time, dispose: () => {} }) };
}

/** Times cold starts and asks each process for its memory. */
export async function runCold(session: Session): Promise<void> {
  const reports: Reports = new Map();
  const facts = { ...size };
  const timing = {
    rounds: session.quick ? 2 : 5,
    warmUp: 0,
    settle: 0,
    sample: 0,
    longest: Infinity,
  };
  await run({ ...session, timing }, {
    facts,
    baselines: ["fused"],
    contestants: [
      denoProcess(session, "fused", "fused", reports),
      denoProcess(session, "composed", "composed", reports),
      denoProcess(session, "tfjs as it is", "tfjs", reports),
      denoProcess(session, "jax-js", "jax", reports),
      torchProcess(reports),
    ],
  });
  const { suite, platform, write } = session;
  for (const [contestant, { peakMiB, heapMiB }] of reports) {
    const line = (quantity: string, value: number): AmountLine => ({
      kind: "amount",
      ...{ suite, platform, facts, contestant, quantity },
      unit: "MiB",
      value: Math.round(value),
    });
    write(line("peak resident memory", peakMiB));
    if (heapMiB > 0) write(line("WebAssembly memory", heapMiB));
  }
}

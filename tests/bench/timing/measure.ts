// Interleaved timing: every round runs every contestant once, in turn forwards and backwards, so that a slow moment of the
// machine hits all of them.

import type { Contestant, KernelMode, Runner } from "./contestant.ts";

/** How long and how often. */
export interface Timing {
  /** Rounds that count. */
  readonly rounds: number;
  /** Untimed rounds before them. */
  readonly warmUp: number;
  /** Milliseconds that a contestant runs when it enters: engines optimize only what has run often. */
  readonly settle: number;
  /** A sample repeats its contestant until it takes at least so many milliseconds. */
  readonly sample: number;
  /** A contestant whose run takes more milliseconds than this does not take part: the others would wait for minutes. */
  readonly longest: number;
}

/** A contestant's result: its milliseconds per run in each round, or why it did not run. */
export type Outcome =
  & { readonly task: string; readonly name: string }
  & (
    | { readonly times: readonly number[]; readonly repeats?: number }
    | { readonly absent: string }
  );

/** A contestant that is set up. */
interface Entrant {
  readonly runner: Runner;
  readonly times: number[];
  repeats: number;
}

const mostRepeats = 1000;

/** Repeats until a sample lasts long enough to be read from the clock. */
async function calibrate({ runner }: Entrant, least: number): Promise<number> {
  let repeats = 1;
  for (;;) {
    const elapsed = await runner.time(repeats);
    if (elapsed >= least || repeats >= mostRepeats) return repeats;
    const growth = Math.min(8, Math.max(2, 1.2 * least / elapsed));
    repeats = Math.min(mostRepeats, Math.ceil(repeats * growth));
  }
}

async function settle({ runner }: Entrant, { settle, longest }: Timing): Promise<void> {
  const start = performance.now();
  let fastest = Infinity;
  do fastest = Math.min(fastest, await runner.time(1)); while (performance.now() - start < settle);
  if (fastest <= longest) return;
  const seconds = (milliseconds: number): string => (milliseconds / 1000).toPrecision(2);
  throw new Error(`a run takes ${seconds(fastest)} s, more than ${seconds(longest)} s`);
}

/**
 * Times contestants against each other.
 *
 * @param contestants Who takes part; those of one kernel mode should stand together, since a change of mode takes time.
 * @param timing Rounds and samples.
 * @param prepare Registers the kernels that a contestant needs.
 * @returns One outcome for each contestant.
 */
export async function measure(
  contestants: readonly Contestant[],
  timing: Timing,
  prepare: (mode: KernelMode) => Promise<void>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const entrants = new Map<Contestant, Entrant>();
  /** A contestant's turn, with its kernels; one that fails is out, and the message is its outcome. */
  const turn = async (contestant: Contestant, play: () => Promise<void>): Promise<void> => {
    const { task, name, kernels } = contestant;
    try {
      if (kernels !== undefined) await prepare(kernels);
      await play();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      outcomes.push({ task, name, absent: message.split("\n")[0]! });
      const entrant = entrants.get(contestant);
      entrants.delete(contestant);
      // what failed once may fail again when it is freed
      await Promise.resolve(entrant?.runner.dispose()).catch(() => {});
    }
  };
  const enter = async (contestant: Contestant): Promise<void> => {
    const entrant: Entrant = { runner: await contestant.setup(), times: [], repeats: 1 };
    entrants.set(contestant, entrant);
    await settle(entrant, timing);
    entrant.repeats = await calibrate(entrant, timing.sample);
  };
  const play = async ({ runner, times, repeats }: Entrant, counts: boolean): Promise<void> => {
    if (repeats > 1) await runner.time(1); // others had the caches meanwhile
    const elapsed = await runner.time(repeats);
    if (counts) times.push(elapsed / repeats);
  };
  try {
    for (const contestant of contestants) await turn(contestant, () => enter(contestant));
    for (let round = -timing.warmUp; round < timing.rounds; round++) {
      const order = [...entrants];
      for (const [contestant, entrant] of round % 2 === 0 ? order : order.reverse()) {
        await turn(contestant, () => play(entrant, round >= 0));
      }
    }
    for (const [{ task, name }, { times, repeats }] of entrants) {
      outcomes.push({ task, name, times, repeats });
    }
  } finally {
    for (const { runner } of entrants.values()) await runner.dispose();
  }
  return outcomes;
}

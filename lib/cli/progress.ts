// A progress bar on stderr. Without a terminal it prints a line now and then instead.

import cliProgress from "cli-progress";

/** A bar under way. */
export interface Progress {
  /**
   * Moves the bar.
   *
   * @param done Steps made.
   * @param note A few words at its end.
   */
  update(done: number, note: string): void;
  /** Ends the bar. */
  stop(): void;
}

/**
 * Starts a progress bar.
 *
 * @param label What is under way.
 * @param total Steps in all.
 * @returns The bar.
 */
export function startProgress(label: string, total: number): Progress {
  const bar = new cliProgress.SingleBar({
    format: `  ${
      label.padEnd(16)
    } [{bar}] {percentage}% {value}/{total} {note} {eta_formatted} left`,
    barCompleteChar: "█",
    barIncompleteChar: "·",
    barsize: 24,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 10000,
    gracefulExit: false,
  });
  bar.start(total, 0, { note: "" });
  return {
    update: (done, note) => bar.update(done, { note }),
    stop: () => bar.stop(),
  };
}

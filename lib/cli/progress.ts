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

/** A bar of bytes under way. */
export interface ByteProgress {
  /**
   * Moves the bar.
   *
   * @param done Bytes done.
   * @param total Bytes in all.
   * @param note What is under way.
   */
  update(done: number, total: number, note: string): void;
  /** Ends the bar. */
  stop(): void;
}

/**
 * Starts a progress bar of bytes, shown in MB; it appears with the first update.
 *
 * @param label What is under way.
 * @returns The bar.
 */
export function startByteProgress(label: string): ByteProgress {
  let bar: Progress | undefined;
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
  return {
    update: (done, total, note) => {
      bar ??= startProgress(label, megabytes(total), "MB");
      bar.update(megabytes(done), note);
    },
    stop: () => bar?.stop(),
  };
}

/**
 * Starts a progress bar.
 *
 * @param label What is under way.
 * @param total Steps in all.
 * @param unit What is counted, where that is to be shown.
 * @returns The bar.
 */
export function startProgress(label: string, total: number, unit = ""): Progress {
  const end = unit === "" ? "{note}" : `${unit} {note}`;
  const bar = new cliProgress.SingleBar({
    format: `  ${label.padEnd(16)} [{bar}] {percentage}% {value}/{total} ${end}`,
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

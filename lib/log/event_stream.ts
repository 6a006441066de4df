// The events of a run, as far as it has come whenever they are asked for.

import { jsonText } from "../core/json.ts";
import { concatenate } from "../platform/text_file.ts";
import type { RunView } from "../train/follow_run.ts";
import type { Row } from "../train/record.ts";
import { firstEvent, restartEvent, rowEvent, settingsEvent, textEvent } from "./events.ts";
import { settingsOf } from "./table.ts";

const now = (): number => Date.now() / 1000;

/** When each row of a run that is done was made: rows have no times, so theirs lie evenly between its start and its end. */
function timesOf({ rows, manifest }: RunView): (at: number) => number {
  if (manifest === undefined) return now;
  const start = Date.parse(manifest.started) / 1000;
  return (at) => start + manifest.wallSeconds * at / Math.max(1, rows.length - 1);
}

/** How many rows two lists begin with alike. */
function countSame(before: readonly Row[], after: readonly Row[]): number {
  const most = Math.min(before.length, after.length);
  for (let at = 0; at < most; at++) {
    const [one, other] = [before[at], after[at]];
    if (one !== other && jsonText(one) !== jsonText(other)) return at;
  }
  return most;
}

/** What is said of a run besides its rows, once it is done. */
function endOf({ manifest }: RunView, time: number): Uint8Array[] {
  if (manifest === undefined) return [];
  const { settings, started, stopped } = manifest;
  const code = `\`\`\`json\n${jsonText(settings, 2)}\n\`\`\``;
  return [
    settingsEvent(settingsOf(settings), Date.parse(started) / 1000),
    textEvent({ time, step: 0 }, "settings", code),
    ...(stopped === undefined
      ? []
      : [textEvent({ time, step: stopped.step }, "stopped", stopped.message)]),
  ];
}

/** The events of a run. */
export class EventStream {
  #rows: readonly Row[] | undefined;

  /**
   * Takes what is known of the run.
   *
   * @param view What is known now.
   * @returns The events since the last time. Where the run went back, the first of them takes later ones back.
   */
  next(view: RunView): Uint8Array<ArrayBuffer> {
    const { rows } = view;
    const time = this.#rows === undefined ? timesOf(view) : now;
    const before = this.#rows ?? [];
    const same = countSame(before, rows);
    const lost = before[same];
    const records = [
      ...(this.#rows === undefined ? [firstEvent(time(0))] : []),
      ...(lost === undefined ? [] : [restartEvent({ time: now(), step: lost.step })]),
      ...rows.slice(same).map((row, at) => rowEvent(row, time(same + at))),
      ...endOf(view, time(rows.length - 1)),
    ];
    this.#rows = rows;
    return concatenate(records);
  }
}

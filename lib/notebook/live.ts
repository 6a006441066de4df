// A chart that grows while its cell runs. Frames go through the kernel's displays, each in place of the one before.

import { platform } from "../platform/mod.ts";
import { type Figure, jupyterDisplay } from "../plots/figure.ts";

/** A chart that is redrawn while a cell runs. */
export interface LiveChart extends AsyncDisposable {
  /** Says that there is something new: the chart is redrawn, unless it was less than 250 ms ago. */
  update(): void;
  /**
   * Sends what is still to be shown: the last frame. An update after it shows the chart anew, as when its cell is run again.
   *
   * @throws {Error} If a frame could not be drawn or sent.
   */
  end(): Promise<void>;
}

/** Sends a frame; all but the first replace the one before. */
export type SendFrame = (
  bundle: Readonly<Record<string, string>>,
  options: { readonly update: boolean },
) => Promise<void>;

/** Least time between two frames, in milliseconds. */
export const frameInterval = 250;

/**
 * A live chart over any way to send frames.
 *
 * @param draw Draws the chart as it is now; called only for frames that are sent.
 * @param send Sends a frame.
 * @param now The time in milliseconds.
 * @returns The chart.
 */
export function liveChart(draw: () => Figure, send: SendFrame, now: () => number): LiveChart {
  let sent: number | undefined; // when the last frame was
  let pending = false;
  let queue: Promise<void> = Promise.resolve();
  const frame = (): void => {
    const bundle = { ...draw()[jupyterDisplay]() };
    const options = { update: sent !== undefined };
    [sent, pending] = [now(), false];
    queue = queue.then(() => send(bundle, options));
    queue.catch(() => {}); // `end` tells it
  };
  const end = async (): Promise<void> => {
    if (pending) frame();
    sent = undefined;
    await queue;
  };
  return {
    update: () => {
      pending = true;
      if (sent === undefined || now() - sent >= frameInterval) frame();
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** What sends frames through the kernel, if this runs in one. */
function kernelDisplay(): SendFrame | undefined {
  const kernel = platform.kernel();
  if (kernel === undefined) return undefined;
  const { display } = kernel.outputs;
  let id = "";
  return (bundle, { update }) => {
    if (!update) id = crypto.randomUUID(); // a frame that replaces none is a display of its own
    return display(bundle, { raw: true, display_id: id, update });
  };
}

/**
 * A chart that grows while a cell runs: at most four frames a second, each drawn only when it is sent.
 *
 * ```ts
 * import { live } from "@normkit/normkit/notebook";
 * import { lossCurves, type LossRow } from "@normkit/normkit/plots";
 *
 * const rows: LossRow[] = [];
 * const chart = live(() => lossCurves(rows, { title: "So far" }));
 * for (const [step, loss] of [4.5, 3.2, 2.9].entries()) {
 *   rows.push({ variant: "pre-ln", step, loss });
 *   chart.update();
 * }
 * await chart.end();
 * ```
 *
 * Make the chart in the cell that updates it: a cell that throws before `end()` then shows a new one when it is run again. A loop must
 * let the kernel breathe for frames to appear, as `train` does whenever it reports. Notebooks that are executed
 * without a viewer keep the last frame alone. Outside a kernel nothing is drawn.
 *
 * @param draw Draws the chart as it is now. It is not called before the first `update`.
 * @returns The chart; `await using` ends it as well as `end` does.
 */
export function live(draw: () => Figure): LiveChart {
  const send = kernelDisplay();
  if (send !== undefined) return liveChart(draw, send, () => performance.now());
  const end = (): Promise<void> => Promise.resolve();
  return { update: () => {}, end, [Symbol.asyncDispose]: end };
}

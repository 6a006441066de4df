/**
 * Learning-rate schedules in float64. Steps count from 1; the warm-up is `lr(t) = t / T · peak` for
 * t ≤ T, so that T = 1 means none, and every curve starts from the peak at t = T.
 * Source: Xiong et al. 2020, §3.2; Vaswani et al. 2017, Eq. 3 up to the constant.
 *
 * @module
 */

/** What every schedule needs; `total` and `floor` concern those that end. */
export interface ScheduleSettings {
  readonly peak: number;
  readonly warmup: number;
  readonly total: number;
  readonly floor: number;
}

/** The schedules. */
export type Schedule = "constant" | "linear" | "cosine" | "inverse-sqrt";

/** The share of the way from the end of the warm-up to the last step. */
function progress(step: number, { warmup, total }: ScheduleSettings): number {
  return Math.min(1, (step - warmup) / (total - warmup));
}

const decays: Readonly<Record<Schedule, (step: number, s: ScheduleSettings) => number>> = {
  "constant": (_step, { peak }) => peak,
  "linear": (step, s) => s.peak + (s.floor - s.peak) * progress(step, s),
  "cosine": (step, s) =>
    s.floor + (s.peak - s.floor) * (1 + Math.cos(Math.PI * progress(step, s))) / 2,
  "inverse-sqrt": (step, { peak, warmup }) => peak * Math.sqrt(warmup / step),
};

/** The learning rate at a step, counted from 1. */
export function learningRate(schedule: Schedule, step: number, settings: ScheduleSettings): number {
  const { peak, warmup } = settings;
  return step <= warmup ? peak * step / warmup : decays[schedule](step, settings);
}

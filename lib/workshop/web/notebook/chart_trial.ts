// What a notebook's chart shows, as choices of the laboratory: its variants by their names, their settings by the chart's own words.

import { paletteIds, variantStyle } from "../../../plots/palette.ts";
import type { Picture } from "../../pages/pictures.ts";

/** Choices by their names in an address: one value for both designs, or one for each. */
export type Choices = Readonly<Record<string, string>>;

/** What of a variant's training a chart's words tell. */
interface Told {
  readonly variant: string;
  readonly gpas: "no" | "yes";
  readonly warmup?: string;
}

const idsByLabel = new Map(paletteIds.map((id) => [variantStyle(id).label, id]));

/** Whether something was measured that the laboratory measures: the loss by step, the stream and gradients by layer. */
const isMeasured = (x: string, y: string): boolean =>
  x === "Step"
    ? /loss/i.test(y) && !y.includes("|")
    : x === "Layer" && /variance|gradient|∂L/i.test(y);

/** The number of warm-up steps in words, where they tell it. */
function warmupIn(words: string): string | undefined {
  if (/no warm-up|without warm-up|from (?:the first )?step/i.test(words)) return "1";
  return /warm-up(?: of)? (\d+)/.exec(words)?.[1];
}

/** What a line of a chart is, where it is a variant of the library. */
function toldBy(name: string): Told | undefined {
  const [, label = "", gates, rest = ""] = /^([^,]*?)( \+ GPAS)?(?:, (.*))?$/.exec(name) ?? [];
  const variant = idsByLabel.get(label);
  if (variant === undefined) return undefined;
  const warmup = warmupIn(rest);
  if (rest !== "" && warmup === undefined) return undefined;
  const gpas = gates === undefined ? "no" : "yes";
  return { variant, gpas, ...(warmup === undefined ? {} : { warmup }) };
}

/** The setting that a chart's words tell of all its lines. */
function settingIn(words: string): Choices {
  const depth = /(\d+) layers/.exec(words)?.[1];
  const rate = /(?:rate|at) (0\.\d+)/.exec(words)?.[1];
  return Object.fromEntries(
    Object.entries({ depth, rate, warmup: warmupIn(words) })
      .filter(([, value]) => value !== undefined),
  ) as Choices;
}

/**
 * The training that a chart shows, two variants side by side: those that its title names, and then the first; one alone stands beside
 * Pre-LN.
 *
 * @param picture The chart.
 * @returns The choices, or undefined where it shows no loss by step and no stream or gradient by layer of variants.
 */
export function chartTrial({ marks, alternative }: Picture): Choices | undefined {
  if (marks === undefined || !isMeasured(String(marks.x), String(marks.y))) return undefined;
  const series = marks.series as readonly { readonly name: string }[];
  const [title = "", subtitle = ""] = alternative.split("\n", 2);
  const isNamed = ({ variant, gpas }: Told): boolean =>
    title.includes(gpas === "yes" ? "GPAS" : variantStyle(variant).label);
  const told = series.flatMap(({ name }) => toldBy(name) ?? [])
    .toSorted((a, b) => Number(isNamed(b)) - Number(isNamed(a)));
  if (told.length === 0 || (told.length === 1 && series.length > 1)) return undefined;
  const [first, second = besides(first!)] = told;
  const setting = settingIn(`${title}\n${subtitle}`);
  const both = (of: (one: Told) => string): string =>
    [...new Set([first!, second].map(of))].join(",");
  return {
    ...setting,
    variant: both(({ variant }) => variant),
    gpas: both(({ gpas }) => gpas),
    warmup: both(({ warmup = setting["warmup"] ?? "1" }) => warmup),
  };
}

const besides = ({ variant }: Told): Told => ({
  variant: variant === "pre-ln" ? "post-ln" : "pre-ln",
  gpas: "no",
});

// Claims as pages show them: a table with links to the cells, how many have which verdict, and the page data/RESULTS.md.

import { type Claim, expectations, verdicts } from "../notebook/claims.ts";
import { formatNumber } from "../plots/measurements.ts";

/** A claim, and the cell that shows it. */
export interface FoundClaim extends Claim {
  /** The notebook's file name. */
  readonly notebook: string;
  /** The cell's id. */
  readonly cell: string;
}

/** Where the counts stand in README.md. */
const markers = {
  start: "<!-- counts: written by deno task claims -->",
  end: "<!-- /counts -->",
} as const;

/** A value as the text of a table's cell: Markdown, but no HTML. */
const cellText = (value: number | string | undefined): string =>
  (typeof value === "number" ? formatNumber(value) : value ?? "")
    .replaceAll("|", "\\|").replaceAll(/\s+/g, " ").replaceAll(/<(?=[a-z/!?])/gi, "\\<");

/** A Markdown table; numbers are written with four digits. */
const markdownTable = (
  head: readonly string[],
  rows: readonly (readonly (number | string | undefined)[])[],
): string =>
  [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map(cellText).join(" | ")} |`).join("\n");

const linkTo = (folder: string, { verdict, notebook, cell }: FoundClaim): string =>
  `[${verdict}](${folder}${encodeURI(notebook)}#cell-id=${encodeURIComponent(cell)})`;

const oursOf = ({ ours, spread }: FoundClaim): number | string =>
  spread === undefined ? ours : `${cellText(ours)} (${cellText(spread)})`;

/**
 * Claims as a Markdown table; each verdict links to its cell. A claim is Markdown, but no HTML.
 *
 * @param claims The claims.
 * @param folder Where the notebooks lie as seen from the table, such as `notebooks/`.
 * @returns Markdown.
 */
export function claimsTable(claims: readonly FoundClaim[], folder: string): string {
  if (claims.length === 0) return "No notebook states a claim yet.";
  return markdownTable(
    ["paper", "claim", "paper's number", "ours (spread)", "our setting", "verdict"],
    claims.map((one) => [
      one.paper,
      one.claim,
      one.papers,
      oursOf(one),
      one.setting,
      linkTo(folder, one),
    ]),
  );
}

/**
 * How many claims of each paper have which verdict, as a Markdown table whose last row is of all papers; verdicts that none has are
 * left out.
 *
 * @param claims The claims.
 * @returns Markdown.
 */
export function verdictCounts(claims: readonly FoundClaim[]): string {
  const given = Object.keys(verdicts).filter((word) =>
    claims.some(({ verdict }) => verdict === word)
  );
  const countsOf = (own: readonly FoundClaim[]): string[] =>
    given.map((verdict) => own.filter((one) => one.verdict === verdict).length)
      .map((count) => count === 0 ? "" : String(count));
  const papers = [...Map.groupBy(claims, ({ paper }) => paper)];
  return markdownTable(["paper", ...given], [
    ...papers.map(([paper, own]) => [paper, ...countsOf(own)]),
    [`all ${claims.length} claims`, ...countsOf(claims)],
  ]);
}

/** What the runs of a task say. */
export interface TaskSection {
  /** The figure's id. */
  readonly id: string;
  /** What it shows, in a line. */
  readonly title: string;
  /** A row for each variant, of the same keys. */
  readonly rows: readonly Readonly<Record<string, string>>[];
}

function taskSection({ id, title, rows }: TaskSection): string {
  const head = Object.keys(rows[0] ?? {});
  const table = markdownTable(head, rows.map((row) => head.map((name) => row[name])));
  return `### ${title}\n\nRuns: \`data/runs/${id}\`, made by \`deno task reproduce ${id}\`.\n\n${table}`;
}

const definitions = (words: Readonly<Record<string, string>>): string =>
  Object.entries(words).map(([word, meaning]) => `- **${word}**: ${meaning}.`).join("\n");

/**
 * The page of all claims, and of the tasks.
 *
 * @param claims The claims.
 * @param folder Where the notebooks lie as seen from the page.
 * @param tasks What the runs of each task say.
 * @returns Markdown.
 */
export function resultsPage(
  claims: readonly FoundClaim[],
  folder: string,
  tasks: readonly TaskSection[],
): string {
  return `<!-- Written by deno task claims: change the notebooks, not this page. -->

# What reproduces

Claims of papers beside our own numbers. Each row is stated, with its number, by a cell of a notebook; its verdict links there.
[What the words mean](#what-the-words-mean) is said below.

${verdictCounts(claims)}

${claimsTable(claims, folder)}

## What the words mean

A verdict is about our setting, which its row states; it is given by the spread of seeds, not by a test of significance.

${definitions(verdicts)}

The letter behind a claim is what was to be expected of it in a small model, before it was tried:

${definitions(expectations)}

## The papers' own tasks

Each variant at its own learning rate: of those swept with seed 0 the one whose last held-out loss is the lowest; where two rates have three
seeds, the lower mean decides. Then three seeds: their mean, and in parentheses the least and the greatest. The baseline is reached without
a model: by frequencies, and of translations by the source as it is; the margin is how far the mean of the held-out loss is below it.

${tasks.map(taskSection).join("\n\n")}
`;
}

/**
 * A text with other counts between the markers.
 *
 * @param text The text of README.md.
 * @param counts The counts.
 * @returns The text with the counts.
 * @throws {RangeError} If a marker is missing.
 */
export function withCounts(text: string, counts: string): string {
  const [start, end] = [text.indexOf(markers.start), text.indexOf(markers.end)];
  if (start < 0 || end < start) {
    throw new RangeError(
      `Cannot write the counts of claims: README.md must hold "${markers.start}" and "${markers.end}"`,
    );
  }
  return `${text.slice(0, start)}${markers.start}\n\n${counts}\n\n${text.slice(end)}`;
}

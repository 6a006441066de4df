// A recorded grid as a table whose cells are colored by how well a training ended, and can be opened by the page's module.

import { extent, greatest } from "../../../core/extent.ts";
import { orderVariants } from "../../../plots/palette.ts";
import { formatNumber } from "../../../plots/measurements.ts";
import { escapeHtml } from "../../pages/html.ts";
import { armOf, depthsOf, finalLoss, type Grid, type GridPoint } from "./grid.ts";

const ascending = (values: Iterable<number>): number[] =>
  [...new Set(values)].sort((a, b) => a - b);

/** A cell: the loss in which a point ends, and how bad that is from 0 to 1. */
function cellHtml(grid: Grid, point: GridPoint | undefined, badness: (loss: number) => number) {
  if (point === undefined) return "<td></td>";
  const loss = finalLoss(point, grid.steps);
  const isWhole = Number.isFinite(loss);
  const share = isWhole ? badness(loss) : 1;
  const text = isWhole ? formatNumber(loss, 3) : "ends early";
  return `<td class="point" style="--bad: ${Math.round(100 * share)}%" data-point="${
    grid.points.indexOf(point)
  }">${text}</td>`;
}

/** The columns of a grid: for each depth, where points differ in it, the rates that were tried there. */
function columnsOf(grid: Grid): { readonly depth: number | undefined; readonly rates: number[] }[] {
  const depths = depthsOf(grid);
  return (depths.length > 1 ? depths : [undefined]).map((depth) => {
    const points = grid.points.filter((one) => depth === undefined || one.depth === depth);
    return { depth, rates: ascending(points.map(({ rate }) => rate)) };
  });
}

/** The head of the table: a line of depths, where there are several, over that of rates. */
function headHtml(columns: ReturnType<typeof columnsOf>): string {
  const depths = columns.flatMap(({ depth, rates }) =>
    depth === undefined
      ? []
      : [`<th scope="colgroup" colspan="${rates.length}">${depth} layers</th>`]
  );
  const groups = columns.map(({ rates }) => `<colgroup span="${rates.length}"></colgroup>`);
  const rates = columns.flatMap(({ rates }) => rates).map((rate) => `<th scope="col">${rate}</th>`);
  return `<colgroup></colgroup>${groups.join("")}
<thead>${depths.length === 0 ? "" : `<tr><td></td>${depths.join("")}</tr>`}
<tr><th scope="col">Rate</th>${rates.join("")}</tr></thead>`;
}

/** What the points of a grid have in common, in words. */
function captionOf(grid: Grid): string {
  const depths = depthsOf(grid);
  const seeds = greatest(grid.points.map(({ curves }) => curves.length));
  return [
    ...(depths.length === 1 ? [`${depths[0]} layers`] : []),
    ...grid.setting,
    `${grid.steps} steps`,
    seeds === 1 ? "one seed" : `means of up to ${seeds} seeds`,
  ].join(", ");
}

/** The rows' names in the order of variants, each before its other forms. */
function armsOf(points: readonly GridPoint[]): string[] {
  const variants = orderVariants(points.map(({ variant }) => variant));
  const own = (variant: string) =>
    points.filter((one) => one.variant === variant).map(armOf).sort();
  return [...new Set(variants.flatMap(own))];
}

/**
 * A grid as a table: a row for each variant and warm-up, a column for each rate, by depth where there are several.
 *
 * @param grid The grid.
 * @param file Where its points lie as JSON, beside the page.
 * @returns A section; its cells open nothing until a module makes them buttons.
 */
export function gridHtml(grid: Grid, file: string): string {
  const { points, steps } = grid;
  const columns = columnsOf(grid);
  const warmups = ascending(points.map(({ warmup }) => warmup));
  const losses = points.map((point) => finalLoss(point, steps)).filter(Number.isFinite);
  const [low, high] = extent(losses);
  const badness = (loss: number): number => high > low ? (loss - low) / (high - low) : 0;
  const rows = armsOf(points).flatMap((arm) =>
    warmups.flatMap((warmup) => {
      const own = points.filter((one) => armOf(one) === arm && one.warmup === warmup);
      if (own.length === 0) return [];
      const name = `${arm}, ${warmup === 1 ? "no warm-up" : `warm-up ${warmup}`}`;
      const cells = columns.flatMap(({ depth, rates }) =>
        rates.map((rate) => {
          const isHere = (one: GridPoint) =>
            one.rate === rate && (depth === undefined || one.depth === depth);
          return cellHtml(grid, own.find(isHere), badness);
        })
      );
      return [`<tr><th scope="row">${escapeHtml(name)}</th>${cells.join("")}</tr>`];
    })
  );
  return `<div class="grid" data-file="${escapeHtml(file)}">
<div class="scroll"><table><caption>Held-out loss at the end: ${
    escapeHtml(captionOf(grid))
  }</caption>
${headHtml(columns)}
<tbody>
${rows.join("\n")}
</tbody></table></div>
<figure class="chart" hidden></figure>
<p class="notes" role="alert"></p>
</div>`;
}

// A recorded grid as a table whose cells are colored by how well a training ended, and can be opened by the page's module.

import { extent, greatest } from "../../../core/extent.ts";
import { orderVariants, variantStyle } from "../../../plots/palette.ts";
import { formatNumber } from "../../../plots/measurements.ts";
import { escapeHtml } from "../../pages/html.ts";
import { finalLoss, type Grid, type GridPoint } from "./grid.ts";

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

/**
 * A grid as a table: a row for each variant and warm-up, a column for each rate.
 *
 * @param grid The grid.
 * @param file Where its points lie as JSON, beside the page.
 * @returns A section; its cells open nothing until a module makes them buttons.
 */
export function gridHtml(grid: Grid, file: string): string {
  const { points, depth, steps } = grid;
  const rates = ascending(points.map(({ rate }) => rate));
  const warmups = ascending(points.map(({ warmup }) => warmup));
  const losses = points.map((point) => finalLoss(point, steps)).filter(Number.isFinite);
  const [low, high] = extent(losses);
  const badness = (loss: number): number => high > low ? (loss - low) / (high - low) : 0;
  const rows = orderVariants(points.map(({ variant }) => variant)).flatMap((variant) =>
    warmups.flatMap((warmup) => {
      const own = points.filter((one) => one.variant === variant && one.warmup === warmup);
      if (own.length === 0) return [];
      const name = `${variantStyle(variant).label}, ${
        warmup === 1 ? "no warm-up" : `warm-up ${warmup}`
      }`;
      const cells = rates.map((rate) =>
        cellHtml(grid, own.find((one) => one.rate === rate), badness)
      );
      return [`<tr><th scope="row">${escapeHtml(name)}</th>${cells.join("")}</tr>`];
    })
  );
  const seeds = greatest(points.map(({ curves }) => curves.length));
  const layers = depth === undefined ? "" : `${depth} layers, `;
  const words = `${layers}${steps} steps, ${
    seeds === 1 ? "one seed" : `means of up to ${seeds} seeds`
  }`;
  return `<div class="grid" data-file="${escapeHtml(file)}">
<div class="scroll"><table><caption>Held-out loss at the end: ${escapeHtml(words)}</caption>
<thead><tr><th scope="col">Rate</th>${
    rates.map((rate) => `<th scope="col">${rate}</th>`).join("")
  }</tr></thead>
<tbody>
${rows.join("\n")}
</tbody></table></div>
<figure class="chart" hidden></figure>
<p class="notes" role="alert"></p>
</div>`;
}

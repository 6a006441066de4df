// Tables of recorded grids in a page: each cell becomes a button that shows its curve below the table, beside those already open.

import type { Grid } from "./grid.ts";

/** A table, what is loaded of it, and which cells are open, the first opened first. */
class GridTable {
  readonly #root: HTMLElement;
  #grid: Grid | undefined;
  #open: HTMLButtonElement[] = [];

  constructor(root: HTMLElement) {
    this.#root = root;
    for (const cell of root.querySelectorAll<HTMLElement>("[data-point]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      button.value = cell.dataset["point"]!;
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => void this.#toggle(button);
      cell.append(button);
    }
  }

  async #toggle(button: HTMLButtonElement): Promise<void> {
    const holder = this.#root.querySelector<HTMLElement>(".chart")!;
    try {
      const [{ gridChart, mostPoints }, { chartWidth, showFigure }] = await Promise.all([
        import("./grid_chart.ts"),
        import("../figure_view.ts"),
      ]);
      const grid = this.#grid ??= await this.#load();
      const others = this.#open.filter((one) => one !== button);
      const isOpening = others.length === this.#open.length;
      this.#open = isOpening ? [...others, button].slice(-mostPoints) : others;
      for (const one of this.#root.querySelectorAll("button")) {
        one.setAttribute("aria-pressed", String(this.#open.includes(one)));
      }
      holder.hidden = this.#open.length === 0;
      if (holder.hidden) return;
      const points = this.#open.map(({ value }) => grid.points[Number(value)]!);
      showFigure(holder, gridChart(grid, points, chartWidth(holder)), true);
    } catch (error) {
      this.#root.querySelector(".notes")!.textContent = `Cannot show the curve: ${String(error)}`;
    }
  }

  async #load(): Promise<Grid> {
    const file = this.#root.dataset["file"]!;
    const response = await fetch(file);
    if (!response.ok) throw new Error(`Cannot read ${file}: its server says ${response.status}`);
    return await response.json();
  }
}

/** Lets the cells of this page's grids be opened. */
export function startGrids(): void {
  for (const grid of document.querySelectorAll<HTMLElement>(".grid")) new GridTable(grid);
}

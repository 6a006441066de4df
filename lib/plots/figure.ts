/**
 * A finished picture: one standalone SVG, and what Jupyter and screen readers say about it.
 *
 * Charts return figures; `save.ts` writes them. Nothing here knows what is drawn.
 */

/** Key under which Deno's Jupyter kernel looks for the display form of a value. */
export const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display");

/** Display forms of a figure by MIME type. */
export interface FigureBundle {
  /** The standalone SVG. */
  readonly "image/svg+xml": string;
  /** Title and main numbers, for viewers that show no pictures. */
  readonly "text/plain": string;
}

/**
 * A chart as one standalone SVG with explicit colors, no style sheet and no ids.
 *
 * The last expression of a notebook cell shows it; `saveFigure` writes it to a file.
 */
export class Figure {
  /** The picture: a single `<svg>` with `xmlns`, one element per line. */
  readonly svg: string;
  /** The title and the main numbers as plain text. */
  readonly description: string;

  /**
   * Wraps a finished picture.
   *
   * @param svg A standalone SVG document.
   * @param description Title and main numbers as plain text.
   */
  constructor(svg: string, description: string) {
    this.svg = svg;
    this.description = description;
  }

  /**
   * The display forms that a notebook shows.
   *
   * @returns The SVG and the description, by MIME type.
   */
  [jupyterDisplay](): FigureBundle {
    return { "image/svg+xml": this.svg, "text/plain": this.description };
  }
}

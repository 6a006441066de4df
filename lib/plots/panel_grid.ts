/**
 * How many panels stand side by side, and how large each is.
 */

/** Panels to place, and the room there is. */
export interface PanelRequest {
  /** Number of panels. */
  readonly count: number;
  /** Room from left to right, in pixels. */
  readonly width: number;
  /** Room from top to bottom, in pixels; the grid may come out taller. */
  readonly height: number;
  /** Least width of a panel. */
  readonly leastWidth: number;
  /** Least height of a panel. */
  readonly leastHeight: number;
}

/** A grid of equal panels. */
export interface PanelGrid {
  /** Panels in a full row. */
  readonly columns: number;
  /** Width of a panel in pixels. */
  readonly panelWidth: number;
  /** Height of the whole grid in pixels. */
  readonly height: number;
  /** Gap between columns as a share of a panel and its gap. */
  readonly gapX: number;
  /** Gap between rows as a share of a panel and its gap. */
  readonly gapY: number;
}

const gap = { x: 10, y: 26 } as const;
const tallestPanel = 320;

/**
 * The flattest grid in which each panel has its least size, its rows filled evenly.
 *
 * @param request Panels and room.
 * @returns The grid.
 */
export function panelGrid(request: PanelRequest): PanelGrid {
  const { count, width, leastWidth, leastHeight } = request;
  const fitting = Math.max(1, Math.floor((width + gap.x) / (leastWidth + gap.x)));
  const rows = Math.ceil(count / fitting);
  const columns = Math.ceil(count / rows);
  const panelWidth = (width + gap.x) / columns - gap.x;
  const roomy = Math.min((request.height + gap.y) / rows - gap.y, tallestPanel);
  const panelHeight = Math.max(leastHeight, roomy);
  return {
    columns,
    panelWidth,
    height: rows * (panelHeight + gap.y) - gap.y,
    gapX: columns > 1 ? gap.x / (panelWidth + gap.x) : 0,
    gapY: rows > 1 ? gap.y / (panelHeight + gap.y) : 0,
  };
}

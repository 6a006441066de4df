// A worker's side of its pipe: orders come in as lines of JSON, reports go out as such.

import type { Order, Report } from "./queue.ts";
import type { CellEnd } from "./run_cell.ts";

/** The line that a worker writes once it can work. */
export const readyLine = "normkit sweep worker";

/**
 * Trains cells as they are ordered, until there are no more orders.
 *
 * @param lines The orders.
 * @param write Writes a line.
 * @param run Trains a cell.
 */
export async function serve(
  lines: AsyncIterable<string>,
  write: (line: string) => void,
  run: (order: Order) => Promise<CellEnd>,
): Promise<void> {
  write(readyLine);
  for await (const line of lines) {
    const report: Report = await run(JSON.parse(line) as Order).then(
      (end) => ({ end }),
      (error) => ({ failure: error instanceof Error ? error.message : String(error) }),
    );
    write(JSON.stringify(report));
  }
}

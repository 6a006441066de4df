// Small notebooks for tests: cells from their text, and what they gave.

import type { Cell, Notebook } from "../../../../lib/workshop/jupyter/notebook_file.ts";
import { joined } from "../../../../lib/workshop/jupyter/notebook_file.ts";

/** A code cell with tags. */
export function code(source: string, ...tags: string[]): Cell {
  return {
    cell_type: "code",
    id: crypto.randomUUID().slice(0, 8),
    metadata: { tags },
    source,
    outputs: [],
    execution_count: null,
  };
}

/** A cell of prose. */
export function prose(source: string): Cell {
  return { cell_type: "markdown", id: crypto.randomUUID().slice(0, 8), metadata: {}, source };
}

/** A notebook of cells. */
export function notebook(...cells: Cell[]): Notebook {
  return { cells, metadata: {}, nbformat: 4, nbformat_minor: 5 };
}

/** The outputs of a cell in one line each: printed text, kind and text of displays, errors. */
export function outputsOf(cell: Cell | undefined): string[] {
  return (cell?.outputs ?? []).map((output) => {
    if (output.output_type === "stream") return `${output.name} ${joined(output.text)}`;
    if (output.output_type === "error") return `error ${output.ename}: ${output.evalue}`;
    return `${output.output_type} ${Object.values(output.data).join()}`;
  });
}

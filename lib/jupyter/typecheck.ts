/**
 * Type-checks the code cells of a notebook, which the kernel does not: a misspelt import is undefined
 * there. The cells become one temporary module beside the notebook; positions are mapped back.
 */
import { basename, dirname, join } from "node:path";
import { joined, type Notebook } from "./notebook_file.ts";

/** One finding of the checker. */
export interface Finding {
  /** The code cell, from 1; 0 where the finding has no place. */
  readonly cell: number;
  /** The line in the cell, from 1. */
  readonly line: number;
  /** The column, from 1. */
  readonly column: number;
  /** What is wrong. */
  readonly message: string;
}

interface Part {
  readonly cell: number;
  readonly firstLine: number;
  readonly lines: number;
}

/** The cells as one module, and where each begins. */
function moduleOf({ cells }: Notebook): { code: string; parts: Part[] } {
  const parts: Part[] = [];
  const lines: string[] = ["export {};"];
  cells.filter((cell) => cell.cell_type === "code").forEach((cell, index) => {
    if (cell.metadata.tags?.includes("no-check")) return;
    const own = joined(cell.source).split("\n");
    parts.push({ cell: index + 1, firstLine: lines.length + 1, lines: own.length });
    lines.push(...own);
  });
  return { code: `${lines.join("\n")}\n`, parts };
}

/**
 * Type-checks a notebook's cells together; a cell with the tag `no-check` is left out.
 *
 * @param path Where the notebook lies or would lie: imports resolve from there.
 * @param notebook The notebook.
 * @returns The findings, empty where all is well.
 */
export async function checkNotebook(path: string, notebook: Notebook): Promise<Finding[]> {
  const { code, parts } = moduleOf(notebook);
  const name = `.${basename(path, ".ipynb")}-${crypto.randomUUID().slice(0, 8)}.ts`;
  const file = join(dirname(path), name);
  await Deno.writeTextFile(file, code);
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", file],
      env: { NO_COLOR: "1" },
    }).output();
    return success ? [] : findings(new TextDecoder().decode(stderr), name, parts);
  } finally {
    await Deno.remove(file);
  }
}

function findings(report: string, name: string, parts: readonly Part[]): Finding[] {
  const found: Finding[] = [];
  let message: string[] = [];
  for (const line of report.split("\n")) {
    const place = line.match(/:(\d+):(\d+)\)?$/);
    if (place !== null && line.includes(name)) {
      const [at, column] = [Number(place[1]), Number(place[2])];
      const part = parts.find(({ firstLine, lines }) => at >= firstLine && at < firstLine + lines);
      found.push({
        cell: part?.cell ?? 0,
        line: part === undefined ? at : at - part.firstLine + 1,
        column,
        message: message.join(" ").replace(/^error: /, "").trim(),
      });
      message = [];
    } else if (!/^\s*[~^]+\s*$/.test(line)) {
      message.push(line.trim());
    }
  }
  return found.length > 0 ? found : [{ cell: 0, line: 0, column: 0, message: report.trim() }];
}

/**
 * A finding as editors write it.
 *
 * @param path The notebook.
 * @param finding The finding.
 * @returns Such as `notebooks/x.ipynb cell [2] line 1:7: TS2322 …`.
 */
export function describeFinding(path: string, { cell, line, column, message }: Finding): string {
  return cell === 0
    ? `${path}: ${message}`
    : `${path} cell [${cell}] line ${line}:${column}: ${message}`;
}

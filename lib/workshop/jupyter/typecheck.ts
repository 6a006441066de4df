/**
 * Type-checks and lints the code cells of a notebook, which the kernel does not: a misspelt import is undefined
 * there. The cells become one temporary module beside the notebook; positions are mapped back.
 */
import { dirname, join } from "node:path";
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
    for (const line of own) lines.push(line);
  });
  return { code: `${lines.join("\n")}\n`, parts };
}

/**
 * Type-checks and lints a notebook's cells together; a cell with the tag `no-check` is left out.
 *
 * @param path Where the notebook lies or would lie: imports resolve from there.
 * @param notebook The notebook.
 * @returns The findings, empty where all is well.
 */
export async function checkNotebook(path: string, notebook: Notebook): Promise<Finding[]> {
  const { code, parts } = moduleOf(notebook);
  const name = `.notebook-${crypto.randomUUID().slice(0, 8)}.ts`; // of letters that no URL encodes
  const file = join(dirname(path), name);
  await Deno.writeTextFile(file, code);
  try {
    const types = await deno(dirname(path), "check", "--quiet", name);
    if (!types.success) return typeFindings(types.stderr, name, parts);
    return lintFindings((await deno(dirname(path), "lint", "--json", name)).stdout, parts);
  } finally {
    await Deno.remove(file);
  }
}

async function deno(
  cwd: string,
  ...args: string[]
): Promise<{ success: boolean; stdout: string; stderr: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

/** A place in the module as one in a cell. */
function placeOf(at: number, parts: readonly Part[]): { cell: number; line: number } {
  const part = parts.find(({ firstLine, lines }) => at >= firstLine && at < firstLine + lines);
  return part === undefined
    ? { cell: 0, line: at }
    : { cell: part.cell, line: at - part.firstLine + 1 };
}

function lintFindings(report: string, parts: readonly Part[]): Finding[] {
  interface Diagnostic {
    readonly range: { readonly start: { readonly line: number; readonly col: number } };
    readonly code: string;
    readonly message: string;
  }
  const { diagnostics }: { diagnostics: readonly Diagnostic[] } = JSON.parse(report);
  return diagnostics.map(({ range: { start }, code, message }) => ({
    ...placeOf(start.line, parts),
    column: start.col + 1,
    message: `${code}: ${message}`,
  }));
}

function typeFindings(report: string, name: string, parts: readonly Part[]): Finding[] {
  const found: Finding[] = [];
  let message: string[] = [];
  for (const line of report.split("\n")) {
    const place = line.match(/:(\d+):(\d+)\)?$/);
    if (place !== null && line.includes(name)) {
      found.push({
        ...placeOf(Number(place[1]), parts),
        column: Number(place[2]),
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

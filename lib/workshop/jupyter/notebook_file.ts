/**
 * Notebook files (nbformat 4.5): types, reading with checks, writing whole or not at all.
 */
import { writeAtomically } from "../../platform/files.ts";
import { readJson } from "../../platform/json_file.ts";
import { shown } from "../../core/options.ts";

/** Data of one output by MIME type. */
export type Bundle = Record<string, unknown>;

/** One output of a code cell. */
export type Output =
  | { output_type: "stream"; name: "stdout" | "stderr"; text: string | string[] }
  | { output_type: "display_data"; data: Bundle; metadata: Record<string, unknown> }
  | {
    output_type: "execute_result";
    data: Bundle;
    metadata: Record<string, unknown>;
    execution_count: number | null;
  }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] };

/** Prose, or code with its outputs. */
export interface Cell {
  /** What it holds. */
  cell_type: "code" | "markdown" | "raw";
  /** Its name within the notebook. */
  id: string;
  /** Tags and the like. */
  metadata: { tags?: string[]; [key: string]: unknown };
  /** Its text, whole or in lines. */
  source: string | string[];
  /** Code cells: outputs of the last run. */
  outputs?: Output[];
  /** Code cells: number of the last run. */
  execution_count?: number | null;
}

/** The content of an `.ipynb` file. */
export interface Notebook {
  /** Its cells, in order. */
  cells: Cell[];
  /** Kernel and language. */
  metadata: Record<string, unknown>;
  /** Major version of the format, 4. */
  nbformat: number;
  /** Minor version of the format. */
  nbformat_minor: number;
}

/**
 * Text that notebooks keep whole or in lines.
 *
 * @param text Text or lines.
 * @returns The text.
 */
export function joined(text: string | readonly string[]): string {
  return typeof text === "string" ? text : text.join("");
}

/**
 * The text of an output in one form.
 *
 * @param data The output by MIME types.
 * @param type A MIME type.
 * @returns The text, or undefined where there is none of that type.
 */
export function textOf(data: Bundle, type: string): string | undefined {
  const value = data[type];
  if (Array.isArray(value)) return joined(value);
  return typeof value === "string" ? value : undefined;
}

/**
 * Reads a notebook.
 *
 * @param path The file.
 * @returns The notebook.
 * @throws {SyntaxError} If the file is not JSON.
 * @throws {RangeError} If it is not a notebook of format 4.
 */
export async function readNotebook(path: string): Promise<Notebook> {
  const content = await readJson(path) as Notebook;
  if (content?.nbformat !== 4 || !Array.isArray(content.cells)) {
    throw new RangeError(
      `Cannot read ${path}: its nbformat is ${
        shown(content?.nbformat)
      }, and a notebook of format 4 with cells is needed`,
    );
  }
  content.cells.forEach((cell, index) => {
    const { cell_type, source, outputs = [] } = Object(cell) as Cell;
    const known = ["code", "markdown", "raw"].includes(cell_type);
    if (!known || !(typeof source === "string" || Array.isArray(source))) {
      throw new RangeError(
        `Cannot read ${path}: cell ${index + 1} of type ${
          shown(cell_type)
        } must be code, markdown or raw, with a source`,
      );
    }
    if (!(Array.isArray(outputs) && outputs.every(isOutput))) {
      throw new RangeError(
        `Cannot read ${path}: the outputs of cell ${
          index + 1
        } must be a list of streams with text, displays and results with data, and errors with a traceback`,
      );
    }
  });
  return content;
}

function isOutput(value: unknown): boolean {
  const { output_type, text, data, traceback } = Object(value) as Record<string, unknown>;
  switch (output_type) {
    case "stream":
      return typeof text === "string" || Array.isArray(text);
    case "display_data":
    case "execute_result":
      return typeof data === "object" && data !== null;
    case "error":
      return Array.isArray(traceback);
    default:
      return false;
  }
}

/** Text in lines, as notebooks keep it: a change shows as the lines that changed. */
function inLines(text: string | readonly string[]): string[] {
  return joined(text).match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function outputInLines(output: Output): Output {
  if (output.output_type === "stream") return { ...output, text: inLines(output.text) };
  if (output.output_type === "error") return output;
  const data = Object.entries(output.data).map(([type, value]) =>
    typeof value === "string" && !type.startsWith("image/png")
      ? [type, inLines(value)]
      : [type, value]
  );
  return { ...output, data: Object.fromEntries(data) };
}

/**
 * Writes a notebook as Jupyter does: texts in lines, one space of indent, a newline at the end.
 *
 * @param path The file.
 * @param notebook The notebook.
 */
export async function writeNotebook(path: string, notebook: Notebook): Promise<void> {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    source: inLines(cell.source),
    ...(cell.outputs === undefined ? {} : { outputs: cell.outputs.map(outputInLines) }),
  }));
  await writeAtomically(path, `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`);
}

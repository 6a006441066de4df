// Values that the kernel shows: mathematics, tables, code. Outside the kernel they are plain objects.

import { requireRows } from "../core/options.ts";
import { jupyterDisplay } from "../plots/figure.ts";
import { formatNumber } from "../plots/measurements.ts";
import { isRegistered } from "../residual/registry.ts";
import type { Residual } from "../residual/types.ts";

/** Something that a notebook shows when it is a cell's last value. */
export interface Shown {
  /** The representations, by MIME type. */
  [jupyterDisplay](): Record<string, string>;
}

function shown(bundle: Record<string, string>): Shown {
  return { [jupyterDisplay]: () => bundle };
}

/**
 * A displayed formula.
 *
 * @param formula TeX without dollar signs, such as a variant's `equation`.
 * @returns What the notebook shows.
 */
export function tex(formula: string): Shown {
  return shown({ "text/latex": `$\\displaystyle ${formula}$`, "text/plain": formula });
}

/**
 * A table of rows, its columns the keys of the first.
 *
 * Numbers are written with four digits; text may hold `$TeX$`.
 *
 * @param rows Records of the same keys.
 * @returns What the notebook shows.
 * @throws {RangeError} If there are no rows.
 */
export function table(rows: readonly Readonly<Record<string, string | number>>[]): Shown {
  requireRows("table()", rows);
  const [first] = rows;
  if (first === undefined) {
    throw new RangeError("Cannot show a table of no rows: give at least one");
  }
  const columns = Object.keys(first);
  const cell = (value: string | number | undefined): string =>
    (typeof value === "number" && !Number.isInteger(value)
      ? formatNumber(value)
      : String(value ?? ""))
      .replaceAll("|", "\\|");
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = columns.map((column) => typeof first[column] === "number" ? "---:" : "---");
  const body = rows.map((row) => line(columns.map((column) => cell(row[column]))));
  const text = [line(columns.map((column) => cell(column))), line(rule), ...body].join("\n");
  return shown({ "text/markdown": text, "text/plain": text });
}

/**
 * The library's own text of a variant, read from the source and not copied.
 *
 * @param variant A variant of the registry.
 * @returns What the notebook shows: the object as it stands in `lib/residual/variants.ts`.
 * @throws {RangeError} If the variant does not stand there, as one of one's own.
 */
export async function source(variant: Residual): Promise<Shown> {
  const text = await moduleText("residual/variants.ts");
  const objects = text.matchAll(/^export const \w+: Residual = \{\n[\s\S]*?^\};/gm);
  const code = [...objects].map(([match]) => match).find((match) =>
    isRegistered(variant) && match.includes(`id: "${variant.id}",`)
  );
  if (code === undefined) {
    throw new RangeError(
      `Cannot show the source of "${variant.id}": only the variants of the registry stand in the library`,
    );
  }
  return shownCode(code);
}

/**
 * The library's own text of a function, type or object, read from its module and not copied.
 *
 * ```ts
 * import { code } from "@normkit/normkit/notebook";
 *
 * await code("convert/compress.ts", "compressStreams");
 * ```
 *
 * @param file The module's path inside `lib`.
 * @param name What it declares at its top level, exported or not.
 * @returns What the notebook shows: the declaration, without the comment above it.
 * @throws {RangeError} If there is no such module in the library, or it does not declare that name.
 */
export async function code(file: string, name: string): Promise<Shown> {
  if (!/^(\w+\/)+\w+\.ts$/.test(file)) {
    throw new RangeError(
      `Cannot show the source of ${file}: it must be a path inside lib, such as "ops/gpas.ts"`,
    );
  }
  const found = declarations(await moduleText(file));
  const own = found.get(name);
  if (own === undefined) {
    throw new RangeError(
      `Cannot show ${name}: ${file} declares ${[...found.keys()].join(", ") || "nothing"}`,
    );
  }
  return shownCode(own);
}

/** The text of a module of the library, on disk or on the server that it was loaded from. */
async function moduleText(file: string): Promise<string> {
  const missing = new RangeError(
    `Cannot show the source of ${file}: the library has no such module`,
  );
  const url = new URL(`../${file}`, import.meta.url);
  const response = await fetch(url).catch((error) => {
    throw url.protocol === "file:" && error instanceof TypeError ? missing : error;
  });
  const text = await response.text();
  if (!response.ok) throw missing;
  return text;
}

/** The declarations of a module by name. One goes on until the next line that starts at the margin and closes nothing. */
function declarations(text: string): Map<string, string> {
  const head =
    /^(?:export )?(?:default )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) (\w+)/;
  const blocks = text.split(/\n(?=[^\s)}\]])/).map((block) => block.trimEnd());
  const named = blocks.flatMap((block): [string, string][] => {
    const name = head.exec(block)?.[1];
    return name === undefined ? [] : [[name, block]];
  });
  return new Map(named.toReversed()); // of overloads the first
}

/** Text as code of a language. */
export function shownCode(text: string, language = "ts"): Shown {
  return shown({ "text/markdown": `\`\`\`${language}\n${text}\n\`\`\``, "text/plain": text });
}

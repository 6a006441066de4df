// What `deno publish` would send to JSR, and the score that JSR's rules give it (jsr.io/docs/scoring, and `analysis.rs` of jsr-io/jsr
// for what counts as documented).

import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "../platform/files.ts";
import { readJson } from "../platform/json_file.ts";
import { readTextFile } from "../platform/text_file.ts";

/** What is set on the registry's page and not in the package; the workflow that publishes sets it from this file. */
export const settingsFile = ".github/jsr.json";

/** One thing that JSR gives points for, and how many it gives. */
export interface Rule {
  /** What is asked for. */
  readonly name: string;
  /** What was reached. */
  readonly points: number;
  /** What can be reached. */
  readonly most: number;
  /** What lacks, or how much there is. */
  readonly detail: string;
}

/** The name of the rule that only a workflow can follow. */
export const provenance = "provenance";

/** What would be published. */
export interface Published {
  /** Paths of the files, below the package's folder. */
  readonly files: readonly string[];
  /** What `deno publish` says about types that it cannot tell without looking into functions; nothing where it can tell all. */
  readonly slowTypes: string;
}

/** A program's exit and what it wrote. */
async function deno(root: string, ...args: string[]): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { success, text: success ? text(stdout) + text(stderr) : text(stderr) };
}

/**
 * What `deno publish` would send.
 *
 * @param root The package's folder.
 * @returns Its files, and what is said about slow types.
 * @throws {Error} If it cannot be published.
 */
export async function published(root: string): Promise<Published> {
  const publish = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const strict = await deno(root, ...publish);
  const list = strict.success ? strict : await deno(root, ...publish, "--allow-slow-types");
  if (!list.success) throw new Error(`The package cannot be published: ${list.text}`);
  const found = list.text.matchAll(/^ +(file:\/\/\S+) \([\d.]+\w+\)$/gm);
  const files = [...found].map(([, address]) => relative(root, fileURLToPath(address!)));
  return { files, slowTypes: strict.success ? "" : strict.text };
}

/** A documentation comment, as `deno doc --json` writes it. */
interface Doc {
  readonly doc?: string;
  readonly tags?: readonly { readonly kind: string }[];
}

/** A declaration of a name. */
interface Declaration {
  readonly declarationKind: string;
  readonly kind: string;
  readonly jsDoc?: Doc;
  readonly def?: { readonly hasBody?: boolean };
}

/** What `deno doc --json` writes of an entry point. */
interface Documented {
  readonly module_doc?: Doc;
  readonly symbols: readonly { readonly declarations: readonly Declaration[] }[];
}

const isEmpty = ({ doc = "", tags = [] }: Doc = {}): boolean => doc === "" && tags.length === 0;

/** The declarations of an entry point that count. What implements overloads does not; a name of another entry point does, with its own comment. */
function counted({ symbols }: Documented): Declaration[] {
  return symbols.flatMap(({ declarations }) => {
    const shown = declarations.filter(({ declarationKind }) => declarationKind !== "private");
    const overloads = shown.length > 1 && shown.every(({ kind }) => kind === "function");
    return shown.filter(({ def }) => !(overloads && def?.hasBody === true));
  });
}

/** Whether a text has a block of code. */
const hasExample = (text: string): boolean =>
  /```|~~~/.test(text) || /\n\s*?\n( {4}|\t)[^\S\n]*\S/.test(text);

/** The documentation of entry points, by their paths. */
async function documentation(
  root: string,
  files: readonly string[],
): Promise<Map<string, Documented>> {
  const { success, text } = await deno(root, "doc", "--json", "--quiet", ...[...files].sort());
  if (!success) throw new Error(`deno doc failed: ${text}`);
  const { nodes } = JSON.parse(text) as { nodes: Record<string, Documented> };
  const entries = Object.entries(nodes);
  return new Map(entries.map(([url, node]) => [relative(root, fileURLToPath(url)), node]));
}

/** What the registry is to be told besides the package. */
export interface Settings {
  /** What the package is, in a sentence. */
  readonly description?: string;
  /** On what it runs, by the registry's names. */
  readonly runtimeCompat?: Readonly<Record<string, boolean>>;
}

/**
 * What the registry is to be told besides the package.
 *
 * @param root The package's folder.
 * @returns The settings; none where there is no such file.
 */
export async function settingsOf(root: string): Promise<Settings> {
  const path = join(root, settingsFile);
  return await exists(path) ? await readJson(path) as Settings : {};
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/**
 * The score of a package, rule by rule.
 *
 * @param root The package's folder.
 * @returns The rules. Provenance is given to what a workflow publishes, and to nothing before; it is 0 here.
 * @throws {Error} If the package cannot be published or its documentation not be read.
 */
export async function scoreOf(root: string): Promise<Rule[]> {
  const { exports } = await readJson(join(root, "deno.json")) as {
    exports: Record<string, string>;
  };
  const entries = Object.values(exports).map((path) => path.replace(/^\.\//, ""));
  const [{ files, slowTypes }, documents, { description = "", runtimeCompat = {} }] = await Promise
    .all([
      published(root),
      documentation(root, entries),
      settingsOf(root),
    ]);
  const runtimes = Object.keys(runtimeCompat).filter((name) => runtimeCompat[name]);
  const readme = files.find((path) => /^readme(?:\.(?:md|markdown|txt))?$/i.test(path));
  const main = documents.get(exports["."]?.replace(/^\.\//, "") ?? "")?.module_doc;
  const example = (readme !== undefined && hasExample(await readTextFile(join(root, readme)))) ||
    hasExample(main?.doc ?? "") || (main?.tags ?? []).some(({ kind }) => kind === "example");
  const silent = entries.filter((path) =>
    isEmpty(documents.get(path)?.module_doc) && !(path === exports["."]?.slice(2) && readme)
  );
  const symbols = [...documents.values()].flatMap(counted);
  const written = symbols.filter(({ jsDoc }) => !isEmpty(jsDoc));
  const share = symbols.length === 0 ? 1 : written.length / symbols.length;
  const again = symbols.filter(({ kind, jsDoc }) => kind === "reference" && isEmpty(jsDoc));
  const rule = (name: string, most: number, reached: boolean | number, detail: string): Rule => ({
    name,
    points: typeof reached === "number" ? reached : reached ? most : 0,
    most,
    detail,
  });
  return [
    rule("README", 2, readme !== undefined || !isEmpty(main), readme ?? "none is published"),
    rule("example", 1, example, "a block of code in the README or in the module's documentation"),
    rule(
      "module docs",
      1,
      silent.length === 0,
      silent.length === 0 ? `${entries.length} entry points` : `without: ${silent.join(", ")}`,
    ),
    rule(
      "documented symbols",
      5,
      Math.floor(Math.min(1, share / 0.8) * 5),
      `${written.length} of ${symbols.length} (${percent(share)}; 80 % are asked for), ` +
        `${again.length} of the others are names of another entry point`,
    ),
    rule("no slow types", 5, slowTypes === "", slowTypes || "all types are written down"),
    rule("description", 1, description !== "", description || `none in ${settingsFile}`),
    rule("one runtime", 1, runtimes.length >= 1, runtimes.join(", ") || `none in ${settingsFile}`),
    rule("two runtimes", 1, runtimes.length >= 2, runtimes.join(", ") || `none in ${settingsFile}`),
    rule(provenance, 1, false, "comes with publishing from .github/workflows/publish.yml"),
  ];
}

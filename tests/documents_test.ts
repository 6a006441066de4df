// What the repository's documents point at is there: files and anchors behind links, paths, tasks and the options of commands.

import { assert, assertEquals } from "@std/assert";
import { parse as parseYaml } from "@std/yaml";
import MarkdownIt from "markdown-it";
import { dirname, join, normalize } from "node:path";
import { commands } from "../lib/cli/commands.ts";
import { parse } from "../lib/cli/command.ts";
import { version } from "../lib/core/version.ts";
import { checkout } from "../lib/workshop/checkout.ts";
import { readNotebook } from "../lib/workshop/jupyter/notebook_file.ts";
import { Anchors } from "../lib/workshop/pages/anchors.ts";
import config from "../deno.json" with { type: "json" };

const markdown = new MarkdownIt({ html: true });
type Token = ReturnType<typeof markdown.parse>[number];

/** The files below a folder that documents may be, by their paths in the checkout. */
function documentsIn(folder = ""): string[] {
  return [...Deno.readDirSync(`${checkout}/${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    if (name.startsWith(".") || name === "node_modules") return [];
    return isDirectory ? documentsIn(path) : /\.(?:md|ipynb)$/.test(name) ? [path] : [];
  });
}

/** A document's prose, and the anchors in it besides those of headings. */
async function proseOf(path: string): Promise<{ text: string; cells: readonly string[] }> {
  if (path.endsWith(".md")) {
    return { text: await Deno.readTextFile(`${checkout}/${path}`), cells: [] };
  }
  const { cells } = await readNotebook(`${checkout}/${path}`);
  const prose = cells.filter(({ cell_type }) => cell_type === "markdown");
  return {
    text: prose.map(({ source }) => [source].flat().join("")).join("\n\n"),
    cells: cells.map(({ id }) => `cell-id=${id}`),
  };
}

/** Every token of a text, those inside of others too. */
function tokensOf(text: string): Token[] {
  return markdown.parse(text, {}).flatMap((token) => [token, ...token.children ?? []]);
}

function linksOf(text: string): string[] {
  const addresses = tokensOf(text).map((token) =>
    token.attrGet(token.type === "image" ? "src" : "href")
  );
  return addresses.filter((address) => address !== null).map(String);
}

function anchorsOf({ text, cells }: { text: string; cells: readonly string[] }): Set<string> {
  const anchors = new Anchors();
  const tokens = markdown.parse(text, {});
  const headings = tokens.filter((_, index) => tokens[index - 1]?.type === "heading_open");
  const words = headings.map(({ children }) => children!.map(({ content }) => content).join(""));
  return new Set([...words.map((heading) => anchors.next(heading)), ...cells]);
}

const isThere = async (path: string): Promise<boolean> =>
  await Deno.stat(`${checkout}/${path}`).then(() => true, () => false);

/** Why a link of a document leads nowhere, or undefined; links to the web are not followed. */
async function complaint(from: string, link: string): Promise<string | undefined> {
  if (/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(link)) return undefined;
  const [path = "", anchor] = link.split("#", 2);
  const to = path === "" ? from : normalize(join(dirname(from), decodeURIComponent(path)));
  if (to.startsWith("..") || !await isThere(to)) return `${from}: ${link}: there is no ${to}`;
  if (anchor === undefined || !/\.(?:md|ipynb)$/.test(to)) return undefined;
  const has = anchorsOf(await proseOf(to)).has(decodeURIComponent(anchor));
  return has ? undefined : `${from}: ${link}: ${to} has no #${anchor}`;
}

async function complaints(from: string, text: string): Promise<string[]> {
  const found = await Promise.all([...new Set(linksOf(text))].map((link) => complaint(from, link)));
  return found.filter((sentence) => sentence !== undefined);
}

Deno.test("every relative link in a document or a notebook leads to a file and an anchor that exist", async () => {
  const documents = documentsIn();
  for (const one of ["README.md", "data/RESULTS.md", "notebooks/06_atlas.ipynb"]) {
    assert(documents.includes(one), one);
  }
  const found: string[] = [];
  for (const path of documents) found.push(...await complaints(path, (await proseOf(path)).text));
  assertEquals(found, []);
});

Deno.test("complaints() names links to files and anchors that do not exist, and no other", async () => {
  const wrong = [
    "[a](no/such.md)",
    "![b](data/no.png)",
    "[c](#no-heading)",
    "[d](DESIGN.md#no-decision)",
    "[e](notebooks/06_atlas.ipynb#cell-id=nowhere)",
    "[f](../outside.md)",
  ];
  assertEquals((await complaints("README.md", wrong.join(" "))).length, wrong.length);
  const right = [
    "[a](https://example.org/x#y)",
    "[b](#fifteen-lines)",
    "[c](data/README.md#data)",
    "[d](notebooks/06_atlas.ipynb#cell-id=c32)",
  ];
  assertEquals(await complaints("README.md", right.join(" ")), []);
});

/** Every page of Markdown: readers follow its paths and commands. */
const pages = documentsIn().filter((path) => path.endsWith(".md"));

/** The lines of code in a text: spans, and lines of shell. */
function codeOf(text: string): string[] {
  return tokensOf(text).flatMap((token) => {
    if (token.type === "code_inline") return [token.content];
    const isShell = token.type === "fence" && token.info === "sh";
    return isShell ? token.content.trimEnd().split("\n") : [];
  });
}

/** The words of a line of shell, without its comment. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/\s#\s.*$/, "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted ?? plain!
  );

/** Requires that a line asks for a task of deno.json, and, of `normkit`, for a command with options that it has. */
function requireCommand(line: string): void {
  const [task, name, ...words] = wordsOf(line.slice(line.indexOf("deno task ") + 10));
  assert(task !== undefined && Object.hasOwn(config.tasks, task), `${line}: no task ${task}`);
  if (task !== "normkit" || name === undefined || /^-|^my-/.test(name)) return;
  const command = commands.get(name);
  if (command === undefined) throw new Error(`${line}: normkit has no ${name}`);
  parse(words, command.options);
}

Deno.test("the commands in pages are tasks, with options that exist", async () => {
  let count = 0;
  for (const path of pages) {
    const lines = codeOf((await proseOf(path)).text).filter((line) => /^deno task \S/.test(line));
    count += lines.length;
    lines.forEach(requireCommand);
  }
  assert(count > 40, `${count}`);
});

Deno.test("lines of shell in pages run programs that a reader has", async () => {
  const known =
    /^ *(?:deno task \S|deno test -A( --\S+)* (?:tests\/\S+ ?)+$|npx -y deno@\d\S* task |python tests\/\S+\.py\b|pip install \S|snakemake -s \S|(?:NORMKIT="[^"]+" )?sbatch \S|docker build \S|$)/;
  for (const path of pages) {
    const blocks = tokensOf((await proseOf(path)).text)
      .filter(({ type, info }) => type === "fence" && info === "sh");
    const lines = blocks.flatMap(({ content }) => content.trimEnd().split("\n"));
    assertEquals(lines.filter((line) => !known.test(line)), [], path);
  }
});

Deno.test("links to the web are complete addresses, and nowhere unencrypted", async () => {
  const addresses = new Set<string>();
  for (const path of documentsIn()) {
    const links = linksOf((await proseOf(path)).text);
    links.filter((link) => /^[a-z][a-z\d+.-]*:|^\/\//i.test(link)).forEach((link) =>
      addresses.add(link)
    );
  }
  assert(addresses.size > 5, `${addresses.size}`);
  const wrong = [...addresses].filter((address) =>
    !URL.canParse(address) || !/^(?:https:|mailto:)/.test(address)
  );
  assertEquals(wrong, []);
});

/** What in a line of code is a path of this repository; names with `my_` are the reader's own, as are commands with `my-`, and words in capitals stand for any. */
const pathsOf = (line: string): string[] =>
  wordsOf(line).filter((word) =>
    /^(?:lib|tests|data|notebooks)\/[\w./-]+$/.test(word) &&
    !/my_|\/(?:TASK|FIGURE|FILE)\b/.test(word)
  );

Deno.test("the paths in pages exist", async () => {
  for (const path of pages) {
    for (const found of codeOf((await proseOf(path)).text).flatMap(pathsOf)) {
      assert(await isThere(found), `${path} names ${found}`);
    }
  }
});

Deno.test("README.md has at most 12 kB", async () => {
  const { size } = await Deno.stat(`${checkout}/README.md`);
  assert(size <= 12_000, `${size} bytes`);
});

Deno.test("the library knows the version of deno.json", () => {
  assertEquals(version, config.version);
});

/** Whether CITATION.cff's text is what its schema (1.2.0) asks for, as far as this repository uses it. */
function isCitation(text: string): boolean {
  const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
  const kinds: Readonly<Record<string, (value: unknown) => boolean>> = {
    "cff-version": (value) => value === "1.2.0",
    message: isText,
    title: isText,
    type: (value) => value === "software" || value === "dataset",
    version: isText,
    license: isText,
    authors: (value) =>
      Array.isArray(value) && value.length > 0 &&
      value.every((one) => Object.keys(one).join() === "name" && isText(one.name)),
    keywords: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  };
  const fields = parseYaml(text) as Record<string, unknown>;
  return Object.entries(kinds).every(([name, fits]) => fits(fields[name])) &&
    Object.keys(fields).every((name) => Object.hasOwn(kinds, name));
}

Deno.test("CITATION.cff is one by its schema, and what is broken is found", async () => {
  const text = await Deno.readTextFile(`${checkout}/CITATION.cff`);
  assert(isCitation(text));
  const broken = [
    ["message: ", "massage: "],
    ["  - name: ", "  - "],
    ["type: software", "type: program"],
    ["version: 0.1.0", "version: 0.1"], // a number of YAML's
    ["cff-version: 1.2.0", "cff-version: 1.2"],
  ] as const;
  for (const [right, wrong] of broken) {
    assert(text.includes(right), right);
    assert(!isCitation(text.replace(right, wrong)), wrong);
  }
});

Deno.test("CITATION.cff has the version and the licence of deno.json, and the title of README.md", async () => {
  const text = await Deno.readTextFile(`${checkout}/CITATION.cff`);
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: "?(.*?)"?$`, "m").exec(text)?.[1];
  assertEquals([field("cff-version"), field("version"), field("license"), field("type")], [
    "1.2.0",
    config.version,
    config.license,
    "software",
  ]);
  const readme = (await proseOf("README.md")).text.replaceAll(/\s+/g, " ");
  const [name, what] = field("title")!.split(": ");
  assert(readme.startsWith(`# ${name} **${what}.**`), field("title"));
});

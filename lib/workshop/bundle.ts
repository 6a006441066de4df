// Bundles modules for browsers: plain ES modules beside the WASM files that they read, without a package manager or a network where
// they are used.

import { build, type BuildOptions, type Metafile, type Plugin, stop } from "esbuild";
import { builtinModules } from "node:module";
import { basename } from "node:path";
import { Queue } from "../core/queue.ts";
import { writeAtomically } from "../platform/files.ts";
import { readBytes, readTextFile } from "../platform/text_file.ts";
import { checkout } from "./checkout.ts";
import config from "../../deno.json" with { type: "json" };

/** What a browser loads. */
export interface Bundle {
  /** The bytes of each file by its name; all lie in one folder. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The files that a browser loads with an entry, itself first; the others are loaded once they are needed. */
  readonly first: Readonly<Record<string, readonly string[]>>;
}

/** How a bundle is made. */
export interface BundleOptions {
  /** Names that are replaced in the source by expressions, such as `{ "Deno.test": "registerTest" }`; none by default. */
  readonly define?: Readonly<Record<string, string>>;
}

/** The folder whose `node_modules` has the packages of deno.json, once they are installed. */
export const modules = `${checkout}/.normkit/bundle`;

/** How modules become those of a browser: its syntax, the symbols that it may lack, and no look at Deno, which protobuf takes. */
export const forBrowsers = {
  platform: "browser",
  format: "esm",
  target: "es2023",
  inject: [`${checkout}/lib/workshop/disposal_symbols.ts`],
  define: { "globalThis.Deno": "undefined" },
} as const satisfies BuildOptions;

/**
 * Puts the packages of deno.json into a `node_modules`, where Node and esbuild find them; quick where they are there already.
 *
 * @param folder Where it is to lie.
 * @param more Packages besides, by their names in imports; none by default.
 * @throws {Error} If one cannot be had.
 */
export async function installPackages(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const imports = { ...config.imports, ...more };
  const settings = JSON.stringify({ nodeModulesDir: "auto", imports });
  await writeAtomically(`${folder}/deno.json`, settings);
  await writeAtomically(`${folder}/deno.lock`, await readTextFile(`${checkout}/deno.lock`));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet"],
    cwd: folder,
  }).output();
  if (!success) throw new Error(`deno install failed: ${new TextDecoder().decode(stderr)}`);
}

/** @returns The packages that have another name in deno.json, by that name: `@std/assert` → `deno-std/assert/mod.js`. */
export function renamedPackages(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config.imports).flatMap(([name, address]) => {
      const [, own, path = ""] = /^npm:\/?(@?[^@]+)@[^/]+(\/.*)?$/.exec(address)!;
      return own + path === name ? [] : [[name, own + path]];
    }),
  );
}

/** Modules of the library that one runtime has in another form than all. */
const ownModules: Readonly<
  Record<"browser" | "node", readonly (readonly [path: RegExp, contents: string])[]>
> = {
  browser: [
    [/[\\/]lib[\\/]platform[\\/]mod\.ts$/, 'export { platform } from "./browser.ts";'],
    [
      /[\\/]lib[\\/]plots[\\/]document\.ts$/,
      'export const emptyDocument = () => document.implementation.createHTMLDocument("");',
    ],
  ],
  node: [[/[\\/]lib[\\/]platform[\\/]mod\.ts$/, 'export { platform } from "./node.ts";']],
};

/**
 * Takes what a runtime has in the place of modules for all.
 *
 * @param runtime The runtime.
 * @returns The plugin of esbuild.
 */
export function modulesFor(runtime: keyof typeof ownModules): Plugin {
  return {
    name: `what ${runtime} has`,
    setup: ({ onLoad }) => {
      for (const [filter, contents] of ownModules[runtime]) {
        onLoad({ filter }, () => ({ contents, loader: "ts" }));
      }
    },
  };
}

/** How lib asks for the address of a package's file. */
export const askedFile: RegExp = /import\.meta\.resolve\(\s*"([^"]+)",?\s*\)/g;

/** Takes an empty module where a package asks for one of Node's, which it does not use in a browser. */
const withoutNode: Plugin = {
  name: "no modules of Node",
  setup: ({ onLoad, onResolve }) => {
    const names = builtinModules.filter((name) => /^[a-z]\w*$/.test(name));
    onResolve(
      { filter: new RegExp(`^(?:${names.join("|")})$`) },
      ({ path, importer }) =>
        importer.includes("node_modules") ? { path, namespace: "empty" } : undefined,
    );
    onLoad({ filter: /^/, namespace: "empty" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Turns addresses of packages' files into those of copies beside the bundle, which `copied` collects. */
function copyPackageFiles(copied: Map<string, Uint8Array>): Plugin {
  return {
    name: "files of packages",
    setup: ({ onLoad }) =>
      onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, async ({ path }) => {
        const text = await readTextFile(path);
        for (const [, file] of text.matchAll(askedFile)) {
          copied.set(basename(file!), await readBytes(`${modules}/node_modules/${file}`));
        }
        const contents = text.replaceAll(
          askedFile,
          (_, address) => `new URL("./${basename(address)}", import.meta.url).href`,
        );
        return { contents, loader: "ts" };
      }),
  };
}

/** The files that a browser loads with each entry, itself first. */
function loadedFirst(entries: readonly string[], { outputs }: Metafile): Bundle["first"] {
  const imports = Object.fromEntries(
    Object.entries(outputs).map(([path, { imports }]) => [
      basename(path),
      imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => basename(path)),
    ]),
  );
  const withImports = (file: string, found = new Set<string>()): Set<string> => {
    if (found.has(file)) return found;
    found.add(file);
    imports[file]!.forEach((next) => withImports(next, found));
    return found;
  };
  return Object.fromEntries(entries.map((name) => [name, [...withImports(`${name}.js`)]]));
}

/** One at a time: they share a process of esbuild's, which ends with each. */
const builds = new Queue();

/**
 * Bundles modules for browsers. What they import by `import()` is loaded when it runs.
 *
 * A page's own module imports the library by its path in the checkout, and the page loads the bundled module from the files that
 * this returns, written into one folder of any file server:
 *
 * ```ts
 * const { files } = await bundle({ page: `${checkout}/lib/workshop/pages/page_script.ts` });
 * for (const [name, bytes] of files) await Deno.writeFile(`${out}/${name}`, bytes);
 * // in the page: <script type="module" src="page.js"></script>
 * ```
 *
 * @param entries The path of each module by the name that its bundle gets, without `.js`.
 * @param options What is replaced in the source.
 * @returns The files.
 * @throws {Error} If a module or what it imports is not found, or is no module for a browser.
 */
export function bundle(
  entries: Readonly<Record<string, string>>,
  options: BundleOptions = {},
): Promise<Bundle> {
  return builds.run(() => bundleNow(entries, options));
}

async function bundleNow(
  entries: Readonly<Record<string, string>>,
  { define = {} }: BundleOptions,
): Promise<Bundle> {
  await installPackages(modules);
  const copied = new Map<string, Uint8Array>();
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: { ...entries },
      outdir: `${modules}/out`,
      absWorkingDir: checkout,
      ...{ bundle: true, splitting: true, minify: true, metafile: true, write: false },
      ...forBrowsers,
      ...{ legalComments: "external", logLevel: "silent" },
      nodePaths: [`${modules}/node_modules`],
      alias: renamedPackages(),
      define: { ...forBrowsers.define, ...define },
      plugins: [modulesFor("browser"), withoutNode, copyPackageFiles(copied)],
    });
    return {
      files: new Map([
        ...outputFiles.map(({ path, contents }) => [basename(path), contents] as const),
        ...copied,
      ]),
      first: loadedFirst(Object.keys(entries), metafile),
    };
  } finally {
    await stop();
  }
}

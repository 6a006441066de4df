// The package as npm has it: installed into a project of Node and into one of Vite, from the archive that `deno task npm` makes.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { build, stop, transform } from "esbuild";
import { join } from "node:path";
import { chromium, withPage } from "./support/chromium.ts";
import { serveFiles } from "./support/file_server.ts";
import { left, programs, programText, says } from "./support/first_hour.ts";
import { newNpmProject, type NpmProject } from "./support/npm_project.ts";
import config from "../deno.json" with { type: "json" };

const typescript = "typescript@5.9.3";
const vite = "vite@8.4.0";
const entries = Object.keys(config.exports).map((entry) => `@normkit/normkit${entry.slice(1)}`);

/** The package's own description. */
interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

async function manifestOf({ folder }: NpmProject): Promise<Manifest> {
  const path = join(folder, "node_modules/@normkit/normkit/package.json");
  return JSON.parse(await Deno.readTextFile(path));
}

/** What a type checker says of a project whose settings resolve modules in some way; tfjs's own declarations have errors of their own. */
async function typesOf(
  project: NpmProject,
  options: Readonly<Record<string, unknown>>,
  include: string,
): Promise<string[]> {
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ target: "es2022", types: [], ...options },
  };
  await project.write("tsconfig.json", JSON.stringify({ compilerOptions, include: [include] }));
  const { out } = await project.run("npx", "tsc", "--project", ".");
  return out.split("\n").filter((line) =>
    /^\S/.test(line) && !/^node_modules\/@(?:tensorflow|webgpu)\//.test(line)
  );
}

/** What a page does that imports the package by its name. */
const page = `
import { disposeTree, makeCorpus, train, useBackend } from "@normkit/normkit";
import { lossCurves } from "@normkit/normkit/plots";

const { name } = await useBackend("wasm");
const corpus = makeCorpus("All visible objects, man, are but as pasteboard masks. ".repeat(50));
const { parameters, record } = await train({
  model: { context: 16, width: 16, depth: 1, heads: 2, residual: "peri-ln+gpas" },
  schedule: { kind: "constant", peak: 0.01 },
  seed: 0,
  steps: 10,
  rows: 4,
}, corpus);
disposeTree(parameters);
const losses = record.rows.filter(({ kind }) => kind === "step").map(({ step, loss }) => ({
  variant: "peri-ln",
  step: Number(step),
  loss: Number(loss),
}));
document.body.innerHTML = lossCurves(losses, { title: "In a page" }).svg;
document.title = JSON.stringify({ name, losses: losses.map(({ loss }) => loss) });
`;

/** The files of a folder and of its folders, by their paths. */
async function filesIn(folder: string, path = ""): Promise<[string, Uint8Array][]> {
  const found: [string, Uint8Array][] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, path))) {
    if (isDirectory) found.push(...await filesIn(folder, `${path}${name}/`));
    else found.push([`${path}${name}`, await Deno.readFile(join(folder, path, name))]);
  }
  return found;
}

type Use = (address: string) => Promise<void>;

/** Requires that the page at an address trains on WASM and draws. */
async function assertTrains(address: string): Promise<void> {
  const title = await withPage({}, async (tab) => {
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(String(error)));
    await tab.goto(address, { waitUntil: "domcontentloaded", timeout: 120_000 });
    await tab.waitForFunction(() => document.title !== "", { timeout: 240_000 }).catch((error) => {
      throw new Error(errors.join("\n") || String(error));
    });
    return await tab.title();
  });
  const { name, losses } = JSON.parse(title) as { name: string; losses: number[] };
  assertEquals(name, "wasm");
  assert(losses.at(-1)! < losses[0]!, title);
}

Deno.test("the package in a project of Node and of Vite", async (t) => {
  await using project = await newNpmProject();
  await project.install("PACKED", typescript, vite);
  const manifest = await manifestOf(project);
  assert(project.size > 100_000 && project.size <= 1_000_000, `${project.size} bytes`);

  await t.step("has all entry points with types, and every file that it names", async () => {
    assertEquals(Object.keys(manifest.exports), Object.keys(config.exports));
    for (const [entry, files] of Object.entries(manifest.exports)) {
      assertEquals(Object.keys(files), [
        "types",
        ...(entry === "./cli" ? [] : ["browser"]),
        "default",
      ]);
      for (const file of Object.values(files)) {
        await Deno.stat(join(project.folder, "node_modules/@normkit/normkit", file));
      }
    }
  });

  await t.step("needs the packages that deno.json pins, of these versions, and no others", () => {
    const pins = Object.values(config.imports).map((address) => address.replace(/^npm:\/?/, ""));
    const { dependencies, optionalDependencies } = manifest;
    assertEquals(Object.keys(dependencies), [
      "@tensorflow/tfjs",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgpu",
      "pure-rand",
    ]);
    const { buffer, ...others } = optionalDependencies; // a module of Node's, for bundlers
    assertEquals(buffer, "6.0.3");
    for (const [name, version] of Object.entries({ ...dependencies, ...others })) {
      assert(pins.some((pin) => `${pin}/`.startsWith(`${name}@${version}/`)), `${name} ${version}`);
    }
  });

  await t.step(
    "is bundled for browsers by esbuild, each entry point that they have, without a name of Deno's or Node's",
    async () => {
      const found = entries.filter((name) => !name.endsWith("/cli"));
      const contents = found.map((name, at) => `export * as _${at} from "${name}";\n`).join("");
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: project.folder },
        ...{ bundle: true, write: false, format: "esm", platform: "browser", logLevel: "silent" },
      });
      const [{ text } = { text: "" }] = outputFiles;
      const [start] = /(?:\bDeno\b|["'`]node:).{0,80}/.exec(text) ?? [];
      assertEquals(start, undefined);
      assert(text.length > 1_000_000);
    },
  );

  await t.step(
    "type-checks as it is used, however modules are resolved, and without the types of a browser",
    async () => {
      for (const name of programs) await project.write(`${name}.ts`, await programText(name));
      await project.write("readme.ts", await programText("readme"));
      const all = entries.map((name, at) => `import * as _${at} from "${name}";\n`).join("");
      const wrong = "// @ts-expect-error a number is no tensor\n_0.rmsNorm(1);\n";
      await project.write("all.ts", all + wrong);
      await project.write("page.ts", page);
      const lib = ["es2022", "dom"];
      const [node, bundler] = [
        { module: "nodenext", moduleResolution: "nodenext" },
        { module: "esnext", moduleResolution: "bundler" },
      ];
      assertEquals(await typesOf(project, { ...node, lib }, "*.ts"), []);
      assertEquals(await typesOf(project, { ...bundler, lib }, "*.ts"), []);
      assertEquals(await typesOf(project, { ...bundler, lib: ["esnext"] }, "all.ts"), []);
    },
  );

  await Deno.mkdir(join(project.folder, "my folder"));
  for (const name of ["readme", ...programs] as const) {
    await t.step(`runs the program ${name} in Node`, async () => {
      const { code: text } = await transform(await programText(name, "wasm"), {
        ...{ loader: "ts", target: "node20", format: "esm" },
      });
      await project.write(`${name}.js`, text);
      const { code, out, err } = await project.run("node", `${name}.js`);
      assertEquals(code, 0, err);
      assertMatch(out, says[name]);
    });
  }
  await stop();

  await t.step(
    "runs in a Node that may use files alone, and writes a checkpoint there",
    async () => {
      const known = "process.allowedNodeEnvironmentFlags.has('--permission')";
      const { out: isFinal } = await project.run("node", "--print", known);
      const { code, out, err } = await project.run(
        "node",
        isFinal.trim() === "true" ? "--permission" : "--experimental-permission", // before Node 22.13
        ...["--allow-fs-read=*", "--allow-fs-write=*", "checkpoint.js"],
      );
      assertEquals(code, 0, err);
      assertMatch(out, says.checkpoint);
    },
  );

  await t.step("leaves the files that it should", async () => {
    for (const [path, start] of Object.entries(left)) {
      const bytes = await Deno.readFile(join(project.folder, path));
      assertEquals(String.fromCharCode(...bytes.subarray(0, start.length)), start, path);
    }
  });

  await t.step("has the command line", async () => {
    const { code, out, err } = await project.run("npx", "normkit", "inspect", "my folder/rms");
    assertEquals(code, 0, err);
    assertStringIncludes(out, "norms          rms");
    assertEquals((await project.run("npx", "normkit", "inspect", "no folder")).code, 3);
  });

  await project.write(
    "index.html",
    '<!doctype html><html lang="en"><body><script type="module" src="/page.ts"></script></body></html>',
  );

  const dist = join(project.folder, "dist");
  await t.step(
    "is bundled by Vite without a module of Node, and with the files that it reads",
    async () => {
      const { code, out, err } = await project.run("npx", "vite", "build");
      assertEquals(code, 0, err);
      assert(!/externalized for browser/.test(out + err), out + err);
      const files = [...Deno.readDirSync(join(dist, "assets"))].map(({ name }) => name);
      assert(files.some((name) => /^tfjs-backend-wasm-simd-.*\.wasm$/.test(name)), files.join(" "));
      for (const name of files.filter((name) => name.endsWith(".js"))) {
        const text = await Deno.readTextFile(join(dist, "assets", name));
        assertEquals(text.match(/["']node:\w+["']|\bDeno\b/g) ?? [], [], name);
      }
    },
  );

  const inChromium = (served: string, address: (use: Use) => Promise<void>): Promise<boolean> =>
    t.step({
      name: `trains and draws in ${chromium ?? "no Chromium here"}, served by ${served}`,
      ignore: chromium === undefined,
      fn: () => address(assertTrains),
    });

  await inChromium("a plain file server", async (use) => {
    await using server = serveFiles(new Map(await filesIn(dist)));
    await use(`${server.address}index.html`);
  });

  await inChromium("Vite while it is developed", async (use) => {
    const vite = new Deno.Command("node", { // npx would leave it running
      args: ["node_modules/vite/bin/vite.js", "--host", "127.0.0.1", "--port", "0"],
      cwd: project.folder,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = vite.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      let text = "";
      while (!/http:\S+\//.test(text)) text += (await reader.read()).value ?? "";
      await use(/http:\S+\//.exec(text)![0]);
    } finally {
      vite.kill("SIGTERM");
      await vite.status;
      await reader.cancel();
    }
  });
});

Deno.test("in Node, training needs no more than tfjs, its backends and what draws random bits", async () => {
  await using project = await newNpmProject();
  await project.install("--omit=optional", "PACKED");
  const folders = await project.run("npm", "ls", "--all", "--parseable");
  const unneeded = Object.keys((await manifestOf(project)).optionalDependencies);
  for (const name of unneeded) {
    assert(!folders.out.includes(join("node_modules", name) + "\n"), name);
  }
  await project.write(
    "main.js",
    `
    import { disposeTree, makeCorpus, train, useBackend } from "@normkit/normkit";
    await useBackend("wasm");
    const model = { context: 8, width: 8, depth: 1, heads: 2, residual: "pre-ln" };
    const settings = { model, schedule: { kind: "constant", peak: 0.01 }, seed: 0, steps: 2, rows: 2 };
    const { parameters, record } = await train(settings, makeCorpus("Call me Ishmael. ".repeat(9)));
    disposeTree(parameters);
    console.log(record.rows.at(-1).bitsPerByte > 0);
    await useBackend("webgpu").catch(({ message }) => console.log(message));
  `,
  );
  assertEquals(
    (await project.run("node", "main.js")).out,
    "true\nCannot use the webgpu backend: no WebGPU adapter answered. " +
      'Install the npm package "webgpu" or use "wasm"\n',
  );
});

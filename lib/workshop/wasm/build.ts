// Compiles lib/kernels/wasm/source (AssemblyScript) twice, with relaxed SIMD and without, and writes both modules into lib/kernels/wasm/binary.ts: text, so
// that every loader of TypeScript modules can carry them, without a fetch or the right to read files.

import asc from "assemblyscript/asc";
import { tileSource } from "./tile_source.ts";

/** The two forms of the module: `relaxed` uses relaxed SIMD. */
export type Flavor = "relaxed" | "plain";

const folder = new URL("../../kernels/wasm/source/", import.meta.url);

/**
 * Compiles the source.
 *
 * @param flavor With relaxed SIMD or without.
 * @returns The bytes of the module.
 * @throws {Error} If the source does not compile; the message is the compiler's.
 */
export async function compile(flavor: Flavor): Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const features = flavor === "relaxed" ? "simd,relaxed-simd" : "simd";
  const { error, stderr } = await asc.main(
    [
      "index.ts",
      ...["--outFile", "module.wasm", "--runtime", "stub", "--importMemory", "--noAssert"],
      // the least size of the memory, in pages: with none, engines that check bounds do so twice
      ...["--initialMemory", "16"],
      ...["-O2", "--enable", features, "--use", "abort="],
    ],
    {
      readFile: (name: string) => {
        if (name === "tile.ts") return tileSource();
        try {
          return Deno.readTextFileSync(new URL(name, folder));
        } catch (error) {
          const absent = [Deno.errors.NotFound, Deno.errors.NotADirectory];
          if (absent.some((kind) => error instanceof kind)) return null;
          throw error;
        }
      },
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") bytes = new Uint8Array(contents);
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === undefined) {
    throw new Error(`Cannot compile the ${flavor} module: ${stderr.toString()}`);
  }
  return bytes;
}

/**
 * The text of binary.ts.
 *
 * @returns A module that exports both binaries in base64.
 * @throws {Error} If the source does not compile.
 */
export async function binaryText(): Promise<string> {
  const lines = ["// Made by `deno task kernels` from source/; not to be edited.", ""];
  for (const flavor of ["relaxed", "plain"] as const) {
    const text = (await compile(flavor)).toBase64().replaceAll(/.{1,90}/g, '\n  "$&" +').slice(
      0,
      -2,
    );
    lines.push(`/** The module in base64, ${flavor} SIMD. */`);
    lines.push(`export const ${flavor} =${text};`, "");
  }
  return lines.join("\n");
}

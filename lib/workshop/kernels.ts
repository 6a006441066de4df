// `deno task kernels`: compiles the WASM kernels into lib/kernels/wasm/binary.ts.

import { writeAtomically } from "../platform/files.ts";
import { binaryText } from "./wasm/build.ts";
import { checkout } from "./checkout.ts";
import { type Command, requireWords } from "../cli/command.ts";
import { runTask } from "./task.ts";

/** `deno task kernels`: its help, its options, and the run. */
export const kernelsCommand: Command = {
  summary: "compiles the WASM kernels",
  help: `Usage: deno task kernels

Compiles lib/kernels/wasm/source (AssemblyScript), with relaxed SIMD and without, into lib/kernels/wasm/binary.ts.`,
  options: {},
  run: async (args) => {
    requireWords(args, []);
    const file = "lib/kernels/wasm/binary.ts";
    await writeAtomically(`${checkout}/${file}`, await binaryText());
    return { report: { file }, text: `Wrote ${file}` };
  },
};

if (import.meta.main) Deno.exit(await runTask("kernels", kernelsCommand, Deno.args));

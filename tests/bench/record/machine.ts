// The machine and the versions that a results file names.

import type { BackendInUse } from "@normkit/normkit";
import { checkout } from "../../../lib/workshop/checkout.ts";
import { commitOf } from "../../../lib/platform/commit.ts";
import config from "../../../deno.json" with { type: "json" };
import type { MachineLine, Platform } from "./lines.ts";

async function output(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // the program is not installed
  }
}

async function cpuModel(): Promise<string> {
  if (Deno.build.os === "darwin") {
    return await output("sysctl", "-n", "machdep.cpu.brand_string") ?? "unknown";
  }
  if (Deno.build.os !== "linux") return "unknown";
  const info = await Deno.readTextFile("/proc/cpuinfo");
  return /^model name\s*:\s*(.+)$/m.exec(info)?.[1] ?? "unknown";
}

async function commit(): Promise<string> {
  const head = await commitOf();
  if (head === undefined) return "unknown";
  const changed = await output("git", "-C", checkout, "status", "--porcelain");
  return changed === "" ? head : `${head}+`;
}

/** Versions of the packages that take part, as the import map pins them. */
function packages(): Record<string, string> {
  const wanted = ["@tensorflow/tfjs", "@jax-js/jax", "onnxruntime-web"];
  const imports: Readonly<Record<string, string>> = config.imports;
  return Object.fromEntries(
    wanted.filter((name) => name in imports)
      .map((name) => [name, imports[name]!.slice(imports[name]!.lastIndexOf("@") + 1)]),
  );
}

/**
 * What the numbers of a backend depend on most.
 *
 * @param use The backend in use.
 * @returns The platform.
 */
export function platformOf({ name, software }: BackendInUse): Platform {
  return name === "webgpu" ? (software ? "webgpu, software" : "webgpu, hardware") : name;
}

/**
 * Describes this machine.
 *
 * @param use The backend in use.
 * @param suite The suite.
 * @param versions Versions that only its contestants know.
 * @returns The first line of a suite's results.
 */
export async function machineLine(
  use: BackendInUse,
  suite: string,
  versions: Readonly<Record<string, string>>,
): Promise<MachineLine> {
  const hardware = use.name === "webgpu" && !use.software;
  return {
    kind: "machine",
    suite,
    backend: use.name,
    kernels: use.kernels?.detail ?? "",
    gpu: `${use.adapter ?? "not used"}${hardware ? "" : " (no hardware GPU at hand)"}`,
    cpu: await cpuModel(),
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30),
    load: Number(Deno.loadavg()[0]!.toFixed(2)),
    system: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
    versions: {
      normkit: config.version,
      deno: Deno.version.deno,
      v8: Deno.version.v8,
      ...packages(),
      ...versions,
    },
    commit: await commit(),
    date: new Date().toISOString(),
  };
}

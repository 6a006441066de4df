// `normkit doctor`: what this machine has, what is missing, and how to get it.

import { BackendUnavailableError } from "../backend/backend.ts";
import { version } from "../core/version.ts";
import { findWebGpu, type WebGpuAdapter } from "../backend/webgpu.ts";
import type { KernelReport } from "../kernels/install.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { platform } from "../platform/mod.ts";
import type { Ended } from "../platform/platform.ts";
import { type Command, requireWords } from "./command.ts";
import * as tf from "@tensorflow/tfjs";

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What is worth knowing besides, a line each. */
  readonly notes: readonly string[];
}

/** Which kernels run, how, and why others do not. */
function describeKernels({ active, detail, absent }: KernelReport): string[] {
  return [
    `kernels: ${active.length} (${detail})`,
    ...Object.entries(absent).map(([name, why]) => `without ${name}: ${why}`),
  ];
}

function describeAdapter({ f16, limits }: WebGpuAdapter): string {
  const mebibytes = Math.floor(limits.tensorBytes / 2 ** 20);
  const kibibytes = Math.floor(limits.workgroupBytes / 2 ** 10);
  return `limits: ${mebibytes} MiB a tensor, ${kibibytes} KiB and ${limits.workgroupThreads} threads a workgroup, ` +
    `f16 arithmetic: ${f16 ? "yes" : "no"}`;
}

async function examineBackend(name: "webgpu" | "wasm" | "cpu"): Promise<Finding> {
  try {
    const { adapter, software, kernels } = await useBackend(name);
    const kind = software ? ' (software: used only when "webgpu" is asked for by name)' : "";
    const gpu = name === "webgpu" ? await findWebGpu() : undefined;
    return {
      name,
      ok: true,
      detail: adapter === undefined ? "ready" : `${adapter}${kind}`,
      notes: [
        ...(gpu === undefined ? [] : [describeAdapter(gpu)]),
        ...(kernels === undefined ? [] : describeKernels(kernels)),
      ],
    };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return { name, ok: false, detail: error.message, notes: name === "webgpu" ? chosenApi() : [] };
  }
}

/** What the environment says of the API below WebGPU: a wrong word there leaves no adapter. */
function chosenApi(): string[] {
  const variable = "DENO_WEBGPU_BACKEND";
  const value = platform.environment(variable);
  if (value === undefined) return [];
  return [
    `${variable} is "${value}": adapters of other APIs are not looked for; without it, all are`,
  ];
}

/** What Python says of its version; undefined where there is none, and a word where it may not be run. */
async function runPython(name: string): Promise<Ended | "not-granted" | undefined> {
  try {
    return await platform.run(name, ["--version"]);
  } catch (error) {
    const fault = platform.faultOf(error);
    if (fault === "not-granted") return fault;
    throw error;
  }
}

async function examinePython(): Promise<Finding> {
  const name = "python3";
  const python = await runPython(name);
  if (python === "not-granted") {
    const detail = "not looked for: that needs --allow-run=python3; only `deno task lab` needs it";
    return { name, ok: false, detail, notes: [] };
  }
  if (python?.success === true) {
    const detail = `${python.output.trim()}, for \`deno task lab\``;
    return { name, ok: true, detail, notes: [] };
  }
  const detail =
    "not found: install Python 3 with venv to use `deno task lab`; nothing else needs it";
  return { name, ok: false, detail, notes: [] };
}

function linesOf({ name, ok, detail, notes }: Finding): string[] {
  return [
    `${ok ? "✓" : "✗"} ${name.padEnd(8)} ${detail}`,
    ...notes.map((note) => `           ${note}`),
  ];
}

/** `normkit doctor`: its help, its options, and the run. */
export const doctor: Command = {
  summary: "what this machine has, what is missing and how to get it",
  help: `Usage: normkit doctor [--json]

Tries every backend and says which one "auto" takes, with its adapter, limits and kernels.

  --json   one JSON object instead of text

Examples:
  normkit doctor
  normkit doctor --json`,
  options: { json: { type: "boolean" } },
  run: async (args) => {
    requireWords(args, []);
    const findings = [
      await examineBackend("webgpu"),
      await examineBackend("wasm"),
      await examineBackend("cpu"),
      await examinePython(),
    ];
    const auto = await useBackend("auto");
    const gpu = await findWebGpu();
    const runtime = platform.runtime();
    const own = { [runtime.name.toLowerCase()]: runtime.version };
    const versions = { normkit: version, ...own, tfjs: tf.version.tfjs };
    return {
      report: { versions, auto, adapter: gpu ?? null, findings },
      text: [
        `normkit ${versions.normkit}, ${runtime.name} ${runtime.version}, tfjs ${versions.tfjs}`,
        ...findings.flatMap(linesOf),
        `auto takes ${auto.name}: ${auto.reason}`,
      ].join("\n"),
    };
  },
};

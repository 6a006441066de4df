// `normkit doctor`: what this machine has, what is missing, and how to get it.

import { BackendUnavailableError } from "../backend/backend.ts";
import { version } from "../core/version.ts";
import { findWebGpu, type WebGpuAdapter } from "../backend/webgpu.ts";
import type { KernelReport } from "../kernels/install.ts";
import { useBackend } from "../kernels/use_backend.ts";
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
    return { name, ok: false, detail: error.message, notes: [] };
  }
}

async function examinePython(): Promise<Finding> {
  const name = "python3";
  try {
    const { success, stdout } = await new Deno.Command("python3", {
      args: ["--version"],
      stderr: "null",
    }).output();
    if (success) {
      return {
        name,
        ok: true,
        detail: `${new TextDecoder().decode(stdout).trim()}, for \`deno task lab\``,
        notes: [],
      };
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      const detail =
        "not looked for: that needs --allow-run=python3; only `deno task lab` needs it";
      return { name, ok: false, detail, notes: [] };
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return {
    name,
    ok: false,
    detail: "not found: install Python 3 with venv to use `deno task lab`; nothing else needs it",
    notes: [],
  };
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
    const versions = { normkit: version, deno: Deno.version.deno, tfjs: tf.version.tfjs };
    return {
      report: { versions, auto, adapter: gpu ?? null, findings },
      text: [
        `normkit ${versions.normkit}, Deno ${versions.deno}, tfjs ${versions.tfjs}`,
        ...findings.flatMap(linesOf),
        `auto takes ${auto.name}: ${auto.reason}`,
      ].join("\n"),
    };
  },
};

// `normkit doctor`: what this machine has, what is missing, and how to get it.

import { BackendUnavailableError } from "../core/backend.ts";
import { useBackend } from "../kernels/use_backend.ts";
import { version } from "../core/version.ts";
import { findWebGpu } from "../core/webgpu.ts";
import type { Command } from "./command.ts";
import * as tf from "@tensorflow/tfjs";

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function examineBackend(name: "webgpu" | "wasm" | "cpu"): Promise<Finding> {
  try {
    const { adapter, software } = await useBackend(name);
    const kind = software ? ' (software: used only when "webgpu" is asked for by name)' : "";
    return { name, ok: true, detail: adapter === undefined ? "ready" : `${adapter}${kind}` };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return { name, ok: false, detail: error.message };
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
      };
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return {
    name,
    ok: false,
    detail: "not found: install Python 3 with venv to use `deno task lab`; nothing else needs it",
  };
}

/** The command. */
export const doctor: Command = {
  summary: "what this machine has, what is missing and how to get it",
  help: `Usage: normkit doctor [--json]

Tries every backend and says which one "auto" takes.

  --json   one JSON object instead of text

Examples:
  normkit doctor
  normkit doctor --json`,
  options: { json: { type: "boolean" } },
  run: async ({ values }) => {
    const findings = [
      await examineBackend("webgpu"),
      await examineBackend("wasm"),
      await examineBackend("cpu"),
      await examinePython(),
    ];
    const auto = await useBackend("auto");
    const gpu = await findWebGpu();
    const versions = { normkit: version, deno: Deno.version.deno, tfjs: tf.version.tfjs };
    if (values["json"] === true) {
      console.log(JSON.stringify({ versions, auto, adapter: gpu ?? null, findings }));
    } else {
      console.log(`normkit ${versions.normkit}, Deno ${versions.deno}, tfjs ${versions.tfjs}`);
      for (const { name, ok, detail } of findings) {
        console.log(`${ok ? "✓" : "✗"} ${name.padEnd(8)} ${detail}`);
      }
      console.log(`auto takes ${auto.name}: ${auto.reason}`);
    }
    return 0;
  },
};

// The worker in which a design trains, so that its page can always be used.

import * as tf from "@tensorflow/tfjs";
import { Queue } from "../../../core/queue.ts";
import { disposeTree } from "../../../core/tree.ts";
import type { BackendName } from "../../../backend/backend.ts";
import { GpuError } from "../../../backend/webgpu.ts";
import { type BackendInUse, useBackend } from "../../../kernels/use_backend.ts";
import { platform } from "../../../platform/mod.ts";
import { type Corpus, makeCorpus } from "../../../train/corpus.ts";
import { messageOf, report, takeOrders } from "../worker_side.ts";
import type { Order, Told } from "./messages.ts";
import { textFile, textName } from "./text.ts";
import { trainDesign } from "./training.ts";

let corpus: Corpus | undefined;

/** Loads the text. */
async function readText(): Promise<Corpus> {
  const response = await fetch(new URL(textFile, import.meta.url));
  if (!response.ok) throw new Error(`Cannot read ${textFile}: its server says ${response.status}`);
  return makeCorpus(await response.text(), { name: textName });
}

/** A backend in a sentence. */
function deviceText({ name, reason, adapter, kernels }: BackendInUse): string {
  const names = { webgpu: "WebGPU", wasm: "WebAssembly", cpu: "plain JavaScript" };
  const details = [adapter, kernels?.detail, reason].filter((part) => part !== undefined);
  return `${names[name]} (${details.join("; ")})`;
}

/** What made a training fail, and what its user can do where a device was lost. */
function failureText(error: unknown): string {
  if (!(error instanceof GpuError)) return messageOf(error);
  return `${
    error.message.replace(/\.?$/, ".")
  } Start trains again, on a device that is opened anew; WebAssembly needs none.`;
}

/** The other design has a worker too, so each has half of the cores. */
const threads = Math.max(1, Math.floor(Math.min(16, platform.processors()) / 2));

/** Trains, and reports what is seen. */
async function run(
  { run, design, shared }: Order & { kind: "train" },
  signal: AbortSignal,
): Promise<void> {
  const tell = (told: Told): void => report({ run, ...told });
  try {
    const [device, text] = await Promise.all([
      useBackend(shared.device as "auto" | BackendName, { threads }),
      corpus ?? readText(),
    ]);
    corpus = text;
    const { vocabulary } = text.tokenizer;
    tell({ kind: "begun", device: deviceText(device), vocabulary });
    let last = performance.now();
    const { parameters, record: { manifest } } = await trainDesign(design, shared, text, {
      signal,
      onRow: (row) => {
        const now = performance.now();
        tell({ kind: "row", row, milliseconds: now - last });
        last = now;
      },
    });
    disposeTree(parameters);
    tell({
      kind: "ended",
      ...(manifest.stopped === undefined ? {} : { stopped: manifest.stopped.message }),
      parameters: manifest.parameters,
      tensors: tf.memory().numTensors,
    });
  } catch (error) {
    tell({ kind: "failed", message: failureText(error) });
  }
}

const runs = new Queue();
let controller = new AbortController();

takeOrders<Order>((order) => {
  controller.abort();
  if (order.kind === "stop") return;
  controller = new AbortController();
  const { signal } = controller;
  runs.run(() => run(order, signal));
});

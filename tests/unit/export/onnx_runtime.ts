// Exported models in onnxruntime-web's WASM build, on one thread.

import * as ort from "onnxruntime-web";
import type { Values } from "../../../lib/interpret/inputs.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Which golden tensor an input of a graph is; of a model with a source the encoder reads `input_ids`. */
const sources: Readonly<Record<string, readonly string[]>> = {
  input_ids: ["tokens"],
  decoder_input_ids: ["tokens"],
  pixel_values: ["pixels", "video"],
  input_features: ["features"],
  input_values: ["waveform", "spectrogram"],
};

/**
 * Runs an ONNX model.
 *
 * @param model The bytes of its file.
 * @param given The golden inputs by name.
 * @param externalData Files beside it, by name.
 * @returns Its outputs by name.
 */
export async function runOnnx(
  model: Uint8Array,
  given: Readonly<Record<string, Values>>,
  externalData: Readonly<Record<string, Uint8Array>> = {},
): Promise<Record<string, Values>> {
  const files = Object.entries(externalData).map(([path, data]) => ({ path, data }));
  const session = await ort.InferenceSession.create(model, {
    executionProviders: ["wasm"],
    ...(files.length === 0 ? {} : { externalData: files }),
  });
  const feeds = Object.fromEntries(session.inputNames.map((name) => {
    const isSource = name === "input_ids" && session.inputNames.includes("decoder_input_ids");
    const { shape, values } = isSource
      ? given["source"]!
      : sources[name]!.map((one) => given[one]).find((one) => one !== undefined)!;
    const tensor = name.endsWith("input_ids")
      ? new ort.Tensor("int64", BigInt64Array.from([...values], BigInt), [...shape])
      : new ort.Tensor("float32", Float32Array.from(values), [...shape]);
    return [name, tensor];
  }));
  const outputs = await session.run(feeds);
  const found: Record<string, Values> = {};
  for (const [name, tensor] of Object.entries(outputs)) {
    found[name] = {
      shape: tensor.dims,
      values: Float64Array.from(await tensor.getData() as Float32Array),
    };
    tensor.dispose();
  }
  await session.release();
  return found;
}

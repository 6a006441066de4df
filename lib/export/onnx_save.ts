// An ONNX model as bytes, or in a folder: one file, or two where the weights are many.

import { collect } from "../core/collections.ts";
import { requireNumber } from "../core/check.ts";
import { exists, writeAtomically, writeStream } from "../platform/files.ts";
import { requireOptions } from "../core/options.ts";
import type { Model } from "../families/model.ts";
import { type Piece, wholeFile, withExternalData } from "./onnx_file.ts";
import { weightBytes } from "./onnx_graph.ts";
import { onnxKinds, type OnnxModel, type OnnxOptions, toOnnx } from "./onnx_model.ts";

/** How an ONNX model is saved. */
export interface SaveOnnxOptions extends OnnxOptions {
  /** Above so many bytes of weights they lie in `model.onnx.data` beside the model; 1.5e9 by default, and at most 2e9. */
  readonly maxFileBytes?: number;
  /** Is told how many bytes of weights are written, of how many, and of which weight. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number, name: string) => void;
}

/** What was written. */
export interface SavedOnnx {
  /** The names of the files. */
  readonly files: readonly string[];
  /** Bytes of weights. */
  readonly bytes: number;
  /** The number of weights. */
  readonly weights: number;
}

/** What one file can hold: messages of protocol buffers end below 2 GiB. */
const mostBytes = 2e9;

const bytesOf = ({ weights }: OnnxModel): number =>
  weights.reduce((sum, weight) => sum + weightBytes(weight), 0);

/**
 * A model as the bytes of one ONNX file, for engines that take those. Its inputs are `input_ids` (int64 [batch, sequence]),
 * `pixel_values` or `input_features`, its outputs `logits` or what its heads are called, with batch and sequence of any length.
 *
 * @param model The model, converted or not.
 * @param options The operator of RMSNorms, and how matrices are stored.
 * @returns The bytes, all of them in memory.
 * @throws {RangeError} If the weights take more than 2e9 bytes, the model has two inputs of a kind or two outputs of one name, or
 * something does not fit its description or F16.
 */
export async function onnxBytes(
  model: Model,
  options: OnnxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const made = toOnnx(model, options);
  const bytes = bytesOf(made);
  if (bytes > mostBytes) {
    throw new RangeError(
      `Cannot hold ${bytes} bytes of weights in one ONNX file: it can be at most ${mostBytes}; saveOnnx() writes two files`,
    );
  }
  const pieces = await collect(wholeFile(made));
  return new Uint8Array(await new Blob(pieces.map(({ bytes }) => bytes)).arrayBuffer());
}

/**
 * Writes `model.onnx` into a folder, and where the weights are too many for one file `model.onnx.data` beside it. Weights are computed
 * while they are written, a few rows at a time.
 *
 * @param folder The folder; it is made where it is missing.
 * @param model The model.
 * @param options The operator of RMSNorms, how matrices are stored, the size of one file, and a listener to progress.
 * @returns The files, and how large they are.
 * @throws {RangeError} If there is a file of this name, or the model cannot be exported.
 */
export async function saveOnnx(
  folder: string,
  model: Model,
  options: SaveOnnxOptions = {},
): Promise<SavedOnnx> {
  requireOptions("saveOnnx()", options, {
    ...onnxKinds,
    maxFileBytes: "number?",
    onProgress: "function?",
  });
  const { maxFileBytes = 1.5e9, onProgress, ...others } = options;
  requireNumber("maxFileBytes", maxFileBytes, { min: 0, max: mostBytes });
  const [name, data] = ["model.onnx", "model.onnx.data"];
  for (const file of [name, data]) {
    if (await exists(`${folder}/${file}`)) {
      throw new RangeError(`Cannot write an ONNX model to ${folder}: it already has ${file}`);
    }
  }
  const made = toOnnx(model, others);
  const { weights } = made;
  const bytes = bytesOf(made);
  let done = 0;
  const write = (path: string, pieces: AsyncIterable<Piece>): Promise<void> =>
    writeStream(path, async (file) => {
      for await (const { bytes: piece, of } of pieces) {
        await file.write(piece);
        if (of !== undefined) onProgress?.(done += piece.length, bytes, of);
      }
    });
  if (bytes <= maxFileBytes) {
    await write(`${folder}/${name}`, wholeFile(made));
    return { files: [name], bytes, weights: weights.length };
  }
  const external = withExternalData(made, data);
  await write(`${folder}/${data}`, external.data());
  await writeAtomically(`${folder}/${name}`, external.file);
  return { files: [name, data], bytes, weights: weights.length };
}

// ONNX files as streams: the messages are written by the schema, the weights' bytes go by between them as they are computed.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation as DataLocation,
  TensorProtoSchema,
} from "onnx-buf";
import { storeNumbers } from "../checkpoint/dtype.ts";
import { rowsInOrder } from "../convert/lazy_matrix.ts";
import { dataTypes, type OnnxWeight, weightBytes } from "./onnx_graph.ts";
import type { OnnxModel } from "./onnx_model.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A piece of a file, and the weight that it is of. */
export interface Piece {
  readonly bytes: Bytes;
  readonly of?: string;
}

/**
 * The bytes of a weight, computed some rows at a time.
 *
 * @param weight The weight.
 * @returns Its pieces, in order.
 * @throws {RangeError} If a number is too large for its dtype.
 */
async function* piecesOf({ name, dtype, matrix }: OnnxWeight): AsyncGenerator<Piece> {
  for await (const numbers of rowsInOrder(matrix)) {
    yield { bytes: storeNumbers(dtype, numbers, name), of: name };
  }
}

/** What of a weight is not its bytes. */
function shapeOf({ name, dims, dtype }: OnnxWeight): MessageInitShape<typeof TensorProtoSchema> {
  return { name, dims: dims.map(BigInt), dataType: dataTypes[dtype] };
}

/** The start of a field that holds so many bytes. */
function fieldOf(number: number, length: number): Bytes {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).uint32(length).finish();
}

/** A weight as a field of its graph: the bytes before its own, and the length of all. */
function fieldOfWeight(weight: OnnxWeight): { readonly before: Bytes; readonly length: number } {
  const numbers = weightBytes(weight);
  const head = toBinary(TensorProtoSchema, create(TensorProtoSchema, shapeOf(weight)));
  const raw = fieldOf(TensorProtoSchema.field.rawData.number, numbers);
  const tensor = head.length + raw.length + numbers;
  const field = fieldOf(GraphProtoSchema.field.initializer.number, tensor);
  const before = new Uint8Array([...field, ...head, ...raw]);
  return { before, length: field.length + tensor };
}

/**
 * The pieces of a file that holds everything, in order.
 *
 * @param model The model.
 * @returns Bytes, and whose weight they are where they are a weight's.
 */
export async function* wholeFile({ model, graph, weights }: OnnxModel): AsyncGenerator<Piece> {
  const fields = weights.map((weight) => ({ weight, ...fieldOfWeight(weight) }));
  const own = toBinary(GraphProtoSchema, graph);
  const length = fields.reduce((sum, field) => sum + field.length, own.length);
  yield { bytes: toBinary(ModelProtoSchema, model) };
  yield { bytes: fieldOf(ModelProtoSchema.field.graph.number, length) };
  yield { bytes: own };
  for (const { weight, before } of fields) {
    yield { bytes: before };
    yield* piecesOf(weight);
  }
}

/** Where the weights of a file of their own start: at pages, so that they can be mapped into memory. */
const page = 4096;

/** What is written where the weights lie in another file. */
export interface ExternalModel {
  /** The model without weights. */
  readonly file: Bytes;
  /** The pieces of the other file; gaps between weights are filled with 0. */
  data(): AsyncIterable<Piece>;
}

/**
 * Divides a model into two files, as ONNX calls external data.
 *
 * @param model The model.
 * @param location The name of the file of weights, beside the model.
 * @returns Both files.
 */
export function withExternalData(
  { model, graph, weights }: OnnxModel,
  location: string,
): ExternalModel {
  let end = 0;
  const places = weights.map((weight) => {
    const gap = (page - end % page) % page;
    const [offset, length] = [end + gap, weightBytes(weight)];
    end = offset + length;
    return { weight, gap, offset, length };
  });
  const initializer = places.map(({ weight, offset, length }) =>
    create(TensorProtoSchema, {
      ...shapeOf(weight),
      dataLocation: DataLocation.EXTERNAL,
      externalData: Object.entries({ location, offset, length })
        .map(([key, value]) => create(StringStringEntryProtoSchema, { key, value: `${value}` })),
    })
  );
  const all = [...graph.initializer, ...initializer];
  const outer = create(GraphProtoSchema, { ...graph, initializer: all });
  return {
    file: toBinary(ModelProtoSchema, create(ModelProtoSchema, { ...model, graph: outer })),
    data: async function* () {
      for (const { weight, gap } of places) {
        yield { bytes: new Uint8Array(gap) };
        yield* piecesOf(weight);
      }
    },
  };
}

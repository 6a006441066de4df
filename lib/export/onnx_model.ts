// A described model as an ONNX graph.

import { create } from "@bufbuild/protobuf";
import {
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { requireOneOf } from "../core/check.ts";
import { type OptionKinds, requireOptions } from "../core/options.ts";
import { version } from "../core/version.ts";
import type { Description, Entry, Head } from "../families/description.ts";
import type { Model } from "../families/model.ts";
import { unfold } from "./onnx_attention.ts";
import { addBlock } from "./onnx_block.ts";
import { enter } from "./onnx_entry.ts";
import { addHead } from "./onnx_head.ts";
import { type OnnxDType, OnnxGraph, type OnnxWeight } from "./onnx_graph.ts";
import {
  normalize,
  type OnnxPlace,
  type OnnxStream,
  type RmsOperator,
  rmsOperators,
} from "./onnx_place.ts";

/** How a model becomes an ONNX graph. */
export interface OnnxOptions {
  /**
   * The operator of RMSNorms: `RMSNormalization` (default), ONNX's own since opset 23, or `SimplifiedLayerNormalization`, as
   * onnxruntime has it for older opsets.
   */
  readonly rmsOperator?: RmsOperator;
  /** How matrices and tables are stored: `F32` (default) or `F16`. All is computed in float32. */
  readonly dtype?: OnnxDType;
}

/** What an export to ONNX takes. */
export const onnxKinds: OptionKinds<OnnxOptions> = { rmsOperator: "string?", dtype: "string?" };

/** An ONNX model whose weights are not read yet. */
export interface OnnxModel {
  /** All but the graph. */
  readonly model: ModelProto;
  /** The graph without its weights. */
  readonly graph: GraphProto;
  /** The weights, in the order of their first use. */
  readonly weights: readonly OnnxWeight[];
}

type Dims = readonly (string | number)[];

function valueInfo(name: string, elemType: DataType, dims: Dims): ValueInfoProto {
  const dim = dims.map((length) => ({
    value: typeof length === "string"
      ? { case: "dimParam" as const, value: length }
      : { case: "dimValue" as const, value: BigInt(length) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}

/** transformers' names of inputs, by what a stack starts from. */
const inputNames: Readonly<Record<Entry["kind"], string>> = {
  tokens: "input_ids",
  patches: "pixel_values",
  audio: "input_features",
};

/** The input of an entry; `batch` is the name of its first axis. */
function inputOf(entry: Entry, batch: string): ValueInfoProto {
  const name = inputNames[entry.kind];
  switch (entry.kind) {
    case "tokens":
      return valueInfo(name, DataType.INT64, [batch, "sequence"]);
    case "patches": {
      const { channels, imageSize } = entry;
      return valueInfo(name, DataType.FLOAT, [batch, channels, imageSize, imageSize]);
    }
    case "audio":
      return valueInfo(name, DataType.FLOAT, [batch, entry.channels, "frames"]);
  }
}

/** Whether stacks read each other; else each has a batch of its own. */
function isJoined({ stacks }: Description): boolean {
  const all = Object.values(stacks);
  return all.length === 1 ||
    all.some(({ blocks }) =>
      blocks.some(({ branches }) =>
        branches.some(({ sublayer }) =>
          sublayer.kind === "attention" && sublayer.memory !== undefined
        )
      )
    );
}

/** The name of a head's output. */
function outputName({ heads }: Description, { output, stack }: Head): string {
  return output ?? (heads.length === 1 ? "logits" : stack);
}

/** The final norms of all stacks. */
function addStacks(place: OnnxPlace, { stacks }: Description): Record<string, OnnxStream> {
  const { graph } = place;
  const finals: Record<string, OnnxStream> = {};
  for (const [name, stack] of Object.entries(stacks)) {
    finals[name] = graph.within(name, () => {
      let stream = enter(place, stack, inputNames[stack.entry.kind]);
      for (const [index, block] of stack.blocks.entries()) {
        stream = graph.within(`${index}`, () => addBlock(place, block, stream, finals));
      }
      const { final } = stack;
      if (final === undefined) return stream;
      return { ...stream, rows: normalize(place, final, stream.rows, stream.width) };
    });
  }
  return finals;
}

/** The outputs: what heads give, or of a model without heads the final norms by stack. */
function addOutputs(
  place: OnnxPlace,
  description: Description,
  finals: Readonly<Record<string, OnnxStream>>,
  batchOf: (stack: string) => string,
): ValueInfoProto[] {
  const { graph } = place;
  const { stacks, heads } = description;
  const outputs: ValueInfoProto[] = [];
  const add = (name: string, value: string, dims: Dims): void => {
    if (outputs.some((output) => output.name === name)) {
      throw new RangeError(`Cannot name two outputs ${name}: name the heads`);
    }
    graph.name(value, name);
    outputs.push(valueInfo(name, DataType.FLOAT, dims));
  };
  if (heads.length === 0) {
    for (const [name, { rows, size, width }] of Object.entries(finals)) {
      add(name, unfold(place, rows, size, [width]), [batchOf(name), `${name}_length`, width]);
    }
  }
  for (const head of heads) {
    const [stack, final] = [stacks[head.stack]!, finals[head.stack]!];
    const input = inputNames[stack.entry.kind];
    const { value, all } = graph.within(
      "head",
      () => addHead(place, head, final, { stack, input }),
    );
    const { shape } = place.tensors.info(head.linear.weight);
    const width = head.linear.layout === "out-in" ? shape[0]! : shape.at(-1)!;
    const batch = batchOf(head.stack);
    add(outputName(description, head), value, all ? [batch, "sequence", width] : [batch, width]);
  }
  return outputs;
}

/**
 * Describes a model as an ONNX graph: `input_ids` (int64 [batch, sequence]), `pixel_values` or `input_features` in, `logits` or what
 * its heads are called out, batch and sequence of any length.
 *
 * @param model The model, converted or not.
 * @param options The operator of RMSNorms, and how matrices are stored.
 * @returns The graph; its weights are read when it is written.
 * @throws {RangeError} If the model has two inputs of a kind, two outputs of one name, or something that does not fit its description.
 */
export function toOnnx(model: Model, options: OnnxOptions = {}): OnnxModel {
  requireOptions("an ONNX export", options, onnxKinds);
  const { description, tensors, family } = model;
  const standard = "RMSNormalization";
  const rmsOperator = requireOneOf("rmsOperator", options.rmsOperator ?? standard, rmsOperators);
  const dtype = requireOneOf("dtype", options.dtype ?? "F32", ["F32", "F16"]);
  const graph = new OnnxGraph();
  const place: OnnxPlace = { graph, tensors, rmsOperator, dtype };
  const joined = isJoined(description);
  const batchOf = (stack: string): string => joined ? "batch" : `${stack}_batch`;
  const stacks = Object.entries(description.stacks);
  const input = stacks.map(([name, { entry }]) => inputOf(entry, batchOf(name)));
  if (new Set(input.map(({ name }) => name)).size < input.length) {
    const names = input.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot export a model with the inputs ${names}: each must occur once`);
  }
  const output = addOutputs(place, description, addStacks(place, description), batchOf);
  const isNew = graph.nodes.some(({ opType }) => opType === standard);
  return {
    model: create(ModelProtoSchema, {
      irVersion: isNew ? 11n : 9n, // what came with the opset
      opsetImport: [{ domain: "", version: isNew ? 23n : 20n }],
      producerName: "normkit",
      producerVersion: version,
      metadataProps: [{ key: "model_type", value: family.id }],
    }),
    graph: create(GraphProtoSchema, {
      name: family.id,
      node: [...graph.nodes],
      initializer: [...graph.constants],
      input,
      output,
    }),
    weights: graph.weights,
  };
}

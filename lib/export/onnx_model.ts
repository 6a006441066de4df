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
import { forward } from "../model/forward.ts";
import {
  entriesOf,
  givesFinals,
  givesOneRow,
  type InputName,
  inputOf,
  inputsOf,
  type ModelSpec,
  outputName,
  type SingleEntry,
} from "../model/spec.ts";
import type { Model } from "../families/model.ts";
import { unfold } from "./onnx_attention.ts";
import { type OnnxDType, OnnxGraph, type OnnxWeight } from "./onnx_graph.ts";
import { onnxInterpreter } from "./onnx_interpreter.ts";
import {
  type OnnxContext,
  type OnnxStream,
  type RmsOperator,
  rmsOperators,
} from "./onnx_weights.ts";

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

/** transformers' names of the inputs; beside a source, the tokens are the decoder's. */
function inputNamesOf(spec: ModelSpec): Readonly<Record<InputName, string>> {
  const hasSource = inputsOf(spec).includes("source");
  return {
    tokens: hasSource ? "decoder_input_ids" : "input_ids",
    source: "input_ids",
    pixels: "pixel_values",
    video: "pixel_values",
    spectrogram: "input_values",
    features: "input_features",
    waveform: "input_values",
  };
}

/** The input of an entry; `batch` is the name of its first axis. */
function inputInfo(name: string, entry: SingleEntry, batch: string): ValueInfoProto {
  switch (entry.kind) {
    case "tokens": {
      const length = entry.source === true ? "source_sequence" : "sequence";
      return valueInfo(name, DataType.INT64, [batch, length]);
    }
    case "patches": {
      const { input = "pixels", channels, imageSize, frames } = entry;
      const dims = {
        pixels: [channels, ...imageSize],
        video: [frames?.count ?? 0, channels, ...imageSize],
        spectrogram: imageSize.toReversed(),
      };
      return valueInfo(name, DataType.FLOAT, [batch, ...dims[input]]);
    }
    case "audio": {
      const dims = entry.input === "waveform" ? ["samples"] : [entry.channels, "frames"];
      return valueInfo(name, DataType.FLOAT, [batch, ...dims]);
    }
  }
}

/** Whether stacks read each other; else each has a batch of its own. */
function isJoined({ stacks }: ModelSpec): boolean {
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

/** Names the outputs: [batch, length, width] of all rows, [batch, width] of one. */
function nameOutputs(
  context: OnnxContext,
  spec: ModelSpec,
  outputs: Readonly<Record<string, OnnxStream>>,
  batchOf: (stack: string) => string,
): ValueInfoProto[] {
  const { graph } = context;
  const named = (name: string, value: string, dims: Dims): ValueInfoProto => {
    graph.name(value, name);
    return valueInfo(name, DataType.FLOAT, dims);
  };
  const rows = ({ rows, size, width }: OnnxStream): string => unfold(context, rows, size, [width]);
  const finals = givesFinals(spec) ? Object.keys(spec.stacks) : [];
  const ofStacks = finals.map((name) => {
    const x = outputs[name]!;
    return named(name, rows(x), [batchOf(name), `${name}_length`, x.width]);
  });
  const ofHeads = spec.heads.map((head) => {
    const name = outputName(head);
    const [x, batch] = [outputs[name]!, batchOf(head.stack)];
    const isRead = spec.mean?.of.includes(name) === true; // its own name would be lost to what reads it
    return givesOneRow(head)
      ? named(name, isRead ? graph.add("Identity", [x.rows]) : x.rows, [batch, x.width])
      : named(name, rows(x), [batch, "sequence", x.width]);
  });
  const ofMean = spec.mean === undefined ? [] : [spec.mean.output].map((name) => {
    const x = outputs[name]!;
    return named(name, x.rows, ["batch", x.width]);
  });
  return [...ofStacks, ...ofHeads, ...ofMean];
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
  const { spec, tensors, family } = model;
  const standard = "RMSNormalization";
  const rmsOperator = requireOneOf("rmsOperator", options.rmsOperator ?? standard, rmsOperators);
  const dtype = requireOneOf("dtype", options.dtype ?? "F32", ["F32", "F16"]);
  const graph = new OnnxGraph();
  const inputs = inputNamesOf(spec);
  const context: OnnxContext = { graph, tensors, rmsOperator, dtype, inputs };
  const joined = isJoined(spec);
  const batchOf = (stack: string): string => joined ? "batch" : `${stack}_batch`;
  const stacks = Object.entries(spec.stacks);
  const input = stacks.flatMap(([name, stack]) =>
    entriesOf(stack).map((entry) => inputInfo(inputs[inputOf(entry)], entry, batchOf(name)))
  );
  if (new Set(input.map(({ name }) => name)).size < input.length) {
    const names = input.map(({ name }) => name).join(", ");
    throw new RangeError(`Cannot export a model with the inputs ${names}: each must occur once`);
  }
  const outputs = forward(onnxInterpreter(context), spec, {
    onLayer: (stack, layer) => graph.enter(stack, `${layer}`),
  });
  const output = nameOutputs(context, spec, outputs, batchOf);
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

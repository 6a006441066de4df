// An ONNX graph under construction: operators, constants and weights, each under a name of its own. Nothing of a weight is read
// before the file is written.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType as DataType,
  TensorProtoSchema,
} from "onnx-buf";
import { bytesPerNumber } from "../checkpoint/dtype.ts";
import type { LazyMatrix } from "../convert/lazy_matrix.ts";

/** How weights are stored; they are computed with in float32. */
export type OnnxDType = "F32" | "F16";

/** A weight of a graph. */
export interface OnnxWeight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: OnnxDType;
  /** Its numbers, computed when they are read. */
  readonly matrix: LazyMatrix;
}

type Attribute = MessageInitShape<typeof AttributeProtoSchema>;

/** Attributes of an operator by name. */
export type Attributes = Readonly<Record<string, Attribute>>;

/** A whole number as an attribute. */
export const int = (value: number): Attribute => ({ type: AttributeType.INT, i: BigInt(value) });

/** Whole numbers as an attribute. */
export const ints = (values: readonly number[]): Attribute => ({
  type: AttributeType.INTS,
  ints: values.map(BigInt),
});

/** A number as an attribute. */
export const float = (value: number): Attribute => ({ type: AttributeType.FLOAT, f: value });

/** A word as an attribute. */
export const word = (value: string): Attribute => ({
  type: AttributeType.STRING,
  s: new TextEncoder().encode(value),
});

/** The size of a weight as it is stored. */
export function weightBytes({ dims, dtype }: OnnxWeight): number {
  return dims.reduce((product, length) => product * length, bytesPerNumber(dtype));
}

/** ONNX's names of dtypes. */
export const dataTypes: Readonly<Record<OnnxDType, DataType>> = {
  F32: DataType.FLOAT,
  F16: DataType.FLOAT16,
};

/** A graph that grows. Values have names; operators give those of their outputs. */
export class OnnxGraph {
  readonly #nodes: NodeProto[] = [];
  readonly #constants = new Map<string, TensorProto>();
  readonly #weights = new Map<string, OnnxWeight>();
  readonly #made = new Map<string, string>();
  #scopes: readonly string[] = [];

  /** The operators, in the order of computation. */
  get nodes(): readonly NodeProto[] {
    return this.#nodes;
  }

  /** Small tensors that the file holds in place: numbers and shapes. */
  get constants(): readonly TensorProto[] {
    return [...this.#constants.values()];
  }

  /** Tensors of the checkpoint, of which nothing is read before the file is written. */
  get weights(): readonly OnnxWeight[] {
    return [...this.#weights.values()];
  }

  /** Names what is added from now on by a path. */
  enter(...path: readonly string[]): void {
    this.#scopes = path;
  }

  /** Adds an operator with several outputs. */
  several(
    operator: string,
    inputs: readonly string[],
    attributes: Attributes,
    count: number,
  ): string[] {
    const name = [...this.#scopes, `${operator}_${this.#nodes.length}`].join("/");
    const output = count === 1 ? [name] : Array.from({ length: count }, (_, at) => `${name}:${at}`);
    const attribute = Object.entries(attributes).map(([name, value]) => ({ ...value, name }));
    const node = { name, opType: operator, input: [...inputs], output, attribute };
    this.#nodes.push(create(NodeProtoSchema, node));
    return output;
  }

  /** Adds an operator. */
  add(operator: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.several(operator, inputs, attributes, 1)[0]!;
  }

  /** Renames an output that nothing in the graph reads. */
  name(value: string, name: string): void {
    const node = this.#nodes.find(({ output }) => output.includes(value));
    if (node === undefined) throw new RangeError(`Cannot name ${value}: no operator gives it`);
    node.output = node.output.map((output) => output === value ? name : output);
  }

  /** Splits a value along its last axis. */
  split(x: string, sizes: readonly number[]): string[] {
    if (sizes.length === 1) return [x];
    return this.several("Split", [x, this.whole(sizes)], { axis: int(-1) }, sizes.length);
  }

  /** What was made under a key before, else what `make` adds now. */
  once(key: string, make: () => string): string {
    const found = this.#made.get(key);
    if (found !== undefined) return found;
    const made = make();
    this.#made.set(key, made);
    return made;
  }

  #constant(
    kind: string,
    dims: readonly number[],
    values: readonly number[],
    tensor: { readonly dataType: DataType; readonly rawData: Uint8Array<ArrayBuffer> },
  ): string {
    const name = `constant/${kind}[${dims.join(",")}]=${values.join(",")}`;
    const short = name.length <= 60 ? name : `constant/${this.#constants.size}`;
    return this.once(name, () => {
      const made = create(TensorProtoSchema, { name: short, dims: dims.map(BigInt), ...tensor });
      this.#constants.set(short, made);
      return short;
    });
  }

  /** Whole numbers as a vector, or one as a scalar. */
  whole(values: readonly number[] | number): string {
    const all = typeof values === "number" ? [values] : values;
    const rawData = new Uint8Array(BigInt64Array.from(all, BigInt).buffer);
    const dims = typeof values === "number" ? [] : [all.length];
    return this.#constant("int64", dims, all, { dataType: DataType.INT64, rawData });
  }

  /** Numbers of a shape, or one as a scalar. */
  numbers(values: readonly number[] | number, dims: readonly number[] = []): string {
    const all = typeof values === "number" ? [values] : values;
    const rawData = new Uint8Array(Float32Array.from(all).buffer);
    return this.#constant("float", dims, all, { dataType: DataType.FLOAT, rawData });
  }

  /** Adds a weight; one name is one weight. */
  weight(weight: OnnxWeight): string {
    const { name } = weight;
    if (!this.#weights.has(name)) this.#weights.set(name, weight);
    return name;
  }
}

// The bytes of an ONNX model of one operator: just enough of protocol buffers for that. Field numbers are those of onnx.proto.

/** One operator on float32 matrices and vectors. */
export interface Operator {
  /** Its name: `LayerNormalization`. */
  readonly type: string;
  /** Empty for ONNX's own, `com.microsoft` for onnxruntime's. */
  readonly domain: string;
  /** The version of the operator set. */
  readonly opset: number;
  /** Names and shapes of the inputs, in order. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Names of the outputs, in order; an empty one is not asked for. All have the first input's shape. */
  readonly outputs: readonly string[];
  /** Attributes: numbers with a point are floats. */
  readonly floats: Readonly<Record<string, number>>;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
const whole = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)];
const bytes = (field: number, value: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(value.length),
  ...value,
];
const text = (field: number, value: string): number[] =>
  bytes(field, [...new TextEncoder().encode(value)]);
const float = (field: number, value: number): number[] => [
  ...varint(field * 8 + 5),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

function valueInfo(name: string, shape: readonly number[]): number[] {
  const dimensions = shape.flatMap((length) => bytes(1, whole(1, length)));
  const tensor = [...whole(1, 1), ...bytes(2, dimensions)]; // element type 1: float32
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}

/**
 * A model whose graph is one operator.
 *
 * @param operator The operator.
 * @returns The model's bytes.
 */
export function onnxModel(operator: Operator): Uint8Array {
  const { type, domain, opset, inputs, outputs, floats } = operator;
  const names = Object.keys(inputs);
  const shape = inputs[names[0]!]!;
  const attribute = ([name, value]: [string, number]): number[] =>
    bytes(5, [...text(1, name), ...float(2, value), ...whole(20, 1)]); // type 1: float
  const node = [
    ...names.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, type),
    ...Object.entries(floats).flatMap(attribute),
    ...text(7, domain),
  ];
  const graph = [
    ...bytes(1, node),
    ...text(2, "graph"),
    ...names.flatMap((name) => bytes(11, valueInfo(name, inputs[name]!))),
    ...outputs.filter((name) => name !== "").flatMap((name) => bytes(12, valueInfo(name, shape))),
  ];
  const opsets = [["", domain === "" ? opset : 17], ...(domain === "" ? [] : [[domain, opset]])];
  return Uint8Array.from([
    ...whole(1, 8), // the version of the format
    ...bytes(7, graph),
    ...opsets.flatMap(([name, version]) =>
      bytes(8, [...text(1, name as string), ...whole(2, version as number)])
    ),
  ]);
}

// The source of the matrix product for software adapters. A workgroup is eight lanes that make a tile of some rows by 32
// columns, four columns a lane, with sums in registers and operands straight from their buffers: no shared memory, no barriers,
// which such adapters pay dearly.

import { declare, groupIndex } from "./wgsl.ts";

/** Lanes of a workgroup. */
export const lanes = 8;

/** Columns of a tile: a vec4 a lane. */
export const tileColumns = 4 * lanes;

/** How an operand lies in memory. */
export interface OperandLayout {
  /** Whether it is stored transposed. */
  readonly transposed: boolean;
  /** Whether its rows in memory are whole vec4s; otherwise it is read number by number. */
  readonly packed: boolean;
}

/** Everything that is baked into a product's source. */
export interface ProductVariant {
  /** The left operand, [M, K] unless transposed. */
  readonly a: OperandLayout;
  /** The right operand, [K, N] unless transposed. */
  readonly b: OperandLayout;
  /** Whether N is a multiple of four. */
  readonly packedOutput: boolean;
  /** Whether K is not a multiple of four. */
  readonly raggedInner: boolean;
  /** Whether a bias is added to every row. */
  readonly bias: boolean;
  /** Whether the sums of the columns of `b` are asked for too. */
  readonly columnSums: boolean;
  /** How many products there are of this size, each with tensors of its own; in place of a batch. */
  readonly parts: number;
  /** What the parts have in common: all have the left operand, or their sum is the one product. */
  readonly shared: "a" | "c";
  /** Rows of a tile, a multiple of eight. */
  readonly tileRows: number;
  /** Whether lanes hand each other the left operand's numbers (subgroups); otherwise each lane reads them all. */
  readonly handOver: boolean;
}

/** Names of the uniforms: sizes, the shape of the batch, and how far the operands' matrices are apart along it. */
export const productUniforms = [
  ...["rows", "columns", "inner", "batch"],
  ...["batch1", "batch2", "batch3"],
  ...["stepA0", "stepA1", "stepA2", "stepA3"],
  ...["stepB0", "stepB1", "stepB2", "stepB3"],
] as const;

const component = (index: number): string => "xyzw"[index]!;

const times = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join("\n");

/** The names of the tensors behind one of a product's names: one for each part where each has its own. */
function namesOf(
  name: "a" | "b" | "bias" | "c" | "sums",
  { parts, shared }: Pick<ProductVariant, "parts" | "shared">,
): string[] {
  return parts === 1 || name === shared
    ? [name]
    : Array.from({ length: parts }, (_, part) => `${name}_${part}`);
}

/** A statement about the tensor of the part. */
function ofPart(names: readonly string[], statement: (name: string) => string): string {
  const [first, ...others] = names.map(statement);
  if (others.length === 0) return first!;
  const cases = others.map((other, at) => `case ${at + 1}u: { ${other} }`);
  return `switch part { ${cases.join(" ")} default: { ${first} } }`;
}

/** `read_x(part, at)`: an element of the tensor behind the name. */
function reader(name: "a" | "b" | "bias", type: string, variant: ProductVariant): string {
  const read = ofPart(namesOf(name, variant), (own) => `value = ${own}[at];`);
  return `fn read_${name}(part: u32, at: u32) -> ${type} { var value: ${type}; ${read} return value; }`;
}

/** The axis that is contiguous in memory, and whether it is the one summed over. */
interface Contiguous {
  readonly length: "rows" | "columns" | "inner";
  readonly packed: boolean;
}

/**
 * `fetch_x(part, start, line, at)`: four numbers along the contiguous axis of `x`. Beyond K it gives 0; beyond the rows or
 * columns it gives some number of the matrix, of which only sums are made that nobody stores.
 */
function fetch(name: "a" | "b", { length, packed }: Contiguous, variant: ProductVariant): string {
  const long = `uniforms.${length}`;
  const inside = length === "inner" ? "at < uniforms.inner" : "line < uniforms.inner";
  const outside = (zero: string): string =>
    variant.raggedInner ? `if (!(${inside})) { return ${zero}; }` : "";
  const parameters = "part: u32, start: u32, line: u32, at: u32";
  if (packed) {
    return `${reader(name, "vec4f", variant)}
fn fetch_${name}(${parameters}) -> vec4f {
  ${outside("vec4f()")}
  return read_${name}(part, (start + line * ${long} + min(at, ${long} - 4u)) >> 2u);
}`;
  }
  return `${reader(name, "f32", variant)}
fn take_${name}(${parameters}) -> f32 {
  ${outside("0.0")}
  return read_${name}(part, start + line * ${long} + min(at, ${long} - 1u));
}
fn fetch_${name}(${parameters}) -> vec4f {
  return vec4f(${[0, 1, 2, 3].map((i) => `take_${name}(part, start, line, at + ${i}u)`).join()});
}`;
}

/** How the left operand gets to the lanes: what is read for four steps of K, and where number (row, step) is then. */
interface LeftOperand {
  readonly reads: string;
  value(row: number, step: number): string;
}

function leftOperand({ a, tileRows, handOver }: ProductVariant): LeftOperand {
  const last = "uniforms.rows - 1u";
  if (handOver && !a.transposed) {
    return {
      reads: times(
        tileRows / lanes,
        (at) =>
          `let a${at} = fetch_a(part, start_a, min(row + ${at * lanes}u + lane, ${last}), k);`,
      ),
      value: (row, step) =>
        `subgroupBroadcast(a${Math.floor(row / lanes)}.${component(step)}, ${row % lanes}u)`,
    };
  }
  if (handOver) {
    return {
      reads: times(
        4,
        (step) => `let a${step} = fetch_a(part, start_a, k + ${step}u, row + 4u * lane);`,
      ),
      value: (row, step) =>
        `subgroupBroadcast(a${step}.${component(row % 4)}, ${Math.floor(row / 4)}u)`,
    };
  }
  if (!a.transposed) {
    return {
      reads: times(
        tileRows,
        (r) => `let a${r} = fetch_a(part, start_a, min(row + ${r}u, ${last}), k);`,
      ),
      value: (row, step) => `a${row}.${component(step)}`,
    };
  }
  return {
    reads: times(tileRows, (at) => {
      const [step, four] = [at % 4, Math.floor(at / 4)];
      return `let a${step}_${four} = fetch_a(part, start_a, k + ${step}u, row + ${4 * four}u);`;
    }),
    value: (row, step) => `a${step}_${Math.floor(row / 4)}.${component(row % 4)}`,
  };
}

/** The right operand: `b0` to `b3`, the lane's four columns at four steps of K. */
function rightOperand({ b }: ProductVariant): string {
  if (!b.transposed) {
    return times(4, (step) => `let b${step} = fetch_b(part, start_b, k + ${step}u, column);`);
  }
  const column = (c: number): string => `min(column + ${c}u, uniforms.columns - 1u)`;
  return [
    times(4, (c) => `let t${c} = fetch_b(part, start_b, ${column(c)}, k);`),
    times(
      4,
      (step) => `let b${step} = vec4f(${[0, 1, 2, 3].map((c) => `t${c}.${component(step)}`)});`,
    ),
  ].join("\n");
}

/** Writes four numbers of the lane's columns, those that are in the matrix, to a place of an output. */
function write(
  name: "c" | "sums",
  at: string,
  value: string,
  variant: ProductVariant,
): string {
  return ofPart(
    namesOf(name, variant),
    (own) =>
      variant.packedOutput ? `${own}[(${at}) >> 2u] = ${value};` : times(
        4,
        (i) =>
          `if (column + ${i}u < uniforms.columns) { ${own}[${at} + ${i}u] = (${value}).${
            component(i)
          }; }`,
      ),
  );
}

/** Writes a row, if it is in the matrix. */
function store(row: number, variant: ProductVariant): string {
  const at = `start_c + (row + ${row}u) * uniforms.columns + column`;
  return `if (row + ${row}u < uniforms.rows) { ${write("c", at, `sum${row} + shift`, variant)} }`;
}

/** What is added to each row. */
function shift({ bias, packedOutput }: ProductVariant): string {
  if (!bias) return "let shift = vec4f();";
  if (packedOutput) return "let shift = read_bias(part, column >> 2u);";
  const last = "uniforms.columns - 1u";
  return `let shift = vec4f(${
    [0, 1, 2, 3].map((i) => `read_bias(part, min(column + ${i}u, ${last}))`)
  });`;
}

/** Rows whose sum is made by itself, so that long columns lose little to rounding. */
const block = 256;

/** The sums of columns: before the loop, in it, and behind it. */
function sumsOfColumns(variant: ProductVariant): readonly [string, string, string] {
  if (!variant.columnSums) return ["", "", ""];
  return [
    "var of_all = vec4f(); var of_block = vec4f();",
    `of_block += (b0 + b1) + (b2 + b3);
    if (k % ${block}u == ${block - 4}u) { of_all += of_block; of_block = vec4f(); }`,
    `if (row == 0u) { ${write("sums", "column", "of_all + of_block", variant)} }`,
  ];
}

/**
 * The source of a product, or of several that have an operand or their sum in common.
 *
 * @param variant What is baked in.
 * @param directive The line that a source must begin with.
 * @returns WGSL source.
 */
export function productSource(variant: ProductVariant, directive: string): string {
  const { a, b, bias, packedOutput, columnSums, parts, shared, tileRows, handOver } = variant;
  const element = (packed: boolean): string => packed ? "vec4f" : "f32";
  const bindings = (name: Parameters<typeof namesOf>[0], packed: boolean) =>
    Object.fromEntries(namesOf(name, variant).map((own) => [own, element(packed)]));
  const left = leftOperand(variant);
  const [beforeSums, inSums, behindSums] = sumsOfColumns(variant);
  const isSummed = parts > 1 && shared === "c";
  return directive + declare({
    inputs: {
      ...bindings("a", a.packed),
      ...bindings("b", b.packed),
      ...(bias ? bindings("bias", packedOutput) : {}),
    },
    outputs: {
      ...bindings("c", packedOutput),
      ...(columnSums ? bindings("sums", packedOutput) : {}),
    },
    uniforms: { u32: productUniforms },
  }) + groupIndex + `
${fetch("a", { length: a.transposed ? "rows" : "inner", packed: a.packed }, variant)}
${fetch("b", { length: b.transposed ? "inner" : "columns", packed: b.packed }, variant)}
${bias ? reader("bias", element(packedOutput), variant) : ""}

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(${handOver ? "subgroup_invocation_id" : "local_invocation_index"}) lane: u32,
) {
  let across = (uniforms.columns + ${tileColumns - 1}u) / ${tileColumns}u;
  let down = max(1u, (uniforms.rows + ${tileRows - 1}u) / ${tileRows}u);
  let tile = group_index(id, count);
  let matrix = tile / (across * down);
  if (matrix >= uniforms.batch) { return; }
  let place = vec4u(
    matrix / (uniforms.batch3 * uniforms.batch2 * uniforms.batch1),
    matrix / (uniforms.batch3 * uniforms.batch2) % uniforms.batch1,
    matrix / uniforms.batch3 % uniforms.batch2,
    matrix % uniforms.batch3,
  );
  let start_a = dot(place, vec4u(uniforms.stepA0, uniforms.stepA1, uniforms.stepA2, uniforms.stepA3));
  let start_b = dot(place, vec4u(uniforms.stepB0, uniforms.stepB1, uniforms.stepB2, uniforms.stepB3));
  let start_c = ${parts > 1 ? "0u" : "matrix * uniforms.rows * uniforms.columns"};
  let row = tile / across % down * ${tileRows}u;
  let column = tile % across * ${tileColumns}u + 4u * lane;
  ${times(tileRows, (r) => `var sum${r} = vec4f();`)}
  ${beforeSums}
  ${
    isSummed
      ? `for (var part = 0u; part < ${parts}u; part++) {`
      : `let part = ${parts > 1 ? "matrix" : "0u"};`
  }
  for (var k = 0u; k < uniforms.inner; k += 4u) {
    ${rightOperand(variant)}
    ${left.reads}
    ${
    times(tileRows, (r) =>
      `sum${r} += ${
        [0, 1, 2, 3].map((i) => `${left.value(r, i)} * b${i}`).join(" + ")
      };`)
  }
    ${inSums}
  }
  ${isSummed ? "}" : ""}
  if (column >= uniforms.columns) { return; }
  ${shift(variant)}
  ${times(tileRows, (r) => store(r, variant))}
  ${behindSums}
}`;
}

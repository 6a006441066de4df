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

/** The axis that is contiguous in memory, and whether it is the one summed over. */
interface Contiguous {
  readonly length: "rows" | "columns" | "inner";
  readonly packed: boolean;
}

/**
 * `fetch_x(start, line, at)`: four numbers along the contiguous axis of `x`. Beyond K it gives 0; beyond the rows or columns
 * it gives some number of the matrix, of which only sums are made that nobody stores.
 */
function fetch(name: "a" | "b", { length, packed }: Contiguous, raggedInner: boolean): string {
  const long = `uniforms.${length}`;
  const last = `${name}[start + line * ${long} + min(at, ${long} - 1u)]`;
  const inside = length === "inner" ? "at < uniforms.inner" : "line < uniforms.inner";
  if (packed) {
    return `fn fetch_${name}(start: u32, line: u32, at: u32) -> vec4f {
  ${raggedInner ? `if (!(${inside})) { return vec4f(); }` : ""}
  return ${name}[(start + line * ${long} + min(at, ${long} - 4u)) >> 2u];
}`;
  }
  return `fn take_${name}(start: u32, line: u32, at: u32) -> f32 {
  ${raggedInner ? `if (!(${inside})) { return 0.0; }` : ""}
  return ${last};
}
fn fetch_${name}(start: u32, line: u32, at: u32) -> vec4f {
  return vec4f(${[0, 1, 2, 3].map((i) => `take_${name}(start, line, at + ${i}u)`).join()});
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
        (at) => `let a${at} = fetch_a(start_a, min(row + ${at * lanes}u + lane, ${last}), k);`,
      ),
      value: (row, step) =>
        `subgroupBroadcast(a${Math.floor(row / lanes)}.${component(step)}, ${row % lanes}u)`,
    };
  }
  if (handOver) {
    return {
      reads: times(4, (step) => `let a${step} = fetch_a(start_a, k + ${step}u, row + 4u * lane);`),
      value: (row, step) =>
        `subgroupBroadcast(a${step}.${component(row % 4)}, ${Math.floor(row / 4)}u)`,
    };
  }
  if (!a.transposed) {
    return {
      reads: times(tileRows, (r) => `let a${r} = fetch_a(start_a, min(row + ${r}u, ${last}), k);`),
      value: (row, step) => `a${row}.${component(step)}`,
    };
  }
  return {
    reads: times(tileRows, (at) => {
      const [step, four] = [at % 4, Math.floor(at / 4)];
      return `let a${step}_${four} = fetch_a(start_a, k + ${step}u, row + ${4 * four}u);`;
    }),
    value: (row, step) => `a${step}_${Math.floor(row / 4)}.${component(row % 4)}`,
  };
}

/** The right operand: `b0` to `b3`, the lane's four columns at four steps of K. */
function rightOperand({ b }: ProductVariant): string {
  if (!b.transposed) {
    return times(4, (step) => `let b${step} = fetch_b(start_b, k + ${step}u, column);`);
  }
  const column = (c: number): string => `min(column + ${c}u, uniforms.columns - 1u)`;
  return [
    times(4, (c) => `let t${c} = fetch_b(start_b, ${column(c)}, k);`),
    times(
      4,
      (step) => `let b${step} = vec4f(${[0, 1, 2, 3].map((c) => `t${c}.${component(step)}`)});`,
    ),
  ].join("\n");
}

/** Writes a row of the lane's columns, if they are in the matrix. */
function store(row: number, { packedOutput }: ProductVariant): string {
  const at = `start_c + (row + ${row}u) * uniforms.columns + column`;
  const write = packedOutput ? `c[(${at}) >> 2u] = sum${row} + shift;` : times(
    4,
    (i) =>
      `if (column + ${i}u < uniforms.columns) {
      c[${at} + ${i}u] = sum${row}.${component(i)} + shift.${component(i)};
    }`,
  );
  return `if (row + ${row}u < uniforms.rows) { ${write} }`;
}

/** What is added to each row. */
function shift({ bias, packedOutput }: ProductVariant): string {
  if (!bias) return "let shift = vec4f();";
  if (packedOutput) return "let shift = bias[column >> 2u];";
  const last = "uniforms.columns - 1u";
  return `let shift = vec4f(${[0, 1, 2, 3].map((i) => `bias[min(column + ${i}u, ${last})]`)});`;
}

/**
 * The source of a product.
 *
 * @param variant What is baked in.
 * @param directive The line that a source must begin with.
 * @returns WGSL source.
 */
export function productSource(variant: ProductVariant, directive: string): string {
  const { a, b, bias, packedOutput, raggedInner, tileRows, handOver } = variant;
  const element = (packed: boolean): string => packed ? "vec4f" : "f32";
  const left = leftOperand(variant);
  return directive + declare({
    inputs: {
      a: element(a.packed),
      b: element(b.packed),
      ...(bias ? { bias: element(packedOutput) } : {}),
    },
    outputs: { c: element(packedOutput) },
    uniforms: { u32: productUniforms },
  }) + groupIndex + `
${fetch("a", { length: a.transposed ? "rows" : "inner", packed: a.packed }, raggedInner)}
${fetch("b", { length: b.transposed ? "inner" : "columns", packed: b.packed }, raggedInner)}

@compute @workgroup_size(${lanes})
fn main(
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) count: vec3u,
  @builtin(${handOver ? "subgroup_invocation_id" : "local_invocation_index"}) lane: u32,
) {
  let across = (uniforms.columns + ${tileColumns - 1}u) / ${tileColumns}u;
  let down = (uniforms.rows + ${tileRows - 1}u) / ${tileRows}u;
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
  let start_c = matrix * uniforms.rows * uniforms.columns;
  let row = tile / across % down * ${tileRows}u;
  let column = tile % across * ${tileColumns}u + 4u * lane;
  ${times(tileRows, (r) => `var sum${r} = vec4f();`)}
  for (var k = 0u; k < uniforms.inner; k += 4u) {
    ${rightOperand(variant)}
    ${left.reads}
    ${
    times(tileRows, (r) =>
      `sum${r} += ${
        [0, 1, 2, 3].map((i) => `${left.value(r, i)} * b${i}`).join(" + ")
      };`)
  }
  }
  if (column >= uniforms.columns) { return; }
  ${shift(variant)}
  ${times(tileRows, (r) => store(r, variant))}
}`;
}

// What this machine's 128-bit vectors can do at most, as a module of three loops: multiply-adds without memory, one read of a matrix,
// and one read followed by a copy of each 16 rows, which is what a norm must do at least.

import asc from "assemblyscript/asc";

const lanes = 12; // independent sums: enough to fill two units of four cycles' latency

const sums = (line: (i: number) => string): string[] =>
  Array.from({ length: lanes }, (_, i) => line(i));

// the numbers come from memory, so that the compiler knows none of them
const source = `
export function multiplyAdds(times: i32, at: usize): f32 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  ${sums((i) => `let s${i} = v128.load(at, ${32 + 16 * i});`).join("\n  ")}
  for (let i = 0; i < times; i++) {
    ${sums((i) => `s${i} = f32x4.relaxed_madd(a, b, s${i});`).join("\n    ")}
  }
  return f32x4.extract_lane(${
  sums((i) => `s${i}`).reduce((total, s) => `f32x4.add(${total}, ${s})`)
}, 0);
}

function sum(x: usize, count: i32): v128 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let k = 0; k < count; k += 16, x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
  }
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

export function read(x: usize, count: i32): f32 {
  return f32x4.extract_lane(sum(x, count), 0);
}

function copy(x: usize, y: usize, count: i32): void {
  for (let k = 0; k < count; k += 16, x += 64, y += 64) {
    v128.store(y, v128.load(x));
    v128.store(y, v128.load(x, 16), 16);
    v128.store(y, v128.load(x, 32), 32);
    v128.store(y, v128.load(x, 48), 48);
  }
}

/** Blocks of 16 rows: read, then copied while they lie in a cache. */
export function readAndCopy(x: usize, y: usize, rows: i32, width: i32): f32 {
  let total = f32x4.splat(0);
  const bytes = usize(width) * 4;
  for (let row = 0; row < rows; row += 4) {
    total = f32x4.add(total, sum(x, 4 * width));
    copy(x, y, 4 * width);
    x += 4 * bytes;
    y += 4 * bytes;
  }
  return f32x4.extract_lane(total, 0);
}
`;

/** The loops. */
export interface Bounds {
  /** Multiply-adds: twelve vectors of four a turn, two operations each. */
  multiplyAdds(times: number, at: number): number;
  /** The sum of floats at an address. */
  read(x: number, count: number): number;
  /** Four rows at a time: their sum, then their copy. */
  readAndCopy(x: number, y: number, rows: number, width: number): number;
}

/** Floating-point operations of one turn of `multiplyAdds`. */
export const operationsPerTurn = lanes * 4 * 2;

/**
 * Compiles the loops into a memory.
 *
 * @param memory The memory, not shared.
 * @returns The loops.
 */
export async function compileBounds(memory: WebAssembly.Memory): Promise<Bounds> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(
    [
      ..."bounds.ts --outFile bounds.wasm --runtime stub --importMemory --noAssert -O3".split(" "),
      ..."--initialMemory 1 --enable simd,relaxed-simd --use abort=".split(" "),
    ],
    {
      readFile: (name: string) => name === "bounds.ts" ? source : null,
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== "string") bytes = new Uint8Array(contents);
      },
      listFiles: () => [],
    },
  );
  if (error !== null || bytes === undefined) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports as unknown as Bounds;
}

// Sums over rows: down the columns, 32 at a time, in blocks of rows that are added up afterwards, which keeps the rounding
// small.

const ROWS: i32 = 256;

/** The columns `first` to `first + count − 1` of out = Σ over the rows of x [rows, width]. */
export function columnSum(
  x: usize,
  out: usize,
  rows: i32,
  width: i32,
  first: i32,
  count: i32,
): void {
  memory.fill(out + usize(first) * 4, 0, usize(count) * 4);
  for (let row = 0; row < rows; row += ROWS) {
    const block = min(ROWS, rows - row);
    const from = x + usize(row) * usize(width) * 4;
    let column = first;
    for (; column + 32 <= first + count; column += 32) {
      sum32(from + usize(column) * 4, usize(width) * 4, block, out + usize(column) * 4);
    }
    for (; column < first + count; column++) {
      let sum: f32 = 0;
      let at = from + usize(column) * 4;
      for (let i = 0; i < block; i++, at += usize(width) * 4) sum += load<f32>(at);
      const total = out + usize(column) * 4;
      store<f32>(total, load<f32>(total) + sum);
    }
  }
}

// @ts-ignore: decorator
@inline
function addTo(total: usize, v: v128): void {
  v128.store(total, f32x4.add(v128.load(total), v));
}

function sum32(x: usize, row: usize, rows: i32, total: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (let i = 0; i < rows; i++, x += row) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
    e = f32x4.add(e, v128.load(x, 64));
    f = f32x4.add(f, v128.load(x, 80));
    g = f32x4.add(g, v128.load(x, 96));
    h = f32x4.add(h, v128.load(x, 112));
  }
  addTo(total, a);
  addTo(total + 16, b);
  addTo(total + 32, c);
  addTo(total + 48, d);
  addTo(total + 64, e);
  addTo(total + 80, f);
  addTo(total + 96, g);
  addTo(total + 112, h);
}

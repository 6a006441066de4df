// Sums of rows that have the same number: the gradient of looking rows up, as tfjs asks for it.

/** out [segments, width] = Σ of the rows of x whose id is the segment; rows with other ids are left out. */
export function segmentSum(
  x: usize,
  ids: usize,
  out: usize,
  rows: i32,
  width: i32,
  segments: i32,
): void {
  memory.fill(out, 0, usize(segments) * usize(width) * 4);
  for (let i = 0; i < rows; i++) {
    const id = load<i32>(ids + usize(i) * 4);
    if (id < 0 || id >= segments) continue;
    let from = x + usize(i) * usize(width) * 4;
    let to = out + usize(id) * usize(width) * 4;
    let j = 0;
    for (; j + 4 <= width; j += 4, from += 16, to += 16) {
      v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    }
    for (; j < width; j++, from += 4, to += 4) {
      store<f32>(to, load<f32>(to) + load<f32>(from));
    }
  }
}

// The plain kernel x → y, the measure of all others: 16 floats a turn.

/** y = x, for any number of floats. */
export function copy(x: usize, y: usize, count: i32): void {
  let k = 0;
  for (; k + 16 <= count; k += 16) {
    v128.store(y, v128.load(x));
    v128.store(y, v128.load(x, 16), 16);
    v128.store(y, v128.load(x, 32), 32);
    v128.store(y, v128.load(x, 48), 48);
    x += 64;
    y += 64;
  }
  for (; k < count; k++, x += 4, y += 4) store<f32>(y, load<f32>(x));
}

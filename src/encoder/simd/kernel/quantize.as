// Floats to 7-bit activations, each row with its own scale and minimum.
import { HIDDEN, ROW } from "./layout";
import { madd } from "./lanes";

/**
 * Rounds rows of HIDDEN floats to 0..127: value = minimum + scale * rounded. Writes tiles of 4 rows,
 * [rows / 4][HIDDEN / 4][4 rows][4 inputs], and to `range` the scales of all rows, then their minima.
 * `rows` is a multiple of 4.
 */
export function quantize(from: i32, to: i32, range: i32, rows: i32): void {
  const minima = range + 4 * rows;
  for (let row = 0; row < rows; row += 4) {
    for (let i = 0; i < 4; i++) rangeOfRow(from + i * ROW, range + 4 * (row + i), minima + 4 * (row + i));
    quantizeTile(from, to, range + 4 * row, minima + 4 * row);
    from += 4 * ROW;
    to += 4 * HIDDEN;
  }
}

function rangeOfRow(from: i32, scale: i32, minimum: i32): void {
  let low = f32x4.splat(0);
  let high = low;
  let low2 = low;
  let high2 = low;
  for (const end = from + ROW; from < end; from += 32) {
    const x = v128.load(from);
    const y = v128.load(from, 16);
    low = f32x4.pmin(low, x);
    high = f32x4.pmax(high, x);
    low2 = f32x4.pmin(low2, y);
    high2 = f32x4.pmax(high2, y);
  }
  low = f32x4.pmin(low, low2);
  high = f32x4.pmax(high, high2);
  low = f32x4.pmin(low, v128.shuffle<i32>(low, low, 2, 3, 0, 1));
  high = f32x4.pmax(high, v128.shuffle<i32>(high, high, 2, 3, 0, 1));
  low = f32x4.pmin(low, v128.shuffle<i32>(low, low, 1, 0, 3, 2));
  high = f32x4.pmax(high, v128.shuffle<i32>(high, high, 1, 0, 3, 2));
  const first = f32x4.extract_lane(low, 0);
  const width = f32x4.extract_lane(high, 0) - first;
  f32.store(scale, width > 1e-20 ? width * (1.0 / 127.0) : 1e-20);
  f32.store(minimum, first);
}

function quantizeTile(from: i32, to: i32, scales: i32, minima: i32): void {
  const inverse = f32x4.div(f32x4.splat(1), v128.load(scales));
  // Rounds to nearest by truncating what is half a step more; nothing is negative here.
  const offset = f32x4.sub(f32x4.splat(0.5), f32x4.mul(v128.load(minima), inverse));
  const s0 = v128.shuffle<i32>(inverse, inverse, 0, 0, 0, 0);
  const s1 = v128.shuffle<i32>(inverse, inverse, 1, 1, 1, 1);
  const s2 = v128.shuffle<i32>(inverse, inverse, 2, 2, 2, 2);
  const s3 = v128.shuffle<i32>(inverse, inverse, 3, 3, 3, 3);
  const o0 = v128.shuffle<i32>(offset, offset, 0, 0, 0, 0);
  const o1 = v128.shuffle<i32>(offset, offset, 1, 1, 1, 1);
  const o2 = v128.shuffle<i32>(offset, offset, 2, 2, 2, 2);
  const o3 = v128.shuffle<i32>(offset, offset, 3, 3, 3, 3);
  for (const end = from + ROW; from < end; from += 64, to += 64) {
    const a = sixteen(from, s0, o0);
    const b = sixteen(from + ROW, s1, o1);
    const c = sixteen(from + 2 * ROW, s2, o2);
    const d = sixteen(from + 3 * ROW, s3, o3);
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 48);
  }
}

// @ts-ignore: decorator
@inline
function sixteen(from: i32, inverse: v128, offset: v128): v128 {
  const a = i32x4.relaxed_trunc_f32x4_s(madd(v128.load(from), inverse, offset));
  const b = i32x4.relaxed_trunc_f32x4_s(madd(v128.load(from, 16), inverse, offset));
  const c = i32x4.relaxed_trunc_f32x4_s(madd(v128.load(from, 32), inverse, offset));
  const d = i32x4.relaxed_trunc_f32x4_s(madd(v128.load(from, 48), inverse, offset));
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

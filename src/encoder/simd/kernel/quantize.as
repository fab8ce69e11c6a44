// Floats to the activations of a product.
import { HIDDEN, ROW } from "./layout";
import { madd } from "./lanes";
import { largest, shift } from "./ranges";

// 1.5 * 2^23: a float to which a small number was added has that number, rounded to the nearest integer, in its last
// bits.
const MAGIC: f32 = 12582912;
const MAGIC_BITS: i32 = 0x4b400000;

/**
 * Rounds rows of HIDDEN floats: value = scale * (rounded - zero point), with the scales of all rows and then their zero
 * points at `range`. Writes tiles of 4 rows, [rows / 4][HIDDEN / 4][4 rows][4 inputs]; `rows` is a multiple of 4.
 */
export function quantize(from: i32, to: i32, range: i32, rows: i32): void {
  for (let row = 0; row < rows; row += 4) {
    quantizeTile(from, to, range + 4 * row, range + 4 * (rows + row));
    from += 4 * ROW;
    to += 4 * HIDDEN;
  }
}

function quantizeTile(from: i32, to: i32, scales: i32, zeros: i32): void {
  const flipped = i8x16.splat(<i8>shift());
  const most = i8x16.splat(<i8>largest());
  const bias = i32x4.add(v128.load(zeros), i32x4.splat(shift() - MAGIC_BITS));
  const inverse = f32x4.div(f32x4.splat(1), v128.load(scales));
  const s0 = v128.shuffle<i32>(inverse, inverse, 0, 0, 0, 0);
  const s1 = v128.shuffle<i32>(inverse, inverse, 1, 1, 1, 1);
  const s2 = v128.shuffle<i32>(inverse, inverse, 2, 2, 2, 2);
  const s3 = v128.shuffle<i32>(inverse, inverse, 3, 3, 3, 3);
  const o0 = v128.shuffle<i32>(bias, bias, 0, 0, 0, 0);
  const o1 = v128.shuffle<i32>(bias, bias, 1, 1, 1, 1);
  const o2 = v128.shuffle<i32>(bias, bias, 2, 2, 2, 2);
  const o3 = v128.shuffle<i32>(bias, bias, 3, 3, 3, 3);
  for (const end = from + ROW; from < end; from += 64, to += 64) {
    const a = v128.xor(i8x16.min_u(sixteen(from, s0, o0), most), flipped);
    const b = v128.xor(i8x16.min_u(sixteen(from + ROW, s1, o1), most), flipped);
    const c = v128.xor(i8x16.min_u(sixteen(from + 2 * ROW, s2, o2), most), flipped);
    const d = v128.xor(i8x16.min_u(sixteen(from + 3 * ROW, s3, o3), most), flipped);
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
function sixteen(from: i32, inverse: v128, bias: v128): v128 {
  const magic = f32x4.splat(MAGIC);
  const a = i32x4.add(madd(v128.load(from), inverse, magic), bias);
  const b = i32x4.add(madd(v128.load(from, 16), inverse, magic), bias);
  const c = i32x4.add(madd(v128.load(from, 32), inverse, magic), bias);
  const d = i32x4.add(madd(v128.load(from, 48), inverse, magic), bias);
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
}

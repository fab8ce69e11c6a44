// Multi-head attention in floats: with it in int8 the embedding would lose more than the time is worth.
import { HEAD, HEADS, HIDDEN, ROW, SCORE_SCALES, SOFTMAX_SCALES } from "./layout";
import { expNonPositive, madd } from "./lanes";
import { dequantize } from "./rows";
import { INPUT, KEYS, PRODUCT, QUERIES, SCORES, VALUES, capacity } from "./scratch";

/**
 * Turns the product [rows][3 x HIDDEN] into queries, keys and values in the order `attend` reads them. Queries and
 * keys are transposed so that neither scores nor softmax need a sum across lanes.
 */
export function splitHeads(rows: i32, range: i32, scale: i32, sums: i32, bias: i32): void {
  const headBytes = capacity * HEAD * 4;
  for (let row = 0; row < rows; row += 4) {
    const product = PRODUCT + row * 3 * ROW;
    const queries = QUERIES + (row >> 3) * HEAD * 32 + (row & 4) * 4;
    const keys = KEYS + row * HEAD * 4;
    const values = VALUES + row * HEAD * 4;
    for (let head = 0; head < HEADS; head++) {
      const at = head * HEAD * 4;
      const to = head * headBytes;
      for (let k = 0; k < HEAD * 4; k += 16) {
        const r = range + 4 * row;
        transpose(product + at + k, r, rows, scale + at + k, sums + at + k, bias + at + k, queries + to + 8 * k, 32);
        const a = at + k + ROW;
        transpose(product + a, r, rows, scale + a, sums + a, bias + a, keys + to + 4 * k, 16);
        const v = at + k + 2 * ROW;
        copy(product + v, r, rows, scale + v, sums + v, bias + v, values + to + k);
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function load(product: i32, range: i32, rows: i32, row: i32, scale: v128, sums: v128, bias: v128): v128 {
  return dequantize(
    v128.load(product + row * 3 * ROW),
    v128.load32_splat(range + 4 * row),
    v128.load32_splat(range + 4 * (rows + row)),
    scale,
    sums,
    bias,
  );
}

// @ts-ignore: decorator
@inline
function transpose(
  product: i32,
  range: i32,
  rows: i32,
  scale: i32,
  sums: i32,
  bias: i32,
  to: i32,
  stride: i32,
): void {
  const s = v128.load(scale);
  const m = v128.load(sums);
  const b = v128.load(bias);
  const r0 = load(product, range, rows, 0, s, m, b);
  const r1 = load(product, range, rows, 1, s, m, b);
  const r2 = load(product, range, rows, 2, s, m, b);
  const r3 = load(product, range, rows, 3, s, m, b);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + stride, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * stride, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * stride, v128.shuffle<i64>(high01, high23, 1, 3));
}

// @ts-ignore: decorator
@inline
function copy(product: i32, range: i32, rows: i32, scale: i32, sums: i32, bias: i32, to: i32): void {
  const s = v128.load(scale);
  const m = v128.load(sums);
  const b = v128.load(bias);
  for (let row = 0; row < 4; row++) v128.store(to + row * HEAD * 4, load(product, range, rows, row, s, m, b));
}

/** Writes the attention of `tokens` tokens to INPUT [rows][HIDDEN]; `rows` is `tokens` rounded up to 4. */
export function attend(tokens: i32, rows: i32): void {
  const headBytes = capacity * HEAD * 4;
  for (let head = 0; head < HEADS; head++) {
    const keys = KEYS + head * headBytes;
    const values = VALUES + head * headBytes;
    for (let query = 0; query < rows; query += 8) {
      const queries = QUERIES + head * headBytes + query * HEAD * 4;
      for (let key = 0; key < rows; key += 4) {
        outerScores(keys + key * HEAD * 4, queries, SCORES + key * 32);
      }
      softmax(tokens, rows);
      for (let quad = 0; quad < 8 && query + quad < rows; quad += 4) {
        const out = INPUT + (query + quad) * ROW + head * HEAD * 4;
        for (let k = 0; k < HEAD * 4; k += 32) {
          outerValues(SCORES + 4 * quad, values + k, rows, SOFTMAX_SCALES + 4 * quad, out + k);
        }
      }
    }
  }
}

/** Over the keys of each of 8 queries; leaves exponentials in SCORES and one over their sums in SOFTMAX_SCALES. */
function softmax(tokens: i32, rows: i32): void {
  const end = SCORES + tokens * 32;
  let max0 = v128.load(SCORES);
  let max1 = v128.load(SCORES, 16);
  for (let at = SCORES; at < end; at += 32) {
    max0 = f32x4.pmax(max0, v128.load(at));
    max1 = f32x4.pmax(max1, v128.load(at, 16));
  }
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  for (let at = SCORES; at < end; at += 32) {
    const e0 = expNonPositive(f32x4.sub(v128.load(at), max0));
    const e1 = expNonPositive(f32x4.sub(v128.load(at, 16), max1));
    v128.store(at, e0);
    v128.store(at, e1, 16);
    sum0 = f32x4.add(sum0, e0);
    sum1 = f32x4.add(sum1, e1);
  }
  v128.store(SOFTMAX_SCALES, f32x4.div(f32x4.splat(1), sum0));
  v128.store(SOFTMAX_SCALES, f32x4.div(f32x4.splat(1), sum1), 16);
  // Rows that only fill up the last tile are no keys.
  for (let at = end; at < SCORES + rows * 32; at += 16) v128.store(at, f32x4.splat(0));
}

// 4 keys by 8 queries.
function outerScores(a: i32, b: i32, out: i32): void {
  outer(a, 16, b, 32, HEAD, SCORE_SCALES, out, 32);
}

// 4 queries by 8 values.
function outerValues(a: i32, b: i32, count: i32, scales: i32, out: i32): void {
  outer(a, 32, b, HEAD * 4, count, scales, out, ROW);
}

/** out[i][j] = scales[i] * sum over k < count of a[k][i] * b[k][j], 4 x 8 floats; `count` is a multiple of 4. */
// @ts-ignore: decorator
@inline
function outer(a: i32, strideA: i32, b: i32, strideB: i32, count: i32, scales: i32, out: i32, strideOut: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (const end = a + count * strideA; a < end; a += 4 * strideA, b += 4 * strideB) {
    let w = v128.load(a);
    let p = v128.load(b);
    let q = v128.load(b, 16);
    let x = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
    c00 = madd(x, p, c00);
    c01 = madd(x, q, c01);
    x = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
    c10 = madd(x, p, c10);
    c11 = madd(x, q, c11);
    x = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
    c20 = madd(x, p, c20);
    c21 = madd(x, q, c21);
    x = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
    c30 = madd(x, p, c30);
    c31 = madd(x, q, c31);

    w = v128.load(a + strideA);
    p = v128.load(b + strideB);
    q = v128.load(b + strideB, 16);
    x = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
    c00 = madd(x, p, c00);
    c01 = madd(x, q, c01);
    x = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
    c10 = madd(x, p, c10);
    c11 = madd(x, q, c11);
    x = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
    c20 = madd(x, p, c20);
    c21 = madd(x, q, c21);
    x = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
    c30 = madd(x, p, c30);
    c31 = madd(x, q, c31);

    w = v128.load(a + 2 * strideA);
    p = v128.load(b + 2 * strideB);
    q = v128.load(b + 2 * strideB, 16);
    x = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
    c00 = madd(x, p, c00);
    c01 = madd(x, q, c01);
    x = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
    c10 = madd(x, p, c10);
    c11 = madd(x, q, c11);
    x = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
    c20 = madd(x, p, c20);
    c21 = madd(x, q, c21);
    x = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
    c30 = madd(x, p, c30);
    c31 = madd(x, q, c31);

    w = v128.load(a + 3 * strideA);
    p = v128.load(b + 3 * strideB);
    q = v128.load(b + 3 * strideB, 16);
    x = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
    c00 = madd(x, p, c00);
    c01 = madd(x, q, c01);
    x = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
    c10 = madd(x, p, c10);
    c11 = madd(x, q, c11);
    x = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
    c20 = madd(x, p, c20);
    c21 = madd(x, q, c21);
    x = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
    c30 = madd(x, p, c30);
    c31 = madd(x, q, c31);
  }
  const s = v128.load(scales);
  let t = v128.shuffle<i32>(s, s, 0, 0, 0, 0);
  v128.store(out, f32x4.mul(c00, t));
  v128.store(out, f32x4.mul(c01, t), 16);
  t = v128.shuffle<i32>(s, s, 1, 1, 1, 1);
  v128.store(out + strideOut, f32x4.mul(c10, t));
  v128.store(out + strideOut, f32x4.mul(c11, t), 16);
  t = v128.shuffle<i32>(s, s, 2, 2, 2, 2);
  v128.store(out + 2 * strideOut, f32x4.mul(c20, t));
  v128.store(out + 2 * strideOut, f32x4.mul(c21, t), 16);
  t = v128.shuffle<i32>(s, s, 3, 3, 3, 3);
  v128.store(out + 3 * strideOut, f32x4.mul(c30, t));
  v128.store(out + 3 * strideOut, f32x4.mul(c31, t), 16);
}

// What happens between two products, row by row: int32 sums back to floats, activation, residual, norm.
import { HIDDEN, ROW, ZEROS } from "./layout";
import { gelu, madd, sumLanes } from "./lanes";

/** Four outputs of a product: (product - zero * sum of weights) * (row scale * weight scale) + bias. */
// @ts-ignore: decorator
@inline
export function dequantize(product: v128, rowScale: v128, zero: v128, scale: v128, sum: v128, bias: v128): v128 {
  // The zero point is taken off in integers: in floats, two large numbers would nearly cancel.
  const centered = i32x4.sub(product, i32x4.mul(zero, sum));
  return madd(f32x4.convert_i32x4_s(centered), f32x4.mul(rowScale, scale), bias);
}

/** out = base + product, over rows of HIDDEN; `range` as `quantize` wrote it. */
export function addProduct(
  product: i32,
  range: i32,
  rows: i32,
  scale: i32,
  sums: i32,
  bias: i32,
  base: i32,
  out: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const rowScale = v128.load32_splat(range + 4 * row);
    const zero = v128.load32_splat(range + 4 * (rows + row));
    for (let k = 0; k < ROW; k += 16) {
      const y = dequantize(
        v128.load(product + k),
        rowScale,
        zero,
        v128.load(scale + k),
        v128.load(sums + k),
        v128.load(bias + k),
      );
      v128.store(out + k, f32x4.add(v128.load(base + k), y));
    }
    product += ROW;
    base += ROW;
    out += ROW;
  }
}

/** out = gelu(product) * smooth, over rows of HIDDEN. */
export function geluProduct(
  product: i32,
  range: i32,
  rows: i32,
  scale: i32,
  sums: i32,
  bias: i32,
  smooth: i32,
  out: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const rowScale = v128.load32_splat(range + 4 * row);
    const zero = v128.load32_splat(range + 4 * (rows + row));
    for (let k = 0; k < ROW; k += 16) {
      const y = dequantize(
        v128.load(product + k),
        rowScale,
        zero,
        v128.load(scale + k),
        v128.load(sums + k),
        v128.load(bias + k),
      );
      v128.store(out + k, f32x4.mul(gelu(y), v128.load(smooth + k)));
    }
    product += ROW;
    out += ROW;
  }
}

/** x = layer norm of `sum` (weights at `norm`, then biases); smoothed = x * smooth. Epsilon 1e-12, as in the graph. */
export function normalize(sum: i32, norm: i32, smooth: i32, rows: i32, x: i32, smoothed: i32): void {
  for (let row = 0; row < rows; row++) {
    let total = f32x4.splat(0);
    let total2 = total;
    for (let k = 0; k < ROW; k += 32) {
      total = f32x4.add(total, v128.load(sum + k));
      total2 = f32x4.add(total2, v128.load(sum + k, 16));
    }
    const mean = f32x4.splat(sumLanes(f32x4.add(total, total2)) * (1.0 / <f32>HIDDEN));
    let squares = f32x4.splat(0);
    let squares2 = squares;
    for (let k = 0; k < ROW; k += 32) {
      const a = f32x4.sub(v128.load(sum + k), mean);
      const b = f32x4.sub(v128.load(sum + k, 16), mean);
      squares = madd(a, a, squares);
      squares2 = madd(b, b, squares2);
    }
    const variance = sumLanes(f32x4.add(squares, squares2)) * (1.0 / <f32>HIDDEN);
    const inverse = f32x4.splat(1.0 / sqrt<f32>(variance + 1e-12));
    for (let k = 0; k < ROW; k += 16) {
      const centered = f32x4.mul(f32x4.sub(v128.load(sum + k), mean), inverse);
      const y = madd(centered, v128.load(norm + k), v128.load(norm + k, ROW));
      v128.store(x + k, y);
      v128.store(smoothed + k, f32x4.mul(y, v128.load(smooth + k)));
    }
    sum += ROW;
    x += ROW;
    smoothed += ROW;
  }
}

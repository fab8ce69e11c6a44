// The hot loop: int8 weights times 7-bit activations. Nine tenths of the multiply-adds of the encoder are here.
import { HIDDEN } from "./layout";
import { PANEL } from "./pack";

/**
 * One panel of weights times all activations: writes int32 [rows][12] with `stride` bytes from row to row.
 *
 * `activations` are tiles of 4 rows, [tile][HIDDEN / 4][4 rows][4 inputs], each value in 0..127: in that range
 * every engine computes the relaxed dot product alike, exactly, whatever instruction it has. A tile of 4 rows by 12
 * outputs keeps 12 accumulators in registers, with 4 loads for 12 dot products. Unrolled by 4: by 2 and by 8 are a
 * fifth slower. A function per panel is short, so that the optimized code replaces the first one soon.
 */
export function panelProduct(activations: i32, panel: i32, out: i32, stride: i32, rows: i32): void {
  const end = activations + rows * HIDDEN;
  let a = activations;
  while (a < end) {
    const endOfTile = a + 4 * HIDDEN;
    let b = panel;
    let c00 = i32x4.splat(0);
    let c01 = c00;
    let c02 = c00;
    let c10 = c00;
    let c11 = c00;
    let c12 = c00;
    let c20 = c00;
    let c21 = c00;
    let c22 = c00;
    let c30 = c00;
    let c31 = c00;
    let c32 = c00;
    while (a < endOfTile) {
      let w = v128.load(a);
      let x0 = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
      let x1 = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
      let x2 = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
      let x3 = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
      let p = v128.load(b);
      c00 = dot(p, x0, c00);
      c10 = dot(p, x1, c10);
      c20 = dot(p, x2, c20);
      c30 = dot(p, x3, c30);
      p = v128.load(b, 16);
      c01 = dot(p, x0, c01);
      c11 = dot(p, x1, c11);
      c21 = dot(p, x2, c21);
      c31 = dot(p, x3, c31);
      p = v128.load(b, 32);
      c02 = dot(p, x0, c02);
      c12 = dot(p, x1, c12);
      c22 = dot(p, x2, c22);
      c32 = dot(p, x3, c32);

      w = v128.load(a, 16);
      x0 = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
      x1 = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
      x2 = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
      x3 = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
      p = v128.load(b, 48);
      c00 = dot(p, x0, c00);
      c10 = dot(p, x1, c10);
      c20 = dot(p, x2, c20);
      c30 = dot(p, x3, c30);
      p = v128.load(b, 64);
      c01 = dot(p, x0, c01);
      c11 = dot(p, x1, c11);
      c21 = dot(p, x2, c21);
      c31 = dot(p, x3, c31);
      p = v128.load(b, 80);
      c02 = dot(p, x0, c02);
      c12 = dot(p, x1, c12);
      c22 = dot(p, x2, c22);
      c32 = dot(p, x3, c32);

      w = v128.load(a, 32);
      x0 = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
      x1 = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
      x2 = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
      x3 = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
      p = v128.load(b, 96);
      c00 = dot(p, x0, c00);
      c10 = dot(p, x1, c10);
      c20 = dot(p, x2, c20);
      c30 = dot(p, x3, c30);
      p = v128.load(b, 112);
      c01 = dot(p, x0, c01);
      c11 = dot(p, x1, c11);
      c21 = dot(p, x2, c21);
      c31 = dot(p, x3, c31);
      p = v128.load(b, 128);
      c02 = dot(p, x0, c02);
      c12 = dot(p, x1, c12);
      c22 = dot(p, x2, c22);
      c32 = dot(p, x3, c32);

      w = v128.load(a, 48);
      x0 = v128.shuffle<i32>(w, w, 0, 0, 0, 0);
      x1 = v128.shuffle<i32>(w, w, 1, 1, 1, 1);
      x2 = v128.shuffle<i32>(w, w, 2, 2, 2, 2);
      x3 = v128.shuffle<i32>(w, w, 3, 3, 3, 3);
      p = v128.load(b, 144);
      c00 = dot(p, x0, c00);
      c10 = dot(p, x1, c10);
      c20 = dot(p, x2, c20);
      c30 = dot(p, x3, c30);
      p = v128.load(b, 160);
      c01 = dot(p, x0, c01);
      c11 = dot(p, x1, c11);
      c21 = dot(p, x2, c21);
      c31 = dot(p, x3, c31);
      p = v128.load(b, 176);
      c02 = dot(p, x0, c02);
      c12 = dot(p, x1, c12);
      c22 = dot(p, x2, c22);
      c32 = dot(p, x3, c32);
      a += 64;
      b += 16 * PANEL;
    }
    v128.store(out, c00);
    v128.store(out, c01, 16);
    v128.store(out, c02, 32);
    out += stride;
    v128.store(out, c10);
    v128.store(out, c11, 16);
    v128.store(out, c12, 32);
    out += stride;
    v128.store(out, c20);
    v128.store(out, c21, 16);
    v128.store(out, c22, 32);
    out += stride;
    v128.store(out, c30);
    v128.store(out, c31, 16);
    v128.store(out, c32, 32);
    out += stride;
  }
}

/** All of the panels of `outputs` outputs. */
export function product(
  activations: i32,
  panels: i32,
  out: i32,
  stride: i32,
  rows: i32,
  outputs: i32,
): void {
  for (let n = 0; n < outputs; n += PANEL) {
    panelProduct(activations, panels + n * HIDDEN, out + 4 * n, stride, rows);
  }
}

// @ts-ignore: decorator
@inline
function dot(weights: v128, activations: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, activations, sum);
}

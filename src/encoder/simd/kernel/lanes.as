// Arithmetic on four floats at once.

// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.relaxed_madd(a, b, c);
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

/** e^x for x <= 0: 2^n times a polynomial of degree 5 on [-1/2, 1/2]; relative error below 2e-7. */
// @ts-ignore: decorator
@inline
export function expNonPositive(x: v128): v128 {
  // Far below what counts, and far enough above the denormals, which are slow.
  const t = f32x4.pmax(x, f32x4.splat(-70));
  const n = f32x4.nearest(f32x4.mul(t, f32x4.splat(1.44269504)));
  // log 2 in two parts, the first with few bits, so that n times it is exact.
  const r = madd(n, f32x4.splat(2.1219444e-4), madd(n, f32x4.splat(-0.693359375), t));
  let p = madd(r, f32x4.splat(1.9875691e-4), f32x4.splat(1.3981999e-3));
  p = madd(p, r, f32x4.splat(8.3334519e-3));
  p = madd(p, r, f32x4.splat(4.1665796e-2));
  p = madd(p, r, f32x4.splat(1.6666665e-1));
  p = madd(p, r, f32x4.splat(0.5));
  p = madd(p, f32x4.mul(r, r), f32x4.add(r, f32x4.splat(1)));
  return i32x4.add(p, i32x4.shl(i32x4.relaxed_trunc_f32x4_s(n), 23));
}

/**
 * GELU, x Phi(x), by formula 7.1.26 of Abramowitz and Stegun for erf; absolute error of erf below 2e-7. A cheaper
 * one would do for the embedding's quality, but differ in more roundings from what the ONNX graph computes.
 */
// @ts-ignore: decorator
@inline
export function gelu(x: v128): v128 {
  const z = f32x4.abs(f32x4.mul(x, f32x4.splat(0.70710678)));
  const t = f32x4.div(f32x4.splat(1), madd(z, f32x4.splat(0.3275911), f32x4.splat(1)));
  let p = madd(t, f32x4.splat(1.061405429), f32x4.splat(-1.453152027));
  p = madd(p, t, f32x4.splat(1.421413741));
  p = madd(p, t, f32x4.splat(-0.284496736));
  p = madd(p, t, f32x4.splat(0.254829592));
  p = f32x4.mul(p, t);
  const erf = f32x4.sub(f32x4.splat(1), f32x4.mul(p, expNonPositive(f32x4.neg(f32x4.mul(z, z)))));
  const half = f32x4.mul(x, f32x4.splat(0.5));
  return madd(f32x4.abs(half), erf, half);
}

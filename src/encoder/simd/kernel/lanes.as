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

/** e^x for x <= 0: 2^n times a polynomial of degree 4 on [-1/2, 1/2]; relative error below 3e-6. */
// @ts-ignore: decorator
@inline
export function expNonPositive(x: v128): v128 {
  // Far below what counts, and far enough above the denormals, which are slow.
  const t = f32x4.pmax(f32x4.mul(x, f32x4.splat(1.44269504)), f32x4.splat(-100));
  const n = f32x4.nearest(t);
  const r = f32x4.sub(t, n);
  let p = madd(r, f32x4.splat(0.009570097550749779), f32x4.splat(0.05591786652803421));
  p = madd(p, r, f32x4.splat(0.240247443318367));
  p = madd(p, r, f32x4.splat(0.6931217908859253));
  p = madd(p, r, f32x4.splat(0.9999992847442627));
  return i32x4.add(p, i32x4.shl(i32x4.relaxed_trunc_f32x4_s(n), 23));
}

/**
 * GELU, x Phi(x). Phi - 1/2 is an odd polynomial on [-3.9, 3.9] (minimax in x Phi), constant outside; the error of
 * the result is below 2e-4, far under the 7-bit step it is rounded to next.
 */
// @ts-ignore: decorator
@inline
export function gelu(x: v128): v128 {
  const c = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-3.9)), f32x4.splat(3.9));
  const s = f32x4.mul(c, c);
  let p = madd(s, f32x4.splat(2.6268406e-08), f32x4.splat(-1.77033523e-06));
  p = madd(p, s, f32x4.splat(5.12340259e-05));
  p = madd(p, s, f32x4.splat(-0.000844479561));
  p = madd(p, s, f32x4.splat(0.00891362349));
  p = madd(p, s, f32x4.splat(-0.0648690964));
  p = madd(p, s, f32x4.splat(0.39808531));
  return f32x4.mul(x, madd(p, c, f32x4.splat(0.5)));
}

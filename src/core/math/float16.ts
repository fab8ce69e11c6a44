// IEEE 754 half precision, by hand because Float16Array is missing from Node 22 and older.
const scratch = new DataView(new ArrayBuffer(4));

/** Half-precision bits -> single-precision values, element by element. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const values = new Float32Array(bits.length);
  const singles = new Uint32Array(values.buffer);
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i];
    const sign = (half & 0x8000) << 16;
    const exponent = half & 0x7c00;
    // The same exponent and mantissa, each at its place; requests wait while a bundle's heads are widened.
    if (exponent !== 0 && exponent !== 0x7c00) singles[i] = sign | (((half & 0x7fff) << 13) + 0x38000000);
    else if (exponent === 0) values[i] = (sign === 0 ? 1 : -1) * (half & 0x3ff) * 2 ** -24;
    else singles[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13);
  }
  return values;
}

/** Single-precision values -> half-precision bits, rounded to nearest even; out of range becomes infinity. */
export function float32ToFloat16(values: ArrayLike<number>): Uint16Array {
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = halfBits(values[i]);
  return bits;
}

function halfBits(value: number): number {
  scratch.setFloat32(0, value);
  const single = scratch.getUint32(0);
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal half: the unit is 2^-24, and adding 2^-1 to a float rounds to that unit, ties to even.
    scratch.setUint32(0, magnitude);
    scratch.setFloat32(0, scratch.getFloat32(0) + 0.5);
    return sign | (scratch.getUint32(0) - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

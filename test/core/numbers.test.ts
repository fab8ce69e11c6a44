import { describe, expect, it } from "vitest";
import { evaluateCurve } from "../../src/core/math/curve.ts";
import { float16ToFloat32, float32ToFloat16 } from "../../src/core/math/float16.ts";
import { dequantizeRows, quantizeRows } from "../../src/core/math/quantize.ts";
import { seededRandom } from "../../src/numerics/random.ts";

describe("half precision", () => {
  it("gives every one of the 65,536 bit patterns back", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const again = float32ToFloat16(float16ToFloat32(bits));
    for (let i = 0; i < bits.length; i++) {
      const isNaNPattern = (i & 0x7c00) === 0x7c00 && (i & 0x3ff) !== 0;
      if (!isNaNPattern) expect(again[i]).toBe(i);
    }
  });

  it("rounds to nearest even, like the platform's own where it has one", () => {
    const { Float16Array } = globalThis as unknown as {
      Float16Array?: new (v: Float32Array) => ArrayLike<number>;
    };
    const random = seededRandom(1);
    const values = Float32Array.from({ length: 20000 }, () => (random() - 0.5) * 2 ** (random() * 40 - 25));
    const mine = float16ToFloat32(float32ToFloat16(values));
    if (Float16Array !== undefined) expect(mine).toEqual(Float32Array.from(new Float16Array(values)));
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      const unit = Math.max(2 ** -24, 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10));
      if (Math.abs(value) < 65504) expect(Math.abs(mine[i] - value)).toBeLessThanOrEqual(unit / 2);
    }
  });
});

describe("quantized rows", () => {
  it("are off by at most half a level, and keep rows of zeros", () => {
    const random = seededRandom(2);
    const matrix = Float32Array.from({ length: 5 * 64 }, (_, k) => (k < 64 ? 0 : random() - 0.5));
    const rows = quantizeRows(matrix, 64);
    const again = dequantizeRows(rows);
    for (let k = 0; k < matrix.length; k++) {
      const half = rows.scales[Math.floor(k / 64)] / 2;
      expect(Math.abs(again[k] - matrix[k])).toBeLessThanOrEqual(half * 1.0001);
    }
    expect(again.subarray(0, 64)).toEqual(new Float32Array(64));
  });
});

describe("curve", () => {
  const curve = { x: [0, 1, 3], y: [10, 20, 0] };
  it.each([
    [-1, 10],
    [0, 10],
    [0.5, 15],
    [1, 20],
    [2, 10],
    [3, 0],
    [9, 0],
    [Number.NaN, 10],
  ])("at %d is %d", (at, value) => {
    expect(evaluateCurve(curve, at)).toBe(value);
  });
});

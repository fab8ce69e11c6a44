// How activations are rounded to the operand of the relaxed dot product. That operand is promised to work for
// 0..127 only, but the specification also says that an engine treats the eighth bit in one way always. Most treat it
// in a way that allows for 8 bits, and then the rounding is that of the ONNX graph. Where they do not, it is 7 bits,
// with a range for every row on its own.
import { HIDDEN, PROBE, ROW } from "./layout";
import { HIGH, LOW } from "./scratch";

const SEVEN_BITS: i32 = 0;
const UNSIGNED: i32 = 1;
const SIGNED: i32 = 2;
let mode: i32 = SEVEN_BITS;

/** Finds out what the engine does with the eighth bit. */
export function probe(): void {
  // From memory, lest a compiler computes this ahead of time: the largest and smallest sums of two products.
  v128.store(PROBE, i8x16.splat(127));
  v128.store(PROBE, i8x16.splat(-128), 16);
  v128.store(PROBE, i8x16.splat(-1), 32);
  v128.store(PROBE, i8x16.splat(-127), 48);
  const low = fourProducts(48, 16);
  const high = fourProducts(0, 32);
  if (low == 4 * -127 * 128 && high == 4 * 127 * 255) mode = UNSIGNED;
  else if (low == 4 * -127 * -128 && high == 4 * 127 * -1) mode = SIGNED;
  else mode = SEVEN_BITS;
}

function fourProducts(weights: i32, activations: i32): i32 {
  const sum = i32x4.relaxed_dot_i8x16_i7x16_add_s(
    v128.load(PROBE + weights),
    v128.load(PROBE + activations),
    i32x4.splat(0),
  );
  return i32x4.extract_lane(sum, 0);
}

/** Whether the activations have 8 bits. */
export function exact(): bool {
  return mode != SEVEN_BITS;
}

/** Largest rounded value, zero point included. */
export function largest(): i32 {
  return mode == SEVEN_BITS ? 127 : 255;
}

/** What is subtracted from rounded values: an engine that takes the operand for signed wants -128..127. */
export function shift(): i32 {
  return mode == SIGNED ? 128 : 0;
}

/** The smallest and largest of each row of HIDDEN floats, zero included; `merge` widens what is there already. */
export function measure(from: i32, rows: i32, merge: bool): void {
  for (let row = 0; row < rows; row++, from += ROW) {
    let low = merge ? v128.load32_splat(LOW + 4 * row) : f32x4.splat(0);
    let high = merge ? v128.load32_splat(HIGH + 4 * row) : f32x4.splat(0);
    let low2 = low;
    let high2 = high;
    for (let k = 0; k < ROW; k += 32) {
      const x = v128.load(from + k);
      const y = v128.load(from + k, 16);
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
    f32.store(LOW + 4 * row, f32x4.extract_lane(low, 0));
    f32.store(HIGH + 4 * row, f32x4.extract_lane(high, 0));
  }
}

/** From what `measure` found, the scales of all rows, then their zero points, each row on its own: 7 bits. */
export function rangePerRow(rows: i32, range: i32): void {
  for (let row = 0; row < rows; row++) {
    const low = f32.load(LOW + 4 * row);
    const scale = max<f32>((f32.load(HIGH + 4 * row) - low) * (1.0 / 127.0), 1e-20);
    f32.store(range + 4 * row, scale);
    i32.store(range + 4 * (rows + row), <i32>nearest<f32>(-low / scale));
  }
}

/**
 * The same in 8 bits as ONNX's DynamicQuantizeLinear has it: the range is that of all `tokens` rows; with `unit`,
 * after each row was divided by its largest magnitude.
 */
export function rangeOfAll(tokens: i32, rows: i32, unit: bool, range: i32): void {
  let low: f32 = 0;
  let high: f32 = 0;
  for (let row = 0; row < tokens; row++) {
    const size = unit ? magnitude(row) : 1;
    low = min<f32>(low, f32.load(LOW + 4 * row) / size);
    high = max<f32>(high, f32.load(HIGH + 4 * row) / size);
  }
  const scale: f32 = high == low ? 1 : (high - low) / 255;
  const zero = <i32>nearest<f32>(min<f32>(-low / scale, 255));
  for (let row = 0; row < rows; row++) {
    f32.store(range + 4 * row, unit ? scale * magnitude(row) : scale);
    i32.store(range + 4 * (rows + row), zero - shift());
  }
}

function magnitude(row: i32): f32 {
  return max<f32>(max<f32>(-f32.load(LOW + 4 * row), f32.load(HIGH + 4 * row)), 1e-9);
}

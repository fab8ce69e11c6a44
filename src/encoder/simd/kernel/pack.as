// Weights from the file's order to the order the product reads them in; once, at load time.
import { groupsOf, HIDDEN, linearAt, outputsOf, sumsAt } from "./layout";

// Outputs of a panel: with the product's 4 rows this makes 12 accumulators.
export const PANEL: i32 = 12;

/**
 * Reads int8 weights [inputs][outputs] at `source` and writes panels [outputs / 12][inputs / 4][12][4], so that a
 * 16-byte load holds 4 consecutive inputs of 4 outputs: one operand of the dot product. Also sums every output's
 * weights: what a shift of all inputs by one adds to the product.
 */
export function pack(source: i32, layer: i32, linear: i32): void {
  const outputs = outputsOf(linear);
  let to = linearAt(layer, linear);
  let sum = sumsAt(layer, linear);
  for (let group = 0; group < groupsOf(linear); group++) {
    for (let first = 0; first < outputs; first += PANEL) {
      let a = i32x4.splat(0);
      let b = a;
      let c = a;
      for (let k = 0; k < HIDDEN; k += 4, to += 4 * PANEL) {
        const from = source + k * outputs + first;
        // Rows of 12 outputs, the last 4 bytes of each load unused: 4 x 4 blocks of bytes are turned.
        const r0 = v128.load(from);
        const r1 = v128.load(from + outputs);
        const r2 = v128.load(from + 2 * outputs);
        const r3 = v128.load(from + 3 * outputs);
        const even = i8x16.shuffle(r0, r1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const evenHigh = i8x16.shuffle(r0, r1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const odd = i8x16.shuffle(r2, r3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        const oddHigh = i8x16.shuffle(r2, r3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        const x = v128.shuffle<i16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
        const y = v128.shuffle<i16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
        const z = v128.shuffle<i16>(evenHigh, oddHigh, 0, 8, 1, 9, 2, 10, 3, 11);
        v128.store(to, x);
        v128.store(to, y, 16);
        v128.store(to, z, 32);
        a = i32x4.add(a, sumOfFours(x));
        b = i32x4.add(b, sumOfFours(y));
        c = i32x4.add(c, sumOfFours(z));
      }
      v128.store(sum, a);
      v128.store(sum, b, 16);
      v128.store(sum, c, 32);
      sum += 4 * PANEL;
    }
    source += HIDDEN * outputs;
  }
}

function sumOfFours(bytes: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(bytes));
}

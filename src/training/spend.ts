import type { Curve } from "../core/math/curve.ts";
import type { Matrix } from "../numerics/matrix.ts";

/** Decisions and prices of benchmark traffic, from which the dial `spend` gets its meaning. */
export interface Traffic {
  /** [prompts, models] what decisions are made by, for left-out prompts. */
  readonly decisionScores: Matrix;
  /** [prompts, models] expected USD of each call. */
  readonly usd: Matrix;
  /** The model with the best mean outcome: all the way up the dial, the bill is that of always taking it. */
  readonly bestSingle: number;
}

// From "a correct answer is worth a thousandth of a cent" to "a hundred dollars", eight steps a decade.
const LAMBDAS = Array.from({ length: 57 }, (_, k) => 10 ** (-5 + k / 8));

/**
 * Share of the way from the cheapest model's mean bill to the best single model's -> natural log of lambda, the USD
 * that one more correct answer may cost (the decision is argmax score - usd / lambda). Undefined where the best single
 * model is also the cheapest: then there is nothing to dial.
 */
export function fitSpendCurve({ decisionScores, usd, bestSingle }: Traffic): Curve | undefined {
  const bills = meanColumns(usd);
  const cheapest = Math.min(...bills);
  const range = bills[bestSingle] - cheapest;
  if (!(range > 0)) return undefined;
  const x: number[] = [];
  const y: number[] = [];
  for (const lambda of LAMBDAS) {
    const share = (meanBill(decisionScores, usd, lambda) - cheapest) / range;
    // A larger lambda never buys less on the whole; where rounding says so, or the dial's end is passed, skip it.
    if (x.length > 0 && share <= (x.at(-1) as number) + 1e-6) continue;
    x.push(share);
    y.push(Math.log(lambda));
    if (share >= 1) break;
  }
  return { x, y };
}

function meanBill(scores: Matrix, usd: Matrix, lambda: number): number {
  let bill = 0;
  for (let i = 0; i < scores.rows; i++) {
    let best = i * scores.columns;
    let bestValue = Number.NEGATIVE_INFINITY;
    for (let k = i * scores.columns; k < (i + 1) * scores.columns; k++) {
      const value = scores.data[k] - usd.data[k] / lambda;
      if (value > bestValue) {
        bestValue = value;
        best = k;
      }
    }
    bill += usd.data[best];
  }
  return bill / scores.rows;
}

function meanColumns({ rows, columns, data }: Matrix): number[] {
  const sums = new Array<number>(columns).fill(0);
  for (let k = 0; k < data.length; k++) sums[k % columns] += data[k];
  return sums.map((sum) => sum / rows);
}

import type { LinearHead } from "../../core/math/linear-head.ts";
import { type Matrix, matrix } from "../../numerics/matrix.ts";
import type { Ridge } from "../../numerics/ridge.ts";
import { fitAdditive } from "./difficulty.ts";
import { type FittedHeads, toHead } from "./fit-heads.ts";

export interface FittedLengths {
  /** Features -> log of the expected answer length in tokens. */
  readonly head: LinearHead;
  /** [prompts, models] expected answer length in tokens of left-out training prompts. */
  readonly leaveOneOut: Matrix;
}

/**
 * One output a model: length of a typical answer to such a
 * prompt, plus how wordy the model is. Undefined where no lengths are known.
 * @param outputTokens [prompts, models], NaN where unknown
 */
export async function fitLengths(
  { kernels, ridge }: Pick<FittedHeads, "kernels" | "ridge">,
  outputTokens: Matrix,
): Promise<FittedLengths | undefined> {
  const logs = matrix(outputTokens.rows, outputTokens.columns, outputTokens.data.map(Math.log1p));
  if (logs.data.every(Number.isNaN)) return undefined;
  const { ease: typical, ability: wordiness } = fitAdditive(logs);
  const fit = await fitTypical(ridge, logs, typical);
  const correction = smearing(logs, fit.leaveOneOut, wordiness);
  const { columns } = logs;
  const weights = matrix(fit.weights.rows, columns);
  for (let k = 0; k < weights.data.length; k++) {
    weights.data[k] = fit.weights.data[Math.floor(k / columns)];
  }
  const shifts = wordiness.map((value) => value + correction);
  return {
    head: await toHead(
      kernels,
      weights,
      shifts.map((shift) => shift + fit.intercepts[0]),
    ),
    leaveOneOut: matrix(
      logs.rows,
      columns,
      logs.data.map((_, k) => Math.exp(fit.leaveOneOut.data[Math.floor(k / columns)] + shifts[k % columns])),
    ),
  };
}

/** Prompts of which no answer length is known are given the mean, which says nothing and harms nothing. */
async function fitTypical(ridge: Ridge, logs: Matrix, typical: Float32Array) {
  const known = typical.map((_, i) =>
    Number(
      logs.data.subarray(i * logs.columns, (i + 1) * logs.columns).some((value) => !Number.isNaN(value)),
    ),
  );
  const count = known.reduce((sum, value) => sum + value, 0);
  const mean = typical.reduce((sum, value, i) => sum + value * known[i], 0) / count;
  const targets = typical.map((value, i) => (known[i] === 1 ? value : mean));
  return ridge.fitBest(matrix(typical.length, 1, Float32Array.from(targets)));
}

/** exp of a mean log is less than the mean; this factor, as a log, makes up for it (Duan 1983). */
function smearing(logs: Matrix, predicted: Matrix, wordiness: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (let k = 0; k < logs.data.length; k++) {
    const value = logs.data[k];
    if (Number.isNaN(value)) continue;
    const i = Math.floor(k / logs.columns);
    sum += Math.exp(value - predicted.data[i] - wordiness[k % logs.columns]);
    count++;
  }
  return Math.log(sum / count);
}

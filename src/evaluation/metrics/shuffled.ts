import { columnMeans, type Matrix } from "../../numerics/matrix.ts";

/**
 * Expected score when the router's choices are dealt to random prompts: each model keeps its share of the prompts, so
 * the bill stays, and all knowledge of the single prompt goes. A router that doesn't beat this has learned nothing
 * about prompts.
 *
 * @param shares [prompts, models] as `chooseObserved` returns them @param outcomes [prompts, models]
 */
export function shuffledScore(shares: Matrix, outcomes: Matrix): number {
  const { columns } = outcomes;
  const sums = new Float64Array(columns);
  const counts = new Float64Array(columns);
  for (let k = 0; k < outcomes.data.length; k++) {
    const outcome = outcomes.data[k];
    if (Number.isNaN(outcome)) continue;
    sums[k % columns] += outcome;
    counts[k % columns] += 1;
  }
  return columnMeans(shares).reduce(
    (total, share, m) => (share === 0 ? total : total + (share * sums[m]) / counts[m]),
    0,
  );
}

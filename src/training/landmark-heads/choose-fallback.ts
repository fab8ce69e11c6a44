import { multiply } from "../../numerics/blas.ts";
import { type Matrix, row } from "../../numerics/matrix.ts";
import { bestObserved } from "../choose-observed.ts";
import type { Dataset } from "../dataset.ts";
import type { FittedHeads } from "./fit-heads.ts";
import { groupFamilies, nearnessToOthers } from "./leave-family-out.ts";
import { fitResponse, type Response, respond } from "./response.ts";

const MIXTURE_SHARES = [0.5, 1];
// Response curves order prompts by how much is at stake between two models even where one model is always best, so
// they stay unless they lose more than this on left-out families.
const RESPONSE_MAY_LOSE = 0.0005;
// With fewer families there is nothing to learn a fallback from; the prior stands.
const FEWEST_GROUPS = 3;

/**
 * What unfamiliar prompts are decided by: of the prior, response curves and the mixture, the one with the best lower
 * bound (mean minus one standard error over left-out groups of families) of the gain over the best model on average.
 */
export async function chooseFallback(
  train: Dataset,
  { taskTable, ease, deviations }: FittedHeads,
  cosines: Matrix,
  seed: number,
): Promise<{ readonly mixtureShare: number; readonly usesResponse: boolean }> {
  const groups = groupFamilies(train, seed);
  if (groups.count < FEWEST_GROUPS) return { mixtureShare: 0, usesResponse: false };
  const tasksOfGroup = Array.from({ length: groups.count }, () => new Set<number>());
  train.taskOf.forEach((task, i) => {
    tasksOfGroup[groups.groupOf[i]]?.add(task);
  });
  const priors = tasksOfGroup.map((own) => priorWithout(taskTable, own));
  const easeOf = ease.leaveOneOut.data;
  const curves = tasksOfGroup.map((_, group) => {
    const others = Array.from(groups.groupOf, (_, i) => i).filter((i) => groups.groupOf[i] !== group);
    return fitResponse(easeOf, deviations, others);
  });
  const responseBound = lowerBound(
    groupGains(train, groups.groupOf, priors, (i, prior) => {
      const added = respond(curves[groups.groupOf[i]] as Response, easeOf[i]);
      return prior.map((value, m) => value + added[m]);
    }),
  );
  const mixture = await multiply(nearnessToOthers(cosines, tasksOfGroup, groups.groupOf), taskTable);
  let best = {
    mixtureShare: 0,
    usesResponse: responseBound >= -RESPONSE_MAY_LOSE,
    bound: Math.max(responseBound, 0),
  };
  for (const share of MIXTURE_SHARES) {
    const gains = groupGains(train, groups.groupOf, priors, (i, prior) =>
      prior.map((value, m) => value + share * (row(mixture, i)[m] - value)),
    );
    const bound = lowerBound(gains);
    if (bound > best.bound + 1e-9) best = { mixtureShare: share, usesResponse: false, bound };
  }
  return best;
}

function priorWithout(taskTable: Matrix, left: ReadonlySet<number>): Float64Array {
  const kept = Array.from({ length: taskTable.rows }, (_, d) => d).filter((d) => !left.has(d));
  const sums = new Float64Array(taskTable.columns);
  for (const d of kept)
    row(taskTable, d).forEach((value, m) => {
      sums[m] += value / kept.length;
    });
  return sums;
}

/** [groups] mean gain of scores over always taking the best by the group's prior. */
function groupGains(
  train: Dataset,
  groupOf: Int32Array,
  priors: readonly Float64Array[],
  scoresOf: (i: number, prior: Float64Array) => Float64Array,
): readonly number[] {
  const sums = priors.map(() => ({ gain: 0, prompts: 0 }));
  for (let i = 0; i < train.ids.length; i++) {
    const prior = priors[groupOf[i]] as Float64Array;
    const outcomes = row(train.outcomes, i);
    const sum = sums[groupOf[i]] as { gain: number; prompts: number };
    const scores = scoresOf(i, prior);
    sum.gain += bestObserved(outcomes, (m) => scores[m]) - bestObserved(outcomes, (m) => prior[m]);
    sum.prompts++;
  }
  return sums.filter(({ prompts }) => prompts > 0).map(({ gain, prompts }) => gain / prompts);
}

function lowerBound(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return mean - Math.sqrt(variance / values.length);
}

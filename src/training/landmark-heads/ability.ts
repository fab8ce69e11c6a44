import type { Dataset } from "../dataset.ts";
import { suitesOf } from "./groups.ts";

// An LLM of a few prompts of a suite has a part of a vote there: half of one at this many.
const HALF_VOTE = 20;
// A vote's worth of doubt that an LLM is like the others: what few or no outcomes fall back to.
const DOUBT = 0.05;
// Alternating means converge geometrically, slowly where suites hang together by few LLMs.
const ROUNDS = 60;

/**
 * [models] How good each LLM is over all tasks of the training set, as a share: measured where it ran, estimated where it
 * did not. logit(mean score on a task) ~ ease of the task + strength of the LLM, by alternating means in which every suite
 * has one vote on an LLM's strength, however large it is: by least squares over prompts the largest suite would decide,
 * and an LLM that ran a hard one would sink. The link keeps estimates within [0, 1].
 */
export function fitPriors({
  outcomes,
  taskOf,
  tasks,
}: Pick<Dataset, "outcomes" | "taskOf" | "tasks">): Float64Array {
  const models = outcomes.columns;
  const { suiteOf, names } = suitesOf(tasks);
  const suites = names.length;
  const { counts, sums, sizes } = countCells(outcomes.data, taskOf, tasks.length, models);
  const totals = new Float64Array(suites * models);
  counts.forEach((count, cell) => {
    totals[suiteOf[Math.floor(cell / models)] * models + (cell % models)] += count;
  });
  const votes = counts.map((count, cell) => {
    return count / (totals[suiteOf[Math.floor(cell / models)] * models + (cell % models)] + HALF_VOTE);
  });
  const logits = counts.map((count, cell) => Math.log((sums[cell] + 0.5) / (count - sums[cell] + 0.5)));
  const { ease, strength } = alternate(logits, votes, tasks.length, models);

  const priors = new Float64Array(models);
  const suiteSizes = new Float64Array(suites);
  sizes.forEach((size, task) => {
    suiteSizes[suiteOf[task]] += size;
  });
  const known = suiteSizes.filter((size) => size > 0).length;
  for (let task = 0; task < tasks.length; task++) {
    if (sizes[task] === 0) continue;
    const weight = sizes[task] / suiteSizes[suiteOf[task]] / known;
    for (let m = 0; m < models; m++) {
      const cell = task * models + m;
      const estimate = 1 / (1 + Math.exp(-ease[task] - strength[m]));
      priors[m] += (weight * (sums[cell] + HALF_VOTE * estimate)) / (counts[cell] + HALF_VOTE);
    }
  }
  return priors;
}

function countCells(outcomes: Float32Array, taskOf: Int32Array, tasks: number, models: number) {
  const counts = new Float64Array(tasks * models);
  const sums = new Float64Array(tasks * models);
  const sizes = new Float64Array(tasks);
  taskOf.forEach((task, i) => {
    sizes[task]++;
    for (let m = 0; m < models; m++) {
      const value = outcomes[i * models + m];
      if (Number.isNaN(value)) continue;
      counts[task * models + m]++;
      sums[task * models + m] += value;
    }
  });
  return { counts, sums, sizes };
}

function alternate(logits: Float64Array, votes: Float64Array, tasks: number, models: number) {
  const ease = new Float64Array(tasks);
  const strength = new Float64Array(models);
  const voted = new Float64Array(models);
  votes.forEach((vote, cell) => {
    voted[cell % models] += vote;
  });
  for (let round = 0; round < ROUNDS; round++) {
    const sums = new Float64Array(models);
    for (let task = 0; task < tasks; task++) {
      const row = task * models;
      let sum = 0;
      let seen = 0;
      for (let m = 0; m < models; m++) {
        if (votes[row + m] === 0) continue;
        sum += logits[row + m] - strength[m];
        seen++;
      }
      ease[task] = seen === 0 ? 0 : sum / seen;
      for (let m = 0; m < models; m++) sums[m] += votes[row + m] * (logits[row + m] - ease[task]);
    }
    center(sums, voted, strength);
  }
  return { ease, strength };
}

function center(sums: Float64Array, voted: Float64Array, strength: Float64Array): void {
  let total = 0;
  let seen = 0;
  for (let m = 0; m < sums.length; m++) {
    if (voted[m] === 0) continue;
    strength[m] = sums[m] / (voted[m] + DOUBT);
    total += strength[m];
    seen++;
  }
  for (let m = 0; m < sums.length; m++) if (voted[m] > 0) strength[m] -= total / seen;
}

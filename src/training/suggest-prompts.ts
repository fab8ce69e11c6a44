import type { Predictor } from "../core/predictor.ts";
import type { TaskPrompt } from "../core/task.ts";
import { type Matrix, matrix, row } from "../numerics/matrix.ts";

/**
 * The prompts whose results say most about a new LLM: greedy D-optimal design over how the known LLMs differ on them.
 * Each step takes the prompt on which the new LLM is least certain, given the ones already taken: the largest
 * x' A^-1 x with A = I + sum of x x' over the chosen, updated by Sherman and Morrison's formula.
 * @param features [prompts, features] what the results are going to be regressed on
 * @returns indices, the most telling first
 */
export function suggestPrompts(features: Matrix, count: number): readonly number[] {
  const { rows, columns } = features;
  const inverse = new Float64Array(columns * columns);
  for (let j = 0; j < columns; j++) inverse[j * columns + j] = 1;
  const chosen: number[] = [];
  const left = new Set(Array.from({ length: rows }, (_, i) => i));
  while (chosen.length < count && left.size > 0) {
    const best = mostUncertain(features, inverse, left);
    chosen.push(best);
    left.delete(best);
    absorb(inverse, row(features, best));
  }
  return chosen;
}

/**
 * The unlabeled prompts of a task whose labels would say most about which LLM is best on it: those on which the LLMs
 * are predicted to differ, in ways that the prompts before them don't cover.
 * @returns indices into `prompts`
 */
export function suggestLabels(
  predictor: Predictor,
  prompts: readonly TaskPrompt[],
  count: number,
): readonly number[] {
  const open = prompts.map((_, i) => i).filter((i) => prompts[i]?.labels === undefined);
  const differences = matrix(open.length, predictor.models.length);
  open.forEach((i, k) => {
    const { pCorrect } = predictor.predict((prompts[i] as TaskPrompt).embedding);
    const mean = pCorrect.reduce((sum, p) => sum + p, 0) / pCorrect.length;
    differences.data.set(
      pCorrect.map((p) => p - mean),
      k * pCorrect.length,
    );
  });
  return suggestPrompts(differences, count).map((k) => open[k]);
}

function mostUncertain(features: Matrix, inverse: Float64Array, left: ReadonlySet<number>): number {
  let best = -1;
  let largest = Number.NEGATIVE_INFINITY;
  for (const i of left) {
    const x = row(features, i);
    const uncertainty = dot(times(inverse, x), x);
    if (uncertainty > largest) {
      largest = uncertainty;
      best = i;
    }
  }
  return best;
}

/** A^-1 becomes (A + x x')^-1. */
function absorb(inverse: Float64Array, x: Float32Array): void {
  const size = x.length;
  const direction = times(inverse, x);
  const scale = 1 / (1 + dot(direction, x));
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < size; k++) {
      inverse[j * size + k] -= scale * direction[j] * direction[k];
    }
  }
}

function times(square: Float64Array, x: Float32Array): Float64Array {
  const size = x.length;
  return Float64Array.from(x, (_, j) => dot(square.subarray(j * size, (j + 1) * size), x));
}

function dot(a: Float64Array, b: Float32Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k] * b[k];
  return sum;
}

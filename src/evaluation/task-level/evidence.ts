import { DISTANCE_NEIGHBORS } from "../../core/paper/task-distance.ts";
import { type Matrix, matrix } from "../../numerics/matrix.ts";
import type { Task, TaskData } from "./task-data.ts";

/** Neighbors that the paper's classifier averages over. */
const CLASSIFIER_NEIGHBORS = 5;

/** What the paper's method knows of a task from everything that it may train on. */
export interface Evidence {
  /** The prompts to be judged: those that were not moved into training. */
  readonly prompts: Int32Array;
  /** [prompts, models] probability of a correct answer by the 5 nearest training prompts. */
  readonly g: Matrix;
  /** u(d) */
  readonly distance: number;
}

/**
 * The classifiers and the distance of a task, trained without its own group and, where it is given, without another;
 * its first `moved` prompts are in training.
 */
export function gatherEvidence(
  { dataset, groupOf, neighbors }: TaskData,
  task: Task,
  moved: number,
  without: number = -1,
): Evidence {
  const { outcomes } = dataset;
  const models = outcomes.columns;
  const prompts = task.prompts.subarray(moved);
  const g = matrix(prompts.length, models);
  const nearest = prepareNearest();
  let distances = 0;
  for (let i = 0; i < prompts.length; i++) {
    nearest.clear();
    const prompt = prompts[i];
    for (let k = prompt * neighbors.count; k < (prompt + 1) * neighbors.count && !nearest.isFull(); k++) {
      const index = neighbors.indices[k];
      if (index < 0) break;
      if (groupOf[index] !== without) nearest.add(index, neighbors.cosines[k]);
    }
    for (let k = 0; k < moved; k++) {
      const cosine = task.cosinesToMoved.data[(moved + i) * task.cosinesToMoved.columns + k];
      nearest.add(task.prompts[k], cosine);
    }
    distances += nearest.meanDistance();
    averageOutcomes(outcomes, nearest.first(CLASSIFIER_NEIGHBORS), g, i);
  }
  return { prompts, g, distance: distances / prompts.length };
}

/** The 19 nearest of the prompts that are added, in arrays that are used again: this loop runs millions of times. */
function prepareNearest() {
  const indices = new Int32Array(DISTANCE_NEIGHBORS);
  const cosines = new Float64Array(DISTANCE_NEIGHBORS);
  let size = 0;
  return {
    clear: () => {
      size = 0;
    },
    isFull: () => size === DISTANCE_NEIGHBORS,
    add(index: number, cosine: number) {
      if (size === DISTANCE_NEIGHBORS && !(cosine > cosines[size - 1])) return;
      let k = size < DISTANCE_NEIGHBORS ? size++ : size - 1;
      for (; k > 0 && cosine > cosines[k - 1]; k--) {
        cosines[k] = cosines[k - 1];
        indices[k] = indices[k - 1];
      }
      cosines[k] = cosine;
      indices[k] = index;
    },
    first: (count: number) => indices.subarray(0, Math.min(count, size)),
    meanDistance() {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += 1 - cosines[k];
      return sum / size;
    },
  };
}

/** Row `target` of `g`: mean known outcome of the neighbors; one half where there is none. */
function averageOutcomes(outcomes: Matrix, neighbors: Int32Array, g: Matrix, target: number): void {
  const { columns } = outcomes;
  for (let m = 0; m < columns; m++) {
    let sum = 0;
    let known = 0;
    for (let k = 0; k < neighbors.length; k++) {
      const outcome = outcomes.data[neighbors[k] * columns + m];
      if (Number.isNaN(outcome)) continue;
      sum += outcome;
      known++;
    }
    g.data[target * columns + m] = known > 0 ? sum / known : 0.5;
  }
}

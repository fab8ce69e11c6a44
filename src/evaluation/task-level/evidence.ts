import { DISTANCE_NEIGHBOURS } from "../../core/paper/task-distance.ts";
import { type Matrix, matrix } from "../../training/matrix.ts";
import type { Task, TaskData } from "./task-data.ts";
import type { TaskNeighbours } from "./task-neighbours.ts";

/** Neighbours that the paper's classifier averages over. */
const CLASSIFIER_NEIGHBOURS = 5;

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
  { dataset, groupOf, neighbours }: TaskData,
  task: Task,
  moved: number,
  without: number = -1,
): Evidence {
  const { outcomes } = dataset;
  const models = outcomes.columns;
  const prompts = task.prompts.subarray(moved);
  const g = matrix(prompts.length, models);
  let distances = 0;
  for (let i = 0; i < prompts.length; i++) {
    const prompt = prompts[i] as number;
    const strangers = neighboursOf(neighbours, prompt, (index) => groupOf[index] !== without);
    const nearest = mergeNearest(strangers, movedByCosine(task, moved + i, moved));
    distances += nearest.reduce((sum, { cosine }) => sum + 1 - cosine, 0) / nearest.length;
    averageOutcomes(outcomes, nearest.slice(0, CLASSIFIER_NEIGHBOURS), g, i);
  }
  return { prompts, g, distance: distances / prompts.length };
}

interface Neighbour {
  readonly index: number;
  readonly cosine: number;
}

/** The nearest 19 prompts that are allowed, nearest first. */
function neighboursOf(
  { indices, cosines, count }: TaskNeighbours,
  prompt: number,
  isAllowed: (index: number) => boolean,
): Neighbour[] {
  const nearest: Neighbour[] = [];
  for (let k = prompt * count; k < (prompt + 1) * count && nearest.length < DISTANCE_NEIGHBOURS; k++) {
    const index = indices[k] as number;
    if (index < 0) break;
    if (isAllowed(index)) nearest.push({ index, cosine: cosines[k] as number });
  }
  return nearest;
}

/** The moved prompts. @param position of the prompt in `task.prompts` */
function movedByCosine({ prompts, cosinesToMoved }: Task, position: number, moved: number): Neighbour[] {
  return Array.from({ length: moved }, (_, k) => ({
    index: prompts[k] as number,
    cosine: cosinesToMoved.data[position * cosinesToMoved.columns + k] as number,
  }));
}

function mergeNearest(strangers: Neighbour[], own: Neighbour[]): Neighbour[] {
  if (own.length === 0) return strangers;
  return [...strangers, ...own].sort((a, b) => b.cosine - a.cosine).slice(0, DISTANCE_NEIGHBOURS);
}

/** Row `target` of `g`: mean known outcome of the neighbours; one half where there is none. */
function averageOutcomes(
  outcomes: Matrix,
  neighbours: readonly Neighbour[],
  g: Matrix,
  target: number,
): void {
  const { columns } = outcomes;
  for (let m = 0; m < columns; m++) {
    let sum = 0;
    let known = 0;
    for (const { index } of neighbours) {
      const outcome = outcomes.data[index * columns + m] as number;
      if (Number.isNaN(outcome)) continue;
      sum += outcome;
      known++;
    }
    g.data[target * columns + m] = known > 0 ? sum / known : 0.5;
  }
}

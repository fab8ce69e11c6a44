import { multiply } from "../../numerics/blas.ts";
import { type Matrix, takeRows } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import type { Dataset } from "../../training/dataset.ts";
import { findTaskNeighbors, type TaskNeighbors } from "./task-neighbors.ts";

/** Most labeled prompts of a new task that the paper moves into training. */
export const MOST_MOVED = 50;

/** A task and its prompts, in a seeded order: the first ones are those whose labels become known. */
export interface Task {
  readonly index: number;
  readonly name: string;
  /** The group of families that it is held out with. */
  readonly group: number;
  readonly prompts: Int32Array;
  /** [prompts, at most 50] cosines of all its prompts to the first 50. */
  readonly cosinesToMoved: Matrix;
}

export interface TaskData {
  readonly dataset: Dataset;
  readonly tasks: readonly Task[];
  readonly groupOf: Int32Array;
  readonly neighbors: TaskNeighbors;
}

export async function prepareTasks(dataset: Dataset, groupOf: Int32Array, seed: number): Promise<TaskData> {
  const tasks: Task[] = [];
  for (const [index, name] of dataset.tasks.entries()) {
    const own = Int32Array.from(dataset.taskOf.keys()).filter((i) => dataset.taskOf[i] === index);
    if (own.length === 0) continue;
    const prompts = permutation(own.length, seededRandom(seed + index)).map((k) => own[k]);
    const embeddings = takeRows(dataset.embeddings, prompts);
    const moved = takeRows(dataset.embeddings, prompts.subarray(0, MOST_MOVED));
    const cosinesToMoved = await multiply(embeddings, moved, { transposeB: true });
    tasks.push({ index, name, group: groupOf[prompts[0]], prompts, cosinesToMoved });
  }
  return { dataset, tasks, groupOf, neighbors: await findTaskNeighbors(dataset, groupOf) };
}

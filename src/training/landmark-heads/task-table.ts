import { type Matrix, matrix } from "../../numerics/matrix.ts";
import type { SplitOutcomes } from "./difficulty.ts";

// A model's deviation on a task is trusted in full only after many results: five prompts' worth of doubt.
const PRIOR_PROMPTS = 5;

/**
 * [tasks, models] how good each model is on each task: ease of the task + ability of the model + how the model
 * deviates there, shrunk where results are few.
 */
export function fitTaskTable(
  { ease, ability, deviations }: SplitOutcomes,
  taskOf: Int32Array,
  tasks: number,
): Matrix {
  const { columns } = deviations;
  const table = matrix(tasks, columns);
  const easeSums = new Float64Array(tasks);
  const sizes = new Float64Array(tasks);
  for (let i = 0; i < deviations.rows; i++) {
    const task = taskOf[i];
    sizes[task] += 1;
    easeSums[task] += ease[i];
    for (let m = 0; m < columns; m++) {
      const cell = task * columns + m;
      table.data[cell] += deviations.data[i * columns + m];
    }
  }
  for (let cell = 0; cell < table.data.length; cell++) {
    const task = Math.floor(cell / columns);
    const size = sizes[task];
    const taskEase = easeSums[task] / Math.max(size, 1);
    const deviation = table.data[cell] / (size + PRIOR_PROMPTS);
    table.data[cell] = taskEase + ability[cell % columns] + deviation;
  }
  return table;
}

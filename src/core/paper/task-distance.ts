import { nearestPrompts } from "./nearest.ts";

/** How many neighbors the paper averages over. */
export const DISTANCE_NEIGHBORS = 19;

/**
 * u(d): how far a task lies from what the router was trained on, the mean cosine distance of its prompts to their 19
 * nearest prompts of other tasks (Shnitzer et al. 2023, arXiv 2309.15789, section 4.2).
 *
 * @param prompts [n] unit vectors of the task @param others unit vectors of the prompts of all other tasks
 */
export function taskDistance(
  prompts: readonly ArrayLike<number>[],
  others: readonly ArrayLike<number>[],
  neighbors: number = DISTANCE_NEIGHBORS,
): number {
  return meanDistance(
    prompts.map((prompt) => nearestPrompts(others, prompt, neighbors).map(({ distance }) => distance)),
  );
}

/** The same from distances that are already known. @param distances [n][neighbors] */
export function meanDistance(distances: readonly ArrayLike<number>[]): number {
  const means = distances.map((row) => mean(row));
  return mean(means);
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k];
  return sum / values.length;
}

import type { QuantizedRows } from "./quantize.ts";

/** The training prompts of a kNN router and how each model did on them. */
export interface Neighborhood {
  /** [prompts, dimension] unit vectors. */
  readonly embeddings: QuantizedRows;
  /** [prompts, models] score * 254 rounded; 255 where there is no result. */
  readonly outcomes: Uint8Array;
  readonly models: number;
}

export const MISSING_OUTCOME = 255;
export const OUTCOME_LEVELS = 254;

export interface Neighbor {
  readonly index: number;
  readonly cosine: number;
}

/**
 * The `count` training prompts with the highest cosine, nearest first; ties go to the lower index, which is that of the
 * smaller text key: training orders prompts so.
 * @param embedding [dimension], of unit length
 */
export function nearestNeighbors(
  embeddings: QuantizedRows,
  embedding: Float32Array,
  count: number,
): readonly Neighbor[] {
  const { values, scales, columns } = embeddings;
  const nearest: Neighbor[] = [];
  let worst = Number.NEGATIVE_INFINITY;
  for (let i = 0, start = 0; i < scales.length; i++, start += columns) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let j = 0; j < columns; j += 4) {
      const k = start + j;
      a += values[k] * embedding[j];
      b += values[k + 1] * embedding[j + 1];
      c += values[k + 2] * embedding[j + 2];
      d += values[k + 3] * embedding[j + 3];
    }
    const cosine = (a + b + c + d) * scales[i];
    if (nearest.length === count && cosine <= worst) continue;
    if (nearest.length === count) nearest.pop();
    let place = nearest.length;
    while (place > 0 && (nearest[place - 1] as Neighbor).cosine < cosine) place--;
    nearest.splice(place, 0, { index: i, cosine });
    worst = (nearest.at(-1) as Neighbor).cosine;
  }
  return nearest;
}

/**
 * g_m(x): mean score of each model over the neighbors where it has a result (Shnitzer et al. 2023);
 * `priors` where it has none. @returns [models]
 */
export function meanOutcomesOf(
  { outcomes, models }: Neighborhood,
  neighbors: readonly Neighbor[],
  priors: ArrayLike<number>,
): Float64Array {
  const means = new Float64Array(models);
  for (let m = 0; m < models; m++) {
    let sum = 0;
    let count = 0;
    for (const { index } of neighbors) {
      const outcome = outcomes[index * models + m];
      if (outcome === MISSING_OUTCOME) continue;
      sum += outcome;
      count++;
    }
    means[m] = count > 0 ? sum / count / OUTCOME_LEVELS : priors[m];
  }
  return means;
}

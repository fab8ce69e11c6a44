/** One prompt and how near it is. */
export interface NearPrompt {
  readonly index: number;
  /** 1 - cosine. */
  readonly distance: number;
}

/**
 * The `count` rows nearest to a prompt by cosine distance, nearest first; equal distances go to the lower index.
 *
 * @param rows unit vectors @param prompt unit vector
 */
export function nearestPrompts(
  rows: readonly ArrayLike<number>[],
  prompt: ArrayLike<number>,
  count: number,
): readonly NearPrompt[] {
  const distances = rows.map((row, index) => ({ index, distance: 1 - dot(row, prompt) }));
  return distances.sort((a, b) => a.distance - b.distance || a.index - b.index).slice(0, count);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}

import { seededRandom } from "../../numerics/random.ts";

/** Enough for the second decimal of a percentage point, little enough for a second of work. */
const DRAWS = 2000;

export type Interval = readonly [low: number, high: number];

/** Means of `values` over groups, resampled: what a bootstrap needs of the data. */
export interface Resampler {
  /** The middle 95 % of the resampled means of `values` [units of observation]. */
  interval95(values: Float64Array): Interval;
}

/**
 * The percentile bootstrap over groups: whole groups are drawn with replacement, and the mean is taken over all
 * members drawn. With one prompt a group it is the bootstrap over prompts; with tasks as groups it says how far a
 * gain would carry to other tasks. All intervals of one resampler use the same draws, so that differences of
 * routers are paired.
 *
 * @param groupNumbers [units] group of each unit
 */
export function prepareBootstrap(groupNumbers: Int32Array, seed: number): Resampler {
  // Numbered without gaps: an empty group would be drawn for nothing.
  const numbers = new Map([...new Set(groupNumbers)].map((number, group) => [number, group]));
  const groupOf = groupNumbers.map((number) => numbers.get(number) as number);
  const groups = numbers.size;
  const random = seededRandom(seed);
  const draws = Array.from({ length: DRAWS }, () => {
    const counts = new Uint16Array(groups);
    for (let k = 0; k < groups; k++) {
      const drawn = Math.floor(random() * groups);
      counts[drawn] += 1;
    }
    return counts;
  });
  const sizes = new Float64Array(groups);
  for (const group of groupOf) sizes[group] += 1;
  const drawnUnits = draws.map((counts) => dot(counts, sizes));
  return {
    interval95(values) {
      const sums = new Float64Array(groups);
      for (let i = 0; i < values.length; i++) {
        const group = groupOf[i];
        sums[group] += values[i];
      }
      const means = Float64Array.from(draws, (counts, k) => dot(counts, sums) / drawnUnits[k]).sort();
      return [means[Math.floor(0.025 * DRAWS)], means[Math.ceil(0.975 * DRAWS) - 1]];
    },
  };
}

function dot(counts: Uint16Array, values: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < counts.length; k++) sum += counts[k] * values[k];
  return sum;
}

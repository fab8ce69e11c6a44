import { permutation, seededRandom } from "../../numerics/random.ts";
import type { Dataset, Families } from "../../training/dataset.ts";
import { type Split, splitAround } from "./split.ts";

// Beyond this many fits a suite would take longer than anyone waits, and the figures hardly move.
export const MAX_GROUPS = 25;

/**
 * Holds out one family of tasks at a time. Where there are more than 25, whole families are dealt into 25 groups, the
 * largest first into the smallest group, equal ones in a seeded order: one fit serves all families of a group.
 */
export function leaveOneTaskOut(
  dataset: Pick<Dataset, "textKeys">,
  { families, familyOf }: Families,
  seed: number,
): Split[] {
  const groupOf = groupFamilies({ families, familyOf }, seed);
  const groups = Math.min(families.length, MAX_GROUPS);
  return Array.from({ length: groups }, (_, group) => {
    const members = new Set(familyOf.filter((_, i) => groupOf[i] === group));
    const names = [...members].map((family) => families[family]);
    return splitAround(names.join(", "), dataset, (i) => groupOf[i] === group);
  }).filter(({ test }) => test.length > 0);
}

/** [prompts] the group of families that each is held out with. */
export function groupFamilies({ families, familyOf }: Families, seed: number): Int32Array {
  const groupOfFamily = dealFamilies({ families, familyOf }, seed);
  return familyOf.map((family) => groupOfFamily[family]);
}

/** [families] the group of each. */
function dealFamilies({ families, familyOf }: Families, seed: number): Int32Array {
  if (families.length <= MAX_GROUPS) return Int32Array.from(families, (_, family) => family);
  const sizes = new Int32Array(families.length);
  for (const family of familyOf) sizes[family] += 1;
  const byName = families
    .map((_, family) => family)
    .sort((a, b) => ((families[a] as string) < (families[b] as string) ? -1 : 1));
  const drawn = Array.from(permutation(families.length, seededRandom(seed)), (k) => byName[k]);
  const order = drawn.sort((a, b) => sizes[b] - sizes[a]);
  const loads = new Int32Array(MAX_GROUPS);
  const groupOf = new Int32Array(families.length);
  for (const family of order) {
    const group = loads.indexOf(Math.min(...loads));
    groupOf[family] = group;
    loads[group] += sizes[family];
  }
  return groupOf;
}

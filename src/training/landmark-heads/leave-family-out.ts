import { taskMemberships } from "../../core/math/features.ts";
import { type Matrix, matrix, row } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import { type Dataset, familiesOf } from "../dataset.ts";

/** Groups of prompts that are left out together when trust is learned. */
export interface FamilyGroups {
  /** [prompts] */
  readonly groupOf: Int32Array;
  readonly count: number;
}

// With more, single groups are too small for their means to say anything.
const MOST_GROUPS = 25;

/** Families of tasks, in random bunches where there are many. */
export function groupFamilies(dataset: Pick<Dataset, "tasks" | "taskOf">, seed: number): FamilyGroups {
  const { families, familyOf } = familiesOf(dataset);
  const count = Math.min(families.length, MOST_GROUPS);
  const order = permutation(families.length, seededRandom(seed));
  return { groupOf: familyOf.map((family) => order[family] % count), count };
}

/** [prompts, tasks] nearness of each prompt to the tasks that are not in its own group. @param cosines to centroids */
export function nearnessToOthers(
  cosines: Matrix,
  tasksOfGroup: readonly ReadonlySet<number>[],
  groupOf: Int32Array,
): Matrix {
  const nearness = matrix(cosines.rows, cosines.columns);
  for (let i = 0; i < cosines.rows; i++) {
    const own = tasksOfGroup[groupOf[i]] as ReadonlySet<number>;
    const others = row(cosines, i).map((value, d) => (own.has(d) ? 0 : value));
    nearness.data.set(taskMemberships(others), i * cosines.columns);
  }
  return nearness;
}

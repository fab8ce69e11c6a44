import { taskMemberships } from "../../core/features.ts";
import { multiply } from "../blas.ts";
import { solvePositiveDefinite } from "../cholesky.ts";
import { type Dataset, familiesOf } from "../dataset.ts";
import { columnMeans, type Matrix, matrix, row, takeRows } from "../matrix.ts";
import { permutation, seededRandom } from "../random.ts";

/** Groups of prompts that are left out together when trust is learned. */
export interface FamilyGroups {
  /** [prompts] */
  readonly groupOf: Int32Array;
  readonly count: number;
}

// Each group costs one solve; more of them would say little more about how unlike the families are.
const MOST_GROUPS = 25;

/** Families of tasks, in random bunches where there are many. */
export function groupFamilies(dataset: Pick<Dataset, "tasks" | "taskOf">, seed: number): FamilyGroups {
  const { families, familyOf } = familiesOf(dataset);
  const count = Math.min(families.length, MOST_GROUPS);
  const order = permutation(families.length, seededRandom(seed));
  return { groupOf: familyOf.map((family) => (order[family] as number) % count), count };
}

/**
 * Ridge predictions for each group by a fit on all others, with a given penalty.
 * @param features [prompts, features]
 * @param targets [prompts, targets]
 * @returns [prompts, targets]
 */
export async function predictGroupsLeftOut(
  features: Matrix,
  targets: Matrix,
  { groupOf, count }: FamilyGroups,
  penalty: number,
): Promise<Matrix> {
  const predicted = matrix(targets.rows, targets.columns);
  const [gram, cross] = [
    await multiply(features, features, { transposeA: true }),
    await multiply(features, targets, { transposeA: true }),
  ];
  const [featureSums, targetSums] = [sums(features), sums(targets)];
  for (let group = 0; group < count; group++) {
    const members = membersOf(groupOf, group);
    const [inside, insideTargets] = [takeRows(features, members), takeRows(targets, members)];
    const rest = features.rows - members.length;
    if (rest === 0 || members.length === 0) continue;
    const featureMeans = meansOfRest(featureSums, inside, rest);
    const targetMeans = meansOfRest(targetSums, insideTargets, rest);
    const square = centredRest(
      gram,
      await multiply(inside, inside, { transposeA: true }),
      featureMeans,
      featureMeans,
      rest,
    );
    for (let j = 0; j < features.columns; j++)
      square[j * features.columns + j] = (square[j * features.columns + j] as number) + penalty;
    const right = centredRest(
      cross,
      await multiply(inside, insideTargets, { transposeA: true }),
      featureMeans,
      targetMeans,
      rest,
    );
    const weights = matrix(
      features.columns,
      targets.columns,
      Float32Array.from(solvePositiveDefinite(square, right)),
    );
    const centred = matrix(
      inside.rows,
      inside.columns,
      inside.data.map((value, k) => value - (featureMeans[k % inside.columns] as number)),
    );
    const fitted = await multiply(centred, weights);
    members.forEach((i, k) => {
      const values = row(fitted, k);
      for (let j = 0; j < values.length; j++)
        predicted.data[i * targets.columns + j] = (values[j] as number) + (targetMeans[j] as number);
    });
  }
  return predicted;
}

/** [prompts, tasks] nearness of each prompt to the tasks that are not in its own group. @param cosines to centroids */
export function nearnessToOthers(
  cosines: Matrix,
  tasksOfGroup: readonly ReadonlySet<number>[],
  groupOf: Int32Array,
): Matrix {
  const nearness = matrix(cosines.rows, cosines.columns);
  for (let i = 0; i < cosines.rows; i++) {
    const own = tasksOfGroup[groupOf[i] as number] as ReadonlySet<number>;
    const others = row(cosines, i).map((value, d) => (own.has(d) ? 0 : value));
    nearness.data.set(taskMemberships(others), i * cosines.columns);
  }
  return nearness;
}

function membersOf(groupOf: Int32Array, group: number): Int32Array {
  return Int32Array.from(groupOf, (_, i) => i).filter((i) => groupOf[i] === group);
}

function sums(source: Matrix): Float64Array {
  return columnMeans(source).map((mean) => mean * source.rows);
}

function meansOfRest(total: Float64Array, inside: Matrix, rest: number): Float64Array {
  const insideSums = sums(inside);
  return total.map((sum, j) => (sum - (insideSums[j] as number)) / rest);
}

/** X'Y of the centred rest, from that of all and of the group. */
function centredRest(
  all: Matrix,
  inside: Matrix,
  left: Float64Array,
  right: Float64Array,
  rest: number,
): Float64Array {
  const { columns } = all;
  return Float64Array.from(
    all.data,
    (value, k) =>
      value -
      (inside.data[k] as number) -
      rest * (left[Math.floor(k / columns)] as number) * (right[k % columns] as number),
  );
}

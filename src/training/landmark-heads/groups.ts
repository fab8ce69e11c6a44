import { permutation, seededRandom } from "../../numerics/random.ts";
import { type Dataset, familiesOf } from "../dataset.ts";

/** Groups of prompts that are left out together when it is learned what holds for unfamiliar prompts. */
export interface Groups {
  /** [prompts] */
  readonly groupOf: Int32Array;
  readonly count: number;
  /** Whether they are suites: families of one suite are too much alike to tell how far to trust elsewhere. */
  readonly areSuites: boolean;
}

// With fewer suites, families of tasks say more.
const FEWEST_SUITES = 3;
// Every group costs a fit, and single groups of more would be too small for their means to say anything.
const MOST_GROUPS = 10;

/** Suites of tasks: the part of a task's name before its first "/"; tasks without one are a suite together. */
export function suitesOf(tasks: readonly string[]): {
  /** [tasks] */
  readonly suiteOf: Int32Array;
  readonly names: readonly string[];
} {
  const ofTasks = tasks.map((task) => task.slice(0, Math.max(task.indexOf("/"), 0)));
  const names = [...new Set(ofTasks)];
  return { suiteOf: Int32Array.from(ofTasks, (name) => names.indexOf(name)), names };
}

/** Suites, or where there are not enough, families of tasks; in random bunches where there are many. */
export function groupsToLeaveOut(dataset: Pick<Dataset, "tasks" | "taskOf">, seed: number): Groups {
  const { suiteOf, names } = suitesOf(dataset.tasks);
  const { families, familyOf } = familiesOf(dataset);
  const areSuites = names.length >= FEWEST_SUITES;
  const [places, number] = areSuites
    ? [dataset.taskOf.map((task) => suiteOf[task]), names.length]
    : [familyOf, families.length];
  const count = Math.min(number, MOST_GROUPS);
  const order = permutation(number, seededRandom(seed));
  return { groupOf: places.map((place) => order[place] % count), count, areSuites };
}

import type { Dataset } from "./dataset.ts";
import { suitesOf } from "./landmark-heads/groups.ts";

/** For every suite and other suite, how many models ran both. */
export type SharedModels = Readonly<Record<string, Readonly<Record<string, number>>>>;

// Hanging on one model, two suites are as comparable as that model's results on both were typical of it.
const FEWEST_TIES = 2;

/** Suites are told apart by the part of their tasks' names before the first "/". */
export function sharedModels({
  tasks,
  taskOf,
  outcomes,
}: Pick<Dataset, "tasks" | "taskOf" | "outcomes">): SharedModels {
  const { suiteOf, names } = suitesOf(tasks);
  const ran = names.map(() => new Set<number>());
  for (let k = 0; k < outcomes.data.length; k++) {
    if (Number.isNaN(outcomes.data[k])) continue;
    ran[suiteOf[taskOf[Math.floor(k / outcomes.columns)]]].add(k % outcomes.columns);
  }
  const both = (a: number, b: number) => [...ran[a]].filter((m) => ran[b].has(m)).length;
  return Object.fromEntries(
    names.map((name, a) => [
      name,
      Object.fromEntries(names.flatMap((other, b) => (a === b ? [] : [[other, both(a, b)] as const]))),
    ]),
  );
}

/** The pairs of suites that hang on fewer than two models, with their number. */
export function looseTies(shared: SharedModels): readonly string[] {
  const names = Object.keys(shared);
  return names.flatMap((a, k) =>
    names.slice(k + 1).flatMap((b) => {
      const count = shared[a]?.[b] ?? 0;
      return count < FEWEST_TIES ? [`${a} and ${b} (${count})`] : [];
    }),
  );
}

import { type Dataset, type Families, familiesOf } from "../../training/dataset.ts";

/**
 * Families as `familiesOf` tells them by name, with those joined that a list of task patterns names together:
 * `["mmlu", "mmlu-pro/*"]` holds out a benchmark with everything that shares its questions. `*` is any run of
 * characters.
 */
export function joinFamilies(
  dataset: Pick<Dataset, "tasks" | "taskOf">,
  together: readonly (readonly string[])[],
): Families {
  const byName = familiesOf(dataset);
  const parents = byName.families.map((_, index) => index);
  const rootOf = (index: number): number => {
    const parent = parents[index];
    return parent === index ? index : rootOf(parent);
  };
  for (const patterns of together) {
    const tests = patterns.map(wildcard);
    const members = dataset.tasks.flatMap((task, d) => (tests.some((test) => test.test(task)) ? [d] : []));
    const roots = members.map((d) => rootOf(byName.families.indexOf(familyName(dataset.tasks[d] as string))));
    for (const root of roots) parents[rootOf(root)] = rootOf(roots[0]);
  }
  const kept = byName.families.flatMap((_, index) => (rootOf(index) === index ? [index] : []));
  return {
    families: kept.map((index) => byName.families.filter((_, other) => rootOf(other) === index).join(" + ")),
    familyOf: byName.familyOf.map((family) => kept.indexOf(rootOf(family))),
  };
}

/** The family of one task by its name alone. */
function familyName(task: string): string {
  return familiesOf({ tasks: [task], taskOf: Int32Array.of(0) }).families[0] as string;
}

export function wildcard(pattern: string): RegExp {
  const escaped = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join(".*")}$`);
}

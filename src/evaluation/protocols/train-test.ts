import type { Dataset } from "../../training/dataset.ts";
import { type Split, splitAround } from "./split.ts";

/** One split: the last `testPrompts` prompts of a joined dataset are the test file's. */
export function trainTest(dataset: Pick<Dataset, "textKeys">, testPrompts: number): Split[] {
  const firstTest = dataset.textKeys.length - testPrompts;
  return [splitAround("test file", dataset, (i) => i >= firstTest)];
}

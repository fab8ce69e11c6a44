import { type Dataset, takePrompts } from "../training/dataset.ts";
import type { Split } from "./protocols/split.ts";
import type { Router, RouterPredictions } from "./router.ts";

/** What routers are fitted on and asked about. */
export interface FitTask {
  readonly dataset: Dataset;
  readonly splits: readonly Split[];
  readonly seed: number;
}

/** One router on one split. */
export interface FitJob {
  readonly router: string;
  /** Index into the splits of the task. */
  readonly split: number;
}

/**
 * Returns a function that fits a router on the training prompts of a split and predicts its test prompts. Routers of
 * one split asked for in a row get the same datasets, so that they can share what they find in them.
 */
export function prepareFits({
  dataset,
  splits,
  seed,
}: FitTask): (router: Router, split: number) => Promise<RouterPredictions> {
  let latest: { readonly split: number; readonly train: Dataset; readonly test: Dataset } | undefined;
  return async (router, split) => {
    if (latest?.split !== split) {
      const { train, test } = splits[split] as Split;
      latest = { split, train: takePrompts(dataset, train), test: takePrompts(dataset, test) };
    }
    const { train, test } = latest;
    return (await router.fit(train, seed)).predict(test);
  };
}

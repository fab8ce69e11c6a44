import { fail, ok, type Result } from "../core/result.ts";
import type { Dataset, Families } from "../training/dataset.ts";
import { crossPredict, type FitProgress } from "./cross-predict.ts";
import { runExperiments } from "./experiments/experiments.ts";
import type { Experiment } from "./experiments/names.ts";
import type { Texts } from "./experiments/robustness.ts";
import { joinDatasets } from "./join-datasets.ts";
import { measureRouters } from "./measure-routers.ts";
import type { PriceList } from "./prices.ts";
import { crossValidate } from "./protocols/cross-validation.ts";
import { joinFamilies } from "./protocols/families.ts";
import { groupFamilies, leaveOneTaskOut } from "./protocols/leave-one-task-out.ts";
import type { Split } from "./protocols/split.ts";
import { trainTest } from "./protocols/train-test.ts";
import type { EvaluationReport } from "./report/report.ts";
import { verdictOf } from "./report/verdict.ts";
import type { Router } from "./router.ts";
import { type Selection, type SelectionCode, selectPrompts } from "./select-prompts.ts";

export interface EvaluationOptions extends Selection {
  readonly protocol: "cv" | "loto" | "split";
  readonly suite: string;
  readonly routers: readonly Router[];
  readonly folds: number;
  readonly seed: number;
  /** Lists of task patterns that are held out together. */
  readonly together: readonly (readonly string[])[];
  readonly test?: Dataset;
  readonly prices?: PriceList;
  /** Prices to use without `prices`, if they have every model. */
  readonly knownPrices?: PriceList;
  readonly experiments: readonly Experiment[];
  /** What the experiment "loto" compares, beside cross-validation. */
  readonly lotoRouters: readonly Router[];
  /** Texts of the prompts of `outcomes`, for the experiment that changes them. */
  readonly texts?: Texts;
  /** Threads that fit at the same time; with more than one, routers must be those of the registry. 1 by default. */
  readonly threads?: number;
}

export type EvaluationCode =
  | SelectionCode
  | "one_family"
  | "missing_test"
  | "missing_price"
  | "nothing_to_learn";

/** Compares routers on outcomes that they have not seen. Equal arguments give an equal report. */
export async function evaluateRouters(
  outcomes: Dataset,
  options: EvaluationOptions,
  onProgress?: FitProgress,
): Promise<Result<EvaluationReport, EvaluationCode>> {
  const { protocol, test, routers, seed, threads = 1 } = options;
  if (protocol === "split" && test === undefined) {
    return fail("missing_test", "protocol split needs a test file: add --test", "test");
  }
  const selected = selectPrompts(test === undefined ? outcomes : joinDatasets([outcomes, test]), options);
  if (!selected.ok) return selected;
  const { dataset, kept, sparseModels, incomplete } = selected.value;
  const list = options.prices ?? options.knownPrices;
  const unpriced = list === undefined ? [] : dataset.models.filter((model) => !list.has(model));
  if (options.prices !== undefined && unpriced.length > 0) {
    return fail("missing_price", `the price list has no price of "${unpriced[0]}"`, "prices");
  }
  const prices = unpriced.length === 0 ? list : undefined;
  const families = joinFamilies(dataset, options.together);
  const testPrompts = kept.filter((i) => i >= outcomes.ids.length).length;
  const splits = planSplits(dataset, options, families, testPrompts);
  if (!splits.ok) return splits;
  const fitting = { seed, threads, ...(onProgress === undefined ? {} : { onProgress }) };
  const predictions = await crossPredict(dataset, splits.value, routers, fitting);
  const tested = predictions.dataset;
  const measured = measureRouters(predictions, {
    groupOf:
      protocol === "loto"
        ? joinFamilies(tested, options.together).familyOf
        : Int32Array.from(tested.ids.keys()),
    seed,
    ...(prices === undefined ? {} : { prices }),
  });
  const { texts } = options;
  const reports = await runExperiments({
    protocol,
    wanted: options.experiments,
    predictions,
    splits: splits.value,
    groupOf: groupFamilies(families, seed),
    fitting,
    ...(prices === undefined ? {} : { prices }),
    ...(texts === undefined
      ? {}
      : { texts: { ...texts, prompts: Array.from(kept, (i) => texts.prompts[i] as string) } }),
  });
  const loto = await leaveOneTaskOutBeside(outcomes, options, families, onProgress);
  if (loto?.ok === false) return loto;
  const report = {
    protocol,
    suite: options.suite,
    seed,
    prompts: tested.ids.length,
    models: tested.models,
    tasks: tested.tasks.filter((_, d) => tested.taskOf.includes(d)),
    dropped_duplicates: splits.value.reduce((sum, { dropped }) => sum + dropped, 0),
    sparse_models: sparseModels,
    incomplete_prompts: incomplete,
    ...(unpriced.length === 0 ? {} : { unpriced_models: unpriced }),
    ...measured,
    ...reports,
    ...(loto === undefined ? {} : { loto: loto.value }),
  };
  // First, since it is what most people read of the document.
  return ok({ verdict: verdictOf(report), ...report });
}

/** The leave-one-task-out section beside cross-validation, where it is wanted and there is more than one family. */
async function leaveOneTaskOutBeside(
  outcomes: Dataset,
  options: EvaluationOptions,
  { familyOf }: Families,
  onProgress: FitProgress | undefined,
): Promise<Result<EvaluationReport, EvaluationCode> | undefined> {
  const { protocol, experiments, lotoRouters } = options;
  if (protocol !== "cv" || !experiments.includes("loto") || new Set(familyOf).size < 2) return undefined;
  return evaluateRouters(outcomes, { ...options, protocol: "loto", routers: lotoRouters }, onProgress);
}

function planSplits(
  dataset: Dataset,
  { protocol, folds, seed }: EvaluationOptions,
  families: Families,
  testPrompts: number,
): Result<readonly Split[], EvaluationCode> {
  if (protocol === "loto" && new Set(families.familyOf).size < 2) {
    return fail(
      "one_family",
      `leave-one-task-out needs at least two families of tasks; all prompts are of "${families.families[0]}"`,
    );
  }
  const splits =
    protocol === "cv"
      ? crossValidate(dataset, folds, seed)
      : protocol === "loto"
        ? leaveOneTaskOut(dataset, families, seed)
        : trainTest(dataset, testPrompts);
  const empty = splits.find(({ train, test: judged }) => train.length === 0 || judged.length === 0);
  return empty === undefined
    ? ok(splits)
    : fail(
        "nothing_to_learn",
        `${empty.name}: ${empty.train.length} prompts to learn from and ${empty.test.length} to judge on; nearly all prompts have the same text`,
      );
}

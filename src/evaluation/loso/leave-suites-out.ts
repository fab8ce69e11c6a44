import { loadPredictor } from "../../core/bundle.ts";
import { fail, ok, type Result } from "../../core/result.ts";
import { takeModels, takePrompts } from "../../training/dataset.ts";
import { fitRouter } from "../../training/fit-router.ts";
import { sharedModels } from "../../training/suite-ties.ts";
import type { FitProgress } from "../cross-predict.ts";
import { joinDatasets } from "../join-datasets.ts";
import { splitAround } from "../protocols/split.ts";
import { lexicalHalf } from "../words/lexical-half.ts";
import { measureSuite } from "./measure-suite.ts";
import type { LosoReport, SuiteReport } from "./report.ts";
import type { Suite } from "./suite.ts";

export type LosoCode = "few_suites" | "nothing_shared" | "nothing_to_learn";

// One to leave out, and two whose difference says something of a third.
const FEWEST_SUITES = 3;
// With one there is nothing to choose.
const FEWEST_CANDIDATES = 2;

export interface LosoOptions {
  readonly seed: number;
  /** Judged a second time, with these models as the only candidates; what is learned from stays. */
  readonly among?: readonly string[];
}

/**
 * Each suite in turn is new to a router that was trained on the others: how it would do on other people's prompts. The
 * candidates are the suite's models that ran another suite too. Equal arguments give an equal report.
 */
export async function leaveSuitesOut(
  suites: readonly Suite[],
  { seed, among = [] }: LosoOptions,
  onProgress: FitProgress = () => {},
): Promise<Result<LosoReport, LosoCode>> {
  if (suites.length < FEWEST_SUITES) {
    return fail(
      "few_suites",
      `leave-one-suite-out needs at least ${FEWEST_SUITES} suites, a file each; there are ${suites.length}`,
    );
  }
  const joined = joinDatasets(suites.map(({ dataset }) => dataset));
  const words = lexicalHalf(joined);
  const reports: SuiteReport[] = [];
  const reportsAmong: SuiteReport[] = [];
  for (const [k, suite] of suites.entries()) {
    onProgress(k, suites.length, suite.name);
    const first = suites.slice(0, k).reduce((sum, { dataset }) => sum + dataset.ids.length, 0);
    const last = first + suite.dataset.ids.length;
    const { train } = splitAround(suite.name, joined, (i) => i >= first && i < last);
    const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: joined.embeddings.columns };
    const bundle = await fitRouter(takePrompts(joined, train), encoder, {
      kind: "landmark-heads",
      seed,
      words,
    });
    if (!bundle.ok) return fail("nothing_to_learn", `without ${suite.name}: ${bundle.failure.message}`);
    const predictor = loadPredictor(bundle.value);
    if (!predictor.ok) throw new Error(predictor.failure.message);
    if (!suite.dataset.models.some((model) => predictor.value.models.includes(model))) {
      return fail(
        "nothing_shared",
        `no model of ${suite.name} ran another suite; --catalogue joins names by its aliases`,
        suite.name,
      );
    }
    reports.push(measureSuite(predictor.value, suite, seed));
    const few = among.filter((m) => predictor.value.models.includes(m) && suite.dataset.models.includes(m));
    if (few.length < FEWEST_CANDIDATES) continue;
    const dataset = takeModels(suite.dataset, few);
    reportsAmong.push(measureSuite(predictor.value, { ...suite, dataset }, seed));
  }
  onProgress(suites.length, suites.length, "");
  return ok({
    protocol: "loso",
    seed,
    suites: reports,
    ...(among.length === 0 ? {} : { among: { models: among, suites: reportsAmong } }),
    shared_models: sharedModels(joined),
  });
}

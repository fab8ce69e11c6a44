import { loadPredictor } from "../../core/bundle.ts";
import { row, takeRows } from "../../numerics/matrix.ts";
import { permutation, seededRandom } from "../../numerics/random.ts";
import { addModel } from "../../training/add-model.ts";
import { chooseObserved, yieldOf } from "../../training/choose-observed.ts";
import { type Dataset, meanOutcomes, takeModels, takePrompts } from "../../training/dataset.ts";
import { fitRouter } from "../../training/fit-router.ts";
import type { Split } from "../protocols/split.ts";
import { fittedRouter } from "../routers/bundle.ts";

/** What adding one LLM to a fitted bundle is worth, by the number of its outcomes. */
export interface NewModelReport {
  readonly model: string;
  /** Routed score of the bundle that doesn't know the model. */
  readonly without: number;
  /** Routed score when everything is fitted again with all its outcomes. */
  readonly refitted: number;
  readonly outcomes: readonly number[];
  /** Routed scores at each number of outcomes, means over draws. */
  readonly scores: readonly number[];
}

const OUTCOMES = [10, 30, 100, 300] as const;
const DRAWS = 4;
/** The models that a router would miss most. */
const MODELS = 3;

/** Leaves out each of the best models in turn and adds it again from a few outcomes; on one split. */
export async function evaluateNewModel(
  dataset: Dataset,
  { train, test }: Split,
  seed: number,
): Promise<readonly NewModelReport[]> {
  const means = meanOutcomes(dataset);
  const best = dataset.models.toSorted(
    (a, b) => means[dataset.models.indexOf(b)] - means[dataset.models.indexOf(a)],
  );
  const [trainSet, testSet] = [takePrompts(dataset, train), takePrompts(dataset, test)];
  const refitted = await routedScore(await fitBundle(trainSet, seed), testSet);
  const reports: NewModelReport[] = [];
  for (const model of best.slice(0, MODELS)) {
    const others = dataset.models.filter((name) => name !== model);
    const known = await fitBundle(takeModels(trainSet, others), seed);
    const random = seededRandom(seed);
    const scores: number[] = [];
    for (const count of OUTCOMES) {
      let sum = 0;
      for (let draw = 0; draw < DRAWS; draw++) {
        sum += await routedScore(await extended(known, trainSet, model, count, random), testSet);
      }
      scores.push(sum / DRAWS);
    }
    reports.push({
      model,
      without: await routedScore(known, testSet),
      refitted,
      outcomes: OUTCOMES,
      scores,
    });
  }
  return reports;
}

async function extended(
  bundle: Uint8Array,
  train: Dataset,
  model: string,
  count: number,
  random: () => number,
): Promise<Uint8Array> {
  const column = train.models.indexOf(model);
  const outcomeOf = (i: number) => row(train.outcomes, i)[column];
  const drawn = permutation(train.ids.length, random)
    .filter((i) => !Number.isNaN(outcomeOf(i)))
    .subarray(0, count);
  const added = await addModel(bundle, {
    model,
    embeddings: takeRows(train.embeddings, drawn),
    outcomes: Float64Array.from(drawn, outcomeOf),
  });
  if (!added.ok) throw new RangeError(added.failure.message);
  return added.value;
}

async function fitBundle(train: Dataset, seed: number): Promise<Uint8Array> {
  const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: train.embeddings.columns };
  const bundle = await fitRouter(train, encoder, { kind: "landmark-heads", neighbors: 5, seed });
  if (!bundle.ok) throw new RangeError(bundle.failure.message);
  return bundle.value;
}

async function routedScore(bundle: Uint8Array, test: Dataset): Promise<number> {
  const predictor = loadPredictor(bundle);
  if (!predictor.ok) throw new RangeError(predictor.failure.message);
  const { decisionScore } = await fittedRouter(predictor.value).predict(test);
  const routed = yieldOf(chooseObserved(decisionScore, test.outcomes), test.outcomes);
  return routed.reduce((sum, value) => sum + value, 0) / routed.length;
}

import { loadPredictor } from "../../core/bundle.ts";
import { type Dataset, takePrompts } from "../../training/dataset.ts";
import { fitRouter } from "../../training/fit-router.ts";
import type { PriceList } from "../prices.ts";
import type { Split } from "../protocols/split.ts";
import { withPrices } from "../words/assumed-prices.ts";
import { lexicalHalf } from "../words/lexical-half.ts";
import {
  type Judged,
  judgePrompts,
  measuredRules,
  scoreWordsFirst,
  type WordsFirstScores,
} from "../words/measure-words-first.ts";

/** What it costs to run the transformer only where words don't suffice. */
export interface WordsFirstReport {
  /** Whether every model's price is known; otherwise prices rise with the models' mean scores. */
  readonly prices: "listed" | "assumed";
  /** By choice rule. */
  readonly rules: Readonly<Record<string, WordsFirstScores>>;
}

/** On all splits; undefined where the embeddings have no lexical view. */
export async function evaluateWordsFirst(
  dataset: Dataset,
  splits: readonly Split[],
  seed: number,
  prices: PriceList | undefined,
): Promise<WordsFirstReport | undefined> {
  const view = lexicalHalf(dataset);
  if (view === undefined) return undefined;
  const catalogue = withPrices(dataset, prices);
  const judged = new Map<string, Judged[]>();
  let models: readonly string[] = [];
  for (const { train, test } of splits) {
    const encoder = { id: "evaluation", checksum: "0".repeat(64), dimension: dataset.embeddings.columns };
    const bundle = await fitRouter(takePrompts(dataset, train), encoder, {
      kind: "landmark-heads",
      seed,
      catalogue,
      words: view,
    });
    if (!bundle.ok) throw new RangeError(bundle.failure.message);
    const predictor = loadPredictor(bundle.value);
    if (!predictor.ok) throw new RangeError(predictor.failure.message);
    const { words } = predictor.value;
    if (words === undefined) throw new RangeError("the bundle has no lexical set of heads");
    models = predictor.value.models;
    const tested = judgePrompts(
      { ...predictor.value, words },
      takePrompts(dataset, test),
      catalogue,
      measuredRules,
    );
    for (const [name, prompts] of tested) judged.set(name, [...(judged.get(name) ?? []), ...prompts]);
  }
  return {
    prices: prices === undefined ? "assumed" : "listed",
    rules: Object.fromEntries(
      Array.from(judged, ([name, prompts]) => [name, scoreWordsFirst(prompts, models, seed)]),
    ),
  };
}

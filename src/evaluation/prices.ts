import type { Price } from "../core/catalogue.ts";
import { type Matrix, matrix } from "../numerics/matrix.ts";
import type { CrossPredictions } from "./cross-predict.ts";

/** What a model's tokens cost, and how many are billed beside those of the answer. */
export interface ListedPrice extends Pick<Price, "input" | "output"> {
  readonly unseenOutputTokens?: number;
}

export type PriceList = ReadonlyMap<string, ListedPrice>;

// An answer of unknown length: a paragraph or two.
const UNKNOWN_OUTPUT_TOKENS = 400;

/**
 * [prompts, models] USD of each call.
 *
 * @param outputTokens [prompts, models] length of each answer; where it is NaN, the model's typical length counts
 */
export function priceCalls(
  { dataset, typicalOutputTokens }: Pick<CrossPredictions, "dataset" | "typicalOutputTokens">,
  outputTokens: Matrix,
  prices: PriceList,
): Matrix {
  const { models, inputTokens } = dataset;
  const usd = matrix(dataset.ids.length, models.length);
  const perModel = models.map((model) => prices.get(model) as ListedPrice);
  for (let k = 0; k < usd.data.length; k++) {
    const { input, output, unseenOutputTokens = 0 } = perModel[k % models.length] as ListedPrice;
    const answer = [outputTokens.data[k], typicalOutputTokens.data[k], UNKNOWN_OUTPUT_TOKENS].find(
      (tokens) => tokens !== undefined && !Number.isNaN(tokens),
    ) as number;
    const question = inputTokens[Math.floor(k / models.length)];
    usd.data[k] = (question * input + (answer + unseenOutputTokens) * output) / 1e6;
  }
  return usd;
}

import { type Catalogue, catalogueWithoutPrices } from "../../core/catalogue.ts";
import { type Dataset, priorOutcomes } from "../../training/dataset.ts";
import type { PriceList } from "../prices.ts";

// USD per million tokens of the output of the worst and the best model; input is a quarter of it.
const CHEAPEST_USD = 0.1;
const DEAREST_USD = 30;

/**
 * The models with the prices of the list, or where it lacks some, with prices that rise with their mean score by equal
 * factors: rules that weigh prices can then be measured on suites whose models are sold by nobody any more.
 */
export function withPrices(dataset: Dataset, prices: PriceList | undefined): Catalogue {
  const free = catalogueWithoutPrices(dataset.models);
  const means = priorOutcomes(dataset);
  const [worst, best] = [Math.min(...means), Math.max(...means)];
  const models = dataset.models.map((model, m) => {
    const listed = prices?.get(model);
    const place = best > worst ? (means[m] - worst) / (best - worst) : 1;
    const output = listed?.output ?? CHEAPEST_USD * (DEAREST_USD / CHEAPEST_USD) ** place;
    const input = listed?.input ?? output / 4;
    const unseenOutputTokens = listed?.unseenOutputTokens ?? 0;
    return [
      model,
      { ...free.models[model], price: { input, cachedInput: input, output }, unseenOutputTokens },
    ] as const;
  });
  return { ...free, models: Object.fromEntries(models) as Catalogue["models"] };
}

import type { Callable } from "./catalogue.ts";

/** English prose has about four characters a token; code and other languages have fewer. */
const CHARACTERS_PER_TOKEN = 3.5;

export interface Budget {
  readonly usd: number;
  readonly lines: readonly string[];
}

/**
 * What it will cost about if every model answers every text once.
 * @param answerTokens seen tokens of an answer; what a model thinks besides is a guess of the catalogue
 */
export function estimate(
  models: readonly Callable[],
  texts: readonly string[],
  answerTokens: number,
): Budget {
  const input = texts.reduce((sum, text) => sum + text.length / CHARACTERS_PER_TOKEN, 0);
  const costs = models.map(({ id, price, unseenOutputTokens }) => {
    const output = texts.length * (answerTokens + unseenOutputTokens);
    return { id, usd: (input * price.input + output * price.output) / 1e6 };
  });
  const usd = costs.reduce((sum, cost) => sum + cost.usd, 0);
  const width = Math.max(5, ...costs.map(({ id }) => id.length));
  const line = (name: string, amount: number) => `  ${name.padEnd(width)}  about ${amount.toFixed(4)} USD`;
  return { usd, lines: [...costs.map((cost) => line(cost.id, cost.usd)), line("total", usd)] };
}

/** Throws where the estimate is more than may be spent, before anything is. */
export function needBudget({ usd, lines }: Budget, maxUsd: number): void {
  console.error(lines.join("\n"));
  if (usd <= maxUsd) return;
  throw new Error(`that is more than --max-usd ${maxUsd}: fewer prompts or models, or a higher --max-usd`);
}

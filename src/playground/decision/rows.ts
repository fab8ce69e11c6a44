import type { RouteResponse } from "../../contract/route.ts";
import type { Row } from "./ranking.ts";

/**
 * Candidates of one decision, or of two side by side: those of the first in its order, then those that only the
 * second allows.
 */
export function rowsOf(responses: readonly RouteResponse[]): readonly Row[] {
  const ranks = responses.map(
    ({ ranking }) => new Map(ranking.map(({ model }, index) => [model, index + 1])),
  );
  const rows = new Map<string, Row>();
  for (const { ranking, explanation } of responses) {
    const answers = new Map(explanation?.models.map((model) => [model.model, model.expected_output_tokens]));
    for (const { model, p_correct, expected_usd } of ranking) {
      if (rows.has(model)) continue;
      rows.set(model, {
        model,
        pCorrect: p_correct,
        usd: expected_usd,
        ranks: ranks.map((ranking) => ranking.get(model)),
        outputTokens: answers.get(model) ?? null,
      });
    }
  }
  return [...rows.values()];
}

import type { DecisionHeader } from "../../contract/decision-headers.ts";
import type { Explanation, RouteResponse } from "../../contract/route.ts";
import type { Decided } from "../../router/decision.ts";

/** The wire form of a decision. */
export function routeResponse(decided: Decided, id: string, explain: boolean): RouteResponse {
  const { pointer } = decided.serving;
  const { model, pCorrect, expectedUsd, reason, familiarity, ranking } = decided.decision;
  return {
    id,
    model,
    p_correct: pCorrect,
    expected_usd: expectedUsd,
    reason,
    familiarity,
    ranking: ranking.map((candidate) => ({
      model: candidate.model,
      p_correct: candidate.pCorrect,
      expected_usd: candidate.expectedUsd,
    })),
    bundle: pointer.bundle,
    catalogue: pointer.catalogue,
    ...(explain ? { explanation: explanation(decided) } : {}),
  };
}

/** Headers that say what was decided; values are ASCII because the catalogue allows no other model ids. */
export function decisionHeaders({ decision, serving }: Decided, id: string): Record<DecisionHeader, string> {
  return {
    "x-signalbox-model": decision.model,
    "x-signalbox-reason": decision.reason,
    "x-signalbox-p-correct": decision.pCorrect.toFixed(4),
    "x-signalbox-bundle": serving.pointer.bundle,
    "x-signalbox-decision": id,
  };
}

function explanation({ decision, prediction, session: { request }, routed, serving }: Decided): Explanation {
  const { models } = serving.predictor;
  return {
    rule: request.rule.kind,
    input_tokens: request.inputTokens,
    routed_characters: routed.text.length,
    required_capabilities: [...request.require.capabilities],
    best_on_average: prediction.onAverage,
    nearest_tasks: decision.nearestTasks.map(({ task, similarity }) => ({ task, similarity })),
    models: decision.ranking.map(({ model, pCorrect, decisionScore, expectedUsd }) => {
      const outputTokens = prediction.outputTokens[models.indexOf(model)] as number;
      return {
        model,
        p_correct: pCorrect,
        decision_score: decisionScore,
        expected_output_tokens: Number.isFinite(outputTokens) ? outputTokens : null,
        expected_usd: expectedUsd,
      };
    }),
  };
}

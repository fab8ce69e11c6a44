import type { Decision } from "../core/decide.ts";
import type { Predictor } from "../core/predictor.ts";
import type { Env } from "./bindings.ts";
import type { Decided } from "./decision.ts";
import { type HttpContext, keepAliveOf } from "./http.ts";
import { describeError, logEvent } from "./log.ts";
import { decideShadow, type ShadowDecision } from "./shadow.ts";

/** The binding ANALYTICS: a dataset of Workers Analytics Engine. */
export interface Analytics {
  writeDataPoint(point: DataPoint): void;
}

interface DataPoint {
  readonly indexes: readonly string[];
  readonly blobs: readonly (string | null)[];
  readonly doubles: readonly number[];
}

/** The dataset, where one is bound. */
export function analyticsOf(env: Env): Analytics | undefined {
  const bound = env["ANALYTICS"] as Partial<Analytics> | undefined;
  return typeof bound?.writeDataPoint === "function" ? (bound as Analytics) : undefined;
}

/** After the response: the shadow is scored, and one data point written. Nothing of the prompt is in it. */
export function recordDecision(context: HttpContext, decided: Decided): void {
  const { analytics, shadowTally } = context.get("isolate");
  if (analytics === undefined && decided.serving.shadow === undefined) return;
  const keyName = context.get("keyName");
  const path = context.req.path;
  const work = async () => {
    // waitUntil would begin the work at once; the response goes first.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const shadow = decideShadow(decided);
    if (shadow !== undefined) shadowTally.record(shadow, decided.decision.model);
    analytics?.writeDataPoint(dataPoint(decided, shadow, keyName, path));
  };
  keepAliveOf(context)(
    work().catch((error: unknown) => logEvent({ event: "not_recorded", ...describeError(error) })),
  );
}

/** The columns of one decision; docs/deploy.md lists them. Their order is a contract with stored queries: add at the end. */
function dataPoint(
  { decision, serving, cacheHit }: Decided,
  shadow: ShadowDecision | undefined,
  keyName: string | undefined,
  path: string,
): DataPoint {
  const { pointer, predictor, role } = serving;
  return {
    indexes: [keyName ?? "open"],
    blobs: [
      decision.model,
      decision.reason,
      pointer.bundle,
      role,
      keyName ?? null,
      path,
      shadow?.bundle ?? null,
      shadow?.model ?? null,
    ],
    doubles: [
      decision.pCorrect,
      decision.expectedUsd,
      decision.familiarity,
      cacheHit ? 1 : 0,
      Math.min(...decision.ranking.map(({ expectedUsd }) => expectedUsd)),
      usdOfBestOnAverage(decision, predictor),
      shadow?.pCorrect ?? 0,
      shadow?.expectedUsd ?? 0,
    ],
  };
}

/** What the candidate that is best on average would have cost: the bill of a router that always takes it. */
function usdOfBestOnAverage({ ranking, expectedUsd }: Decision, { models, priors }: Predictor): number {
  const priorOf = (model: string) => priors[models.indexOf(model)] ?? Number.NEGATIVE_INFINITY;
  const best = ranking.toSorted((a, b) => priorOf(b.model) - priorOf(a.model))[0];
  return best?.expectedUsd ?? expectedUsd;
}

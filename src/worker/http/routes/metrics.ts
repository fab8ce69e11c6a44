import { TRAFFIC_DAYS } from "../../../contract/traffic.ts";
import { ok } from "../../../core/result.ts";
import type { Handler } from "../../handler.ts";
import { type Family, openMetrics } from "../open-metrics.ts";
import { describeHealth } from "./health.ts";
import { countTraffic } from "./traffic.ts";

/**
 * GET /metrics: state and traffic for whoever scrapes them. Everything is a gauge: a scrape meets any of many isolates, so
 * that a counter kept in one would jump, and what all of them recorded is counted over a window.
 */
export const getMetrics: Handler<string> = async (_, asked) => {
  const { health } = await describeHealth(asked);
  const traffic = await countTraffic(asked.isolate);
  if (!traffic.ok) return traffic;
  const { bundle, catalogue, encoder, canary, shadow, published_at: publishedAt, faults } = health;
  const one = (name: string, help: string, value: number | undefined): Family => ({
    name,
    help,
    samples: value === undefined ? [] : [{ value }],
  });
  const window = `${TRAFFIC_DAYS}d`;
  return ok({
    body: openMetrics([
      one(
        "signalbox_serving",
        "1 while decisions are answered, 0 while nothing can be served.",
        Number(bundle !== null),
      ),
      {
        name: "signalbox_fault",
        help: "1 for each fault of the last check.",
        samples: faults.map(({ code }) => ({ labels: { code }, value: 1 })),
      },
      {
        name: "signalbox_state",
        help: "1, with what is live as labels.",
        samples:
          bundle === null || catalogue === null || encoder === null
            ? []
            : [
                {
                  labels: {
                    ...{ bundle: bundle.checksum, kind: bundle.kind, catalogue: catalogue.checksum },
                    ...{ encoder: encoder.id, backend: encoder.backend },
                  },
                  value: 1,
                },
              ],
      },
      one("signalbox_models", "Models that the live bundle knows.", bundle?.models),
      one(
        "signalbox_models_retired",
        "Models of the catalogue that are past their last day.",
        catalogue?.retired.length,
      ),
      one(
        "signalbox_canary_percent",
        "Share of conversations that the canary decides.",
        canary?.percent ?? 0,
      ),
      one(
        "signalbox_shadow_compared",
        "Decisions that this isolate's shadow was asked for too.",
        shadow?.compared,
      ),
      one("signalbox_shadow_different", "Of these, those it would have made otherwise.", shadow?.different),
      one(
        "signalbox_published_timestamp_seconds",
        "When the live state was published.",
        publishedAt === null ? undefined : Date.parse(publishedAt) / 1000,
      ),
      {
        name: "signalbox_decisions",
        help: "Recorded decisions of the window, by model (DECISION_LOG).",
        samples: traffic.value.data.map(({ model, decisions }) => ({
          labels: { model, window },
          value: decisions,
        })),
      },
      {
        name: "signalbox_expected_usd",
        help: "Expected USD of these decisions, by model.",
        samples: traffic.value.data.map(({ model, expected_usd: value }) => ({
          labels: { model, window },
          value,
        })),
      },
    ]),
  });
};

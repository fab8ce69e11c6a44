import type { Health } from "../../../contract/health.ts";
import { ok } from "../../../core/result.ts";
import { dayOf, type Retirement, retirements } from "../../../core/service-life.ts";
import type { Serving } from "../../../router/serving.ts";
import type { Asked, Handler } from "../../handler.ts";
import type { DriftFault } from "../../records/drift.ts";
import type { Isolate } from "../../state/isolate.ts";

/** GET /health: what is being served and what is wrong; 503 while nothing can be served. */
export const getHealth: Handler<Health> = async (_, asked) => {
  const { health: body, isServing } = await describeHealth(asked);
  return ok(isServing ? { body } : { body, status: 503 });
};

/** What /health and /metrics tell. */
export async function describeHealth({
  isolate,
  caller,
}: Pick<Asked, "isolate" | "caller">): Promise<{ readonly health: Health; readonly isServing: boolean }> {
  const serving = await isolate.state.serving(caller.keepAlive);
  const drift = (await isolate.driftWatch?.faults(caller.keepAlive)) ?? [];
  return { health: health(isolate, serving.ok ? serving.value : undefined, drift), isServing: serving.ok };
}

function health(isolate: Isolate, serving: Serving | undefined, drift: readonly DriftFault[]): Health {
  const { state, embeddings, shadowTally } = isolate;
  const { size, capacity, hits, misses } = embeddings.counts();
  const faults = [...state.faults(), ...drift].map(({ code, message, since }) => ({
    ...{ code, message },
    since: since.toISOString(),
  }));
  return {
    status: serving === undefined ? "unavailable" : faults.length > 0 ? "degraded" : "ok",
    faults,
    ...describeServing(serving, isolate),
    ...describeTrials(serving, shadowTally),
    checked_at: state.checkedAt()?.toISOString() ?? null,
    embedding_cache: {
      size,
      capacity,
      hits,
      misses,
      hit_rate: hits + misses === 0 ? null : hits / (hits + misses),
    },
  };
}

function describeTrials(
  { canary, shadow }: Partial<Serving> = {},
  tally: Isolate["shadowTally"],
): Pick<Health, "canary" | "shadow"> {
  return {
    canary:
      canary === undefined
        ? null
        : {
            checksum: canary.serving.pointer.bundle,
            percent: canary.percent,
            models: canary.serving.predictor.models.length,
          },
    shadow:
      shadow === undefined
        ? null
        : {
            checksum: shadow.pointer.bundle,
            models: shadow.predictor.models.length,
            ...tally.counts(shadow.pointer.bundle),
          },
  };
}

function describeServing(
  serving: Serving | undefined,
  { settings, encoderReads }: Pick<Isolate, "settings" | "encoderReads">,
): Pick<Health, "encoder" | "bundle" | "catalogue" | "published_at"> {
  if (serving === undefined) return { encoder: null, bundle: null, catalogue: null, published_at: null };
  const { pointer, encoder, predictor, catalogue } = serving;
  const leaving = retirements(catalogue, dayOf(Date.now()));
  return {
    encoder: {
      id: encoder.id,
      checksum: encoder.checksum,
      backend: settings.encoderBackend,
      activation_bits: encoder.activationBits ?? null,
      read_ms: encoderReads.lastMs ?? null,
    },
    bundle: {
      checksum: pointer.bundle,
      kind: predictor.kind,
      models: predictor.models.length,
      tasks: predictor.tasks.length,
    },
    catalogue: {
      checksum: pointer.catalogue,
      models: Object.keys(catalogue.models).length,
      prices_as_of: catalogue.pricesAsOf,
      retired: leaving.filter(({ isOver }) => isOver).map(describeRetirement),
      retiring: leaving.filter(({ isOver }) => !isOver).map(describeRetirement),
    },
    published_at: pointer.published_at,
  };
}

function describeRetirement({ model, retiresOn, replacedBy }: Retirement) {
  return { model, retires_on: retiresOn ?? null, replaced_by: replacedBy ?? null };
}

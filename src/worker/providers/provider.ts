import type { Accepts } from "../../core/accepts.ts";
import type { Catalogue } from "../../core/catalogue.ts";
import type { Settings } from "../state/bindings.ts";
import type { IsAnswer } from "./opening.ts";
import { type Surface, surfaces } from "./surface.ts";

/** One model that a completion can be sent to. */
export interface Target {
  readonly model: string;
  readonly provider: string;
  /** The secret that holds the Worker's key for it. */
  readonly keyName: string;
  readonly url: string;
  /** The provider's own name of the model. */
  readonly upstream: string;
  readonly maxOutputTokens: number;
  readonly accepts: Accepts | undefined;
  /** Fields of the request that make this variant of the model of it; the caller's own win. */
  readonly variantFields: Readonly<Record<string, unknown>>;
  /** Those that carry the key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether that is the caller's own. */
  readonly callerPays: boolean;
  /** The Worker's own key, which nothing that goes back to the caller may hold; undefined where the caller pays. */
  readonly workerKey: string | undefined;
  readonly isAnswer: IsAnswer;
}

/** Where a model of the catalogue is reached; undefined where there is no key for its provider. */
export function targetOf(
  catalogue: Catalogue,
  model: string,
  surface: Surface,
  settings: Pick<Settings, "passAuthorization" | "secret">,
  callerAuthorization: string | undefined,
): Target | undefined {
  const entry = catalogue.models[model];
  const provider = entry && catalogue.providers[entry.provider];
  if (provider === undefined) return undefined;
  const callerPays =
    settings.passAuthorization.has(entry?.provider ?? "") && callerAuthorization !== undefined;
  const key = settings.secret(provider.keyName);
  const authorization = callerPays ? callerAuthorization : key === undefined ? undefined : `Bearer ${key}`;
  if (authorization === undefined || entry === undefined) return undefined;
  return {
    model,
    provider: entry.provider,
    keyName: provider.keyName,
    // The address comes from the catalogue alone; nothing of a request gets into it.
    url: `${provider.baseUrl}${surfaces[surface].path}`,
    upstream: entry.upstream,
    maxOutputTokens: entry.maxOutputTokens,
    accepts: entry.accepts,
    variantFields: entry.variant?.request ?? {},
    headers: { authorization },
    callerPays,
    workerKey: callerPays ? undefined : key,
    isAnswer: surfaces[surface].isAnswer,
  };
}

/** The part of the catalogue that can be reached with the keys at hand. */
export function reachable(
  catalogue: Catalogue,
  surface: Surface,
  settings: Pick<Settings, "passAuthorization" | "secret">,
  callerAuthorization: string | undefined,
): Catalogue {
  const models = Object.entries(catalogue.models).filter(
    ([model]) => targetOf(catalogue, model, surface, settings, callerAuthorization) !== undefined,
  );
  return { ...catalogue, models: Object.fromEntries(models) };
}

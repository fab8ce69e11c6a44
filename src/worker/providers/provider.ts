import { addressOf, filledAddress, variablesOf } from "../../contract/address.ts";
import type { Accepts } from "../../core/accepts.ts";
import type {
  Catalogue,
  CatalogueModel,
  Place,
  Price,
  Provider,
  SurfaceAddress,
} from "../../core/catalogue.ts";
import type { Settings } from "../state/bindings.ts";
import type { IsAnswer } from "./opening.ts";
import { type CallName, surfaces } from "./surface.ts";

/** One model that a completion can be sent to, at one provider. */
export interface Target {
  readonly model: string;
  readonly provider: string;
  /** The secret that holds the Worker's key for it. */
  readonly keyName: string;
  readonly url: string;
  readonly call: CallName;
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

/** What keys and addresses depend on. */
type Reach = Pick<Settings, "passAuthorization" | "secret">;

/** Where a model of the catalogue is reached, the preferred provider first; nowhere where none has a key and the surface. */
export function targetsOf(
  catalogue: Catalogue,
  model: string,
  call: CallName,
  reach: Reach,
  callerAuthorization: string | undefined,
): readonly Target[] {
  const entry = catalogue.models[model];
  if (entry === undefined) return [];
  return placesOf(entry).flatMap((place) => {
    const provider = catalogue.providers[place.provider];
    const surface = provider?.surfaces[surfaces[call].at];
    if (provider === undefined || surface === undefined) return [];
    // The address comes from the catalogue and the operator alone; nothing of a request gets into it.
    const base = filledAddress(surface.baseUrl, reach.secret);
    const callerPays = reach.passAuthorization.includes(place.provider) && callerAuthorization !== undefined;
    const key = reach.secret(provider.keyName);
    const headers = callerPays ? { authorization: callerAuthorization } : keyHeaders(surface, key);
    if (base === undefined || headers === undefined) return [];
    return {
      provider: place.provider,
      upstream: place.upstream,
      model,
      call,
      keyName: provider.keyName,
      url: addressOf(base, surfaces[call].path),
      maxOutputTokens: entry.maxOutputTokens,
      accepts: entry.accepts,
      variantFields: entry.variant?.request ?? {},
      headers,
      callerPays,
      workerKey: callerPays ? undefined : key,
      isAnswer: surfaces[call].isAnswer,
    };
  });
}

/** A model at its providers, in the order in which they are to be asked. */
function placesOf(model: CatalogueModel): readonly Place[] {
  const { provider, upstream, price, alsoAt = [], providersBy } = model;
  const places = [{ provider, upstream, price }, ...alsoAt];
  return providersBy === "price"
    ? places.toSorted((a, b) => mixed(a.price ?? price) - mixed(b.price ?? price))
    : places;
}

/** Input and output prices as one number: three tokens are read for each that is written. */
function mixed({ input, output }: Price): number {
  return 3 * input + output;
}

function keyHeaders(
  { keyHeader }: SurfaceAddress,
  key: string | undefined,
): Record<string, string> | undefined {
  if (key === undefined) return undefined;
  return { [keyHeader]: keyHeader === "authorization" ? `Bearer ${key}` : key };
}

/** Variables that a provider's surfaces need: its key, and what stands in its addresses. */
export function variablesFor({ keyName, surfaces: spoken }: Provider): readonly string[] {
  return [...new Set([keyName, ...Object.values(spoken).flatMap(({ baseUrl }) => variablesOf(baseUrl))])];
}

/** The part of the catalogue that can be reached with the keys at hand. */
export function reachable(
  catalogue: Catalogue,
  call: CallName,
  reach: Reach,
  callerAuthorization: string | undefined,
): Catalogue {
  const models = Object.entries(catalogue.models).filter(
    ([model]) => targetsOf(catalogue, model, call, reach, callerAuthorization).length > 0,
  );
  return { ...catalogue, models: Object.fromEntries(models) };
}

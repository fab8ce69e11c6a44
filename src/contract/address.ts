import * as v from "valibot";

// Where nothing but the machine and its own network reads along, keys may go without TLS. 169.254 is left out: there clouds
// keep their machines' secrets.
const LOCAL_HOST =
  /^(?:localhost|127(?:\.\d+){3}|\[::1\]|10(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|host\.docker\.internal|[a-z0-9-]+\.local)$/;
const SURFACE_PATH = /\/(?:chat\/completions|completions|responses|messages|embeddings)$/;
const PLACEHOLDER = /\{([^{}]*)\}/g;

/**
 * Base URL of a provider's API, up to and including its version. `{CLOUDFLARE_ACCOUNT_ID}` in its path stands for the Worker's
 * variable of that name.
 */
export const providerAddress = v.pipe(
  v.string(),
  v.check(isPlainAddress, "must be an https address without credentials and fragment"),
  v.check(
    (text) => urlOf(text)?.protocol !== "http:" || LOCAL_HOST.test(urlOf(text)?.hostname ?? ""),
    "must be an https address; http is for this machine and its own network",
  ),
  v.check(
    (text) => !SURFACE_PATH.test(urlOf(text)?.pathname.replace(/\/+$/, "") ?? ""),
    "must end with the API's version: `/chat/completions` and the like are added",
  ),
  v.check(
    (text) =>
      ![...(urlOf(text)?.searchParams.keys() ?? [])].some((name) => /key|token|secret|sig|auth/i.test(name)),
    "must not hold a key; name its variable in `key_name`",
  ),
  v.check(
    (text) => variablesOf(text).every((name) => /^[A-Z][A-Z0-9_]{0,63}_(?:ID|NAME|REGION)$/.test(name)),
    "may have variables such as {CLOUDFLARE_ACCOUNT_ID} in its path, whose names end with _ID, _NAME or _REGION",
  ),
);

/** Names of the variables that stand in an address. */
export function variablesOf(address: string): readonly string[] {
  return [...address.matchAll(PLACEHOLDER)].map(([, name]) => name as string);
}

/** The address with its variables; undefined where one is not set, or would change more than its own place. */
export function filledAddress(
  address: string,
  variable: (name: string) => string | undefined,
): string | undefined {
  const values = variablesOf(address).map(variable);
  if (values.some((value) => value === undefined || !/^\w[\w.-]{0,99}$/.test(value))) return undefined;
  return address.replaceAll(PLACEHOLDER, () => values.shift() as string);
}

/** The address of one of the API's paths; a query stays at the end. */
export function addressOf(base: string, path: string): string {
  const query = base.indexOf("?");
  const place = (query < 0 ? base : base.slice(0, query)).replace(/\/+$/, "");
  return place + path + (query < 0 ? "" : base.slice(query));
}

function isPlainAddress(text: string): boolean {
  const url = urlOf(text);
  if (url === undefined || !/^https?:\/\/[^\s#@\\]+$/.test(text)) return false;
  // A variable in place of a host could lead the key anywhere.
  return !/[{}]/.test(text.split("/", 3)[2] as string);
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

import { setTimeout as sleep } from "node:timers/promises";
import { CommandFailure } from "../failure.ts";
import { runWrangler, wranglerFailure } from "../run-wrangler.ts";

/** Cloudflare's API, with Wrangler's login: one start of Wrangler for all that a command asks. */
export interface Account {
  readonly id: string;
  /** The field `result` of the answer. */
  ask<T>(path: string, init?: Ask): Promise<T>;
  /** All pages of a list. */
  list<T>(path: string, query: Readonly<Record<string, string>>): Promise<readonly T[]>;
  /** The answer as bytes; undefined where there is no such thing. */
  read(path: string): Promise<Uint8Array | undefined>;
}

interface Ask {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
}

export interface AccountOptions {
  /** `account_id` of the configuration. */
  readonly accountId: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const ADDRESS = "https://api.cloudflare.com/client/v4";
// Before each further try of a request that met a fault of the platform, where that names no wait itself.
const WAITS_MS = [1_000, 2_000, 5_000, 10_000, 20_000];
const LONGEST_WAIT_MS = 60_000;
// The encoder's weights are 23 MB, and some lines upload a megabit a second.
const REQUEST_MS = 300_000;
const LOG_IN = "log in with `npx wrangler login`, or set CLOUDFLARE_API_TOKEN";

/** @throws CommandFailure where nobody is logged in, or into which account is not clear */
export async function openAccount({ accountId, environment }: AccountOptions): Promise<Account> {
  const address = environment["CLOUDFLARE_API_BASE_URL"] ?? ADDRESS;
  const headers = await authorization(environment["CLOUDFLARE_API_TOKEN"] ?? "");
  const send = (path: string, init: Ask = {}) => sendPatiently(`${address}${path}`, headers, init);
  const id = accountId ?? environment["CLOUDFLARE_ACCOUNT_ID"] ?? (await onlyAccount(send));
  const ask = async (path: string, init?: Ask) => {
    const response = await send(`/accounts/${id}${path}`, init);
    const answer = await parse(response);
    if (!response.ok || answer.success === false) throw refusal(response, answer, init?.method, path);
    return answer;
  };
  return {
    id,
    async ask<T>(path: string, init?: Ask) {
      return (await ask(path, init)).result as T;
    },
    async list<T>(path: string, query: Readonly<Record<string, string>>) {
      const items: T[] = [];
      let cursor: string | undefined;
      do {
        const page = new URLSearchParams({ ...query, ...(cursor === undefined ? {} : { cursor }) });
        const { result, result_info } = await ask(`${path}?${page}`);
        items.push(...(result as readonly T[]));
        cursor = result_info?.cursor === "" ? undefined : result_info?.cursor;
      } while (cursor !== undefined);
      return items;
    },
    async read(path) {
      const response = await send(`/accounts/${id}${path}`);
      if (response.status === 404) return undefined;
      if (!response.ok) throw refusal(response, await parse(response), "GET", path);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** A request that Cloudflare refused, with the code that it gave. */
export class CloudflareRefusal extends CommandFailure {
  readonly cloudflareCode: number | undefined;

  constructor(message: string, cloudflareCode: number | undefined) {
    super({ code: "cloudflare_failed", message });
    this.cloudflareCode = cloudflareCode;
  }
}

type Send = (path: string, init?: Ask) => Promise<Response>;

interface Envelope {
  readonly success?: boolean;
  readonly result?: unknown;
  readonly result_info?: { readonly cursor?: string };
  readonly errors?: readonly { readonly code?: number; readonly message?: string }[];
}

/** Of a token in the environment, which Wrangler would take first too, else of its login. */
async function authorization(token: string): Promise<Readonly<Record<string, string>>> {
  if (token !== "") return { authorization: `Bearer ${token}` };
  const finished = await runWrangler(["auth", "token", "--json"]);
  if (finished.code !== 0) {
    if (/not logged in|logged out/i.test(finished.stderr + finished.stdout)) {
      throw new CommandFailure({
        code: "not_logged_in",
        message: `nobody is logged in at Cloudflare; ${LOG_IN}`,
      });
    }
    throw wranglerFailure("tell who is logged in", finished);
  }
  const login = JSON.parse(finished.stdout.toString("utf8")) as
    | { readonly type: "api_token" | "oauth"; readonly token: string }
    | { readonly type: "api_key"; readonly key: string; readonly email: string };
  return login.type === "api_key"
    ? { "x-auth-key": login.key, "x-auth-email": login.email }
    : { authorization: `Bearer ${login.token}` };
}

async function onlyAccount(send: Send): Promise<string> {
  const response = await send("/accounts?per_page=50");
  const answer = await parse(response);
  if (!response.ok) throw refusal(response, answer, "GET", "/accounts");
  const accounts = (answer.result ?? []) as readonly { readonly id: string; readonly name: string }[];
  const [only] = accounts;
  if (only !== undefined && accounts.length === 1) return only.id;
  const which = accounts.map(({ id, name }) => `${id} (${name})`).join(", ");
  throw new CommandFailure({
    code: "account_unclear",
    message:
      "say which account: `account_id` in wrangler.toml, or CLOUDFLARE_ACCOUNT_ID" +
      (which === "" ? "; this login may not list any" : `; there are ${which}`),
  });
}

async function sendPatiently(
  url: string,
  headers: Readonly<Record<string, string>>,
  { method = "GET", json, bytes }: Ask,
): Promise<Response> {
  for (let tries = 0; ; tries++) {
    const wait = WAITS_MS[tries];
    try {
      const response = await fetch(url, {
        method,
        headers: json === undefined ? headers : { ...headers, "content-type": "application/json" },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(bytes === undefined ? {} : { body: Uint8Array.from(bytes) }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      if (wait === undefined || (response.status !== 429 && response.status < 500)) return response;
      await response.body?.cancel();
      await sleep(Math.min(retryAfter(response) ?? wait, LONGEST_WAIT_MS));
    } catch (error) {
      if (wait === undefined) {
        const { cause } = error as Error;
        const why = (cause as NodeJS.ErrnoException | undefined)?.code ?? (error as Error).message;
        throw new CommandFailure({
          code: "cloudflare_unreachable",
          message: `${new URL(url).host} could not be reached (${why}); what was done so far stays, so try again`,
        });
      }
      await sleep(wait);
    }
  }
}

/** Milliseconds; undefined where the answer names no wait in seconds. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}

async function parse(response: Response): Promise<Envelope> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Envelope;
  } catch {
    return {};
  }
}

function refusal(
  response: Response,
  { errors = [] }: Envelope,
  method = "GET",
  path: string,
): CloudflareRefusal {
  const [first] = errors;
  const said = errors
    .map(({ code, message }) => `${message ?? "no words"}${code === undefined ? "" : ` [code: ${code}]`}`)
    .join("; ");
  const why = said === "" ? `HTTP ${response.status}` : said;
  const { status } = response;
  const next =
    status === 401 || status === 403
      ? `; ${LOG_IN}, with an account that may edit Workers, KV and D1`
      : status === 429 || status >= 500
        ? "; that is Cloudflare's to mend: what was done so far stays, so try again in a while"
        : "";
  return new CloudflareRefusal(
    `Cloudflare refused ${method} ${path.replace(/\?.*/, "")}: ${why}${next}`,
    first?.code,
  );
}

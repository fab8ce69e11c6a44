import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { holdsApiKey, type KeyRecord, type Permission } from "../../contract/api-key.ts";
import { decisionHeaderMeanings } from "../../contract/decision-headers.ts";
import type { Failure } from "../../core/result.ts";
import type { Caller, LimiterCode } from "../caller.ts";
import { describeError, logEvent } from "../log.ts";
import type { Isolate } from "../state/isolate.ts";
import { withinTime } from "../time-limit.ts";
import { failureResponse, type HttpContext, type HttpEnv } from "./http.ts";

const KEY_HEADER = "x-signalbox-key";
// Versions of Anthropic's API, and what of it is on trial.
const PASSED_ON = ["anthropic-version", "anthropic-beta"] as const;

/**
 * Refuses requests to other names than ALLOWED_HOSTS. An open Worker on a developer's machine needs it: a web page may
 * have its own name point to 127.0.0.1, and then reads the answers as its own (DNS rebinding).
 */
export const requireHost = createMiddleware<HttpEnv>(async (context, next) => {
  const { allowedHosts } = context.get("isolate").settings;
  if (allowedHosts.length === 0 || allowedHosts.includes(new URL(context.req.url).hostname)) return next();
  const message = `this Worker answers to ${allowedHosts.join(", ")} only; see ALLOWED_HOSTS`;
  return failureResponse({ code: "wrong_host", message, param: "host" });
});

/** Lets only holders of a key through, each within its limit; everyone where AUTH is `open`. */
export const requireKey = createMiddleware<HttpEnv>(async (context, next) => {
  const isolate = context.get("isolate");
  const { keyRing } = isolate;
  if (keyRing === undefined) return next();
  const presented = presentedKey(context);
  if (presented === undefined) {
    const message = "send a key as `Authorization: Bearer <key>` or `x-api-key: <key>`";
    return challenge(failureResponse({ code: "missing_key", message, param: "authorization" }));
  }
  const found = await keyRing.find(presented, (work) => context.executionCtx.waitUntil(work));
  if (!found.ok) return failureResponse(found.failure);
  const record = found.value;
  if (record === undefined) {
    const message = "this key is wrong or was revoked";
    return challenge(failureResponse({ code: "invalid_key", message, param: "authorization" }));
  }
  const refused = await spend(isolate, record, 1);
  if (refused !== undefined) return failureResponse(refused);
  context.set("keyName", record.name);
  context.set("keyAllows", record.allows);
  context.set("keyLimits", record.limits);
  return next();
});

const usedUp: Failure<"rate_limited"> = {
  code: "rate_limited",
  message: "this key has used up its limit for now",
};

// It answers within a few milliseconds or not at all.
const LIMITER_TIMEOUT_MS = 2_000;

/** Without an answer nobody is let in: whoever could bring the limiter down would else have no limit. */
async function spend(
  { settings: { rateLimiter }, minuteCounts }: Pick<Isolate, "settings" | "minuteCounts">,
  { name, limits }: Pick<KeyRecord, "name" | "limits">,
  times: number,
): Promise<Failure<LimiterCode> | undefined> {
  const { promptsPerMinute } = limits;
  if (promptsPerMinute !== undefined && !minuteCounts.spend(name, times, promptsPerMinute)) return usedUp;
  if (rateLimiter === undefined) return undefined;
  try {
    const asked = Array.from({ length: times }, () => rateLimiter.limit({ key: name }));
    const spent = await withinTime(LIMITER_TIMEOUT_MS, Promise.all(asked));
    return spent.every(({ success }) => success) ? undefined : usedUp;
  } catch (error) {
    logEvent({ event: "limiter_unavailable", ...describeError(error) });
    return { code: "limiter_unavailable", message: "the rate limiter does not answer; send it again" };
  }
}

/** Lets only keys through that are not limited to something else. */
export function requirePermission(permission: Permission) {
  return createMiddleware<HttpEnv>(async (context, next) => {
    const allows = context.get("keyAllows");
    if (allows === undefined || allows.has(permission)) return next();
    const message = `this key may only ${[...allows].join(" and ")}; here it needs ${permission}`;
    return failureResponse({ code: "key_not_allowed", message, param: "authorization" });
  });
}

/** Browsers on the allowed origins may call the API and read its headers. */
export const allowOrigins = cors({
  origin: (origin, context: HttpContext) => {
    const { corsOrigins } = context.get("isolate").settings;
    return corsOrigins.includes("*") || corsOrigins.includes(origin) ? origin : null;
  },
  allowMethods: ["GET", "POST"],
  // Whatever an allowed origin asks for: every client library adds headers of its own.
  allowHeaders: [],
  exposeHeaders: [
    ...Object.keys(decisionHeaderMeanings),
    "x-signalbox-attempts",
    "x-request-id",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "server-timing",
  ],
  maxAge: 3600,
});

// The second header is for callers whose `Authorization` is meant for the provider (PASS_AUTHORIZATION).
function presentedKey(context: HttpContext): string | undefined {
  return (
    context.req.header(KEY_HEADER) ??
    bearerToken(context.req.header("authorization")) ??
    // Where Anthropic's packages put theirs.
    context.req.header("x-api-key")
  );
}

function bearerToken(authorization = ""): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization.trim())?.[1];
}

/** Who asks in this context. */
export function callerOf(context: HttpContext): Caller {
  const isolate = context.get("isolate");
  const keyName = context.get("keyName");
  const limits = context.get("keyLimits") ?? {};
  return {
    keyName,
    address: context.req.path,
    limits,
    authorization: callerAuthorization(context),
    headers: Object.fromEntries(
      PASSED_ON.flatMap((name) => {
        const value = context.req.header(name);
        return value !== undefined && /^[\x20-\x7e]{1,1000}$/.test(value) ? [[name, value]] : [];
      }),
    ),
    keepAlive: (work) => context.executionCtx.waitUntil(work),
    // One was spent when the request was let in. The platform's limiter counts one a call, so each prompt is a call.
    spend: async (prompts) =>
      keyName === undefined ? undefined : spend(isolate, { name: keyName, limits }, prompts - 1),
  };
}

/** What a caller sent for the provider; never the key of Signalbox itself. */
function callerAuthorization(context: HttpContext): string | undefined {
  const { access } = context.get("isolate").settings;
  const isForProvider = access.kind === "open" || context.req.header(KEY_HEADER) !== undefined;
  const authorization = isForProvider ? context.req.header("authorization") : undefined;
  // Some send their Signalbox key in both headers, to be sure.
  return authorization === undefined || holdsApiKey(authorization) ? undefined : authorization;
}

function challenge(response: Response): Response {
  response.headers.set("www-authenticate", "Bearer");
  return response;
}

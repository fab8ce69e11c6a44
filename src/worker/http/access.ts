import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { findKey, holdsApiKey, type Permission } from "../../contract/api-key.ts";
import { decisionHeaderMeanings } from "../../contract/decision-headers.ts";
import type { Failure } from "../../core/result.ts";
import { type HttpContext, type HttpEnv, respondFailure } from "./http.ts";

const KEY_HEADER = "x-signalbox-key";

/**
 * Refuses requests to other names than ALLOWED_HOSTS. An open Worker on a developer's machine needs it: a web page may
 * have its own name point to 127.0.0.1, and then reads the answers as its own (DNS rebinding).
 */
export const requireHost = createMiddleware<HttpEnv>(async (context, next) => {
  const { allowedHosts } = context.get("isolate").settings;
  if (allowedHosts === undefined || allowedHosts.includes(new URL(context.req.url).hostname)) return next();
  const message = `this Worker answers to ${allowedHosts.join(", ")} only; see ALLOWED_HOSTS`;
  return respondFailure(context, { code: "wrong_host", message, param: "host" });
});

/** Lets only holders of a key through, each within its limit; everyone where AUTH is `open`. */
export const requireKey = createMiddleware<HttpEnv>(async (context, next) => {
  const { access, rateLimiter } = context.get("isolate").settings;
  if (access.kind === "open") return next();
  const presented = presentedKey(context);
  if (presented === undefined) {
    const message = "send a key as `Authorization: Bearer <key>`";
    return challenge(respondFailure(context, { code: "missing_key", message, param: "authorization" }));
  }
  const record = await findKey(access.keys, presented);
  if (record === undefined) {
    const message = "this key is wrong or was revoked";
    return challenge(respondFailure(context, { code: "invalid_key", message, param: "authorization" }));
  }
  if (rateLimiter !== undefined && !(await rateLimiter.limit({ key: record.name })).success)
    return respondFailure(context, usedUp);
  context.set("keyName", record.name);
  context.set("keyAllows", record.allows);
  return next();
});

const usedUp: Failure<"rate_limited"> = {
  code: "rate_limited",
  message: "this key has used up its limit for now",
};

/**
 * Spends the key's limit on the prompts of one request beyond the first, which was spent when the request was let in; the
 * failure where it doesn't suffice. The platform's limiter counts one a call, so each prompt is a call.
 */
export async function spendOnPrompts(
  context: HttpContext,
  prompts: number,
): Promise<Failure<"rate_limited"> | undefined> {
  const { rateLimiter } = context.get("isolate").settings;
  const key = context.get("keyName");
  if (rateLimiter === undefined || key === undefined) return undefined;
  const spent = await Promise.all(Array.from({ length: prompts - 1 }, () => rateLimiter.limit({ key })));
  return spent.every(({ success }) => success) ? undefined : usedUp;
}

/** Lets only keys through that are not limited to something else. */
export function requirePermission(permission: Permission) {
  return createMiddleware<HttpEnv>(async (context, next) => {
    const allows = context.get("keyAllows");
    if (allows === undefined || allows.has(permission)) return next();
    const message = `this key may only ${[...allows].join(" and ")}; here it needs ${permission}`;
    return respondFailure(context, { code: "key_not_allowed", message, param: "authorization" });
  });
}

/** Browsers on the allowed origins may call the API and read its headers. */
export const allowOrigins = cors({
  origin: (origin, context: HttpContext) => {
    const { corsOrigins } = context.get("isolate").settings;
    return corsOrigins.includes("*") || corsOrigins.includes(origin) ? origin : null;
  },
  allowMethods: ["GET", "POST"],
  allowHeaders: ["authorization", "content-type", KEY_HEADER],
  exposeHeaders: [
    ...Object.keys(decisionHeaderMeanings),
    "x-signalbox-attempts",
    "retry-after",
    "server-timing",
  ],
  maxAge: 3600,
});

// The second header is for callers whose `Authorization` is meant for the provider (PASS_AUTHORIZATION).
function presentedKey(context: HttpContext): string | undefined {
  return context.req.header(KEY_HEADER) ?? bearerToken(context.req.header("authorization"));
}

function bearerToken(authorization = ""): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization.trim())?.[1];
}

/** What a caller sent for the provider; never the key of Signalbox itself. */
export function callerAuthorization(context: HttpContext): string | undefined {
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

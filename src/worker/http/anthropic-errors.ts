import { createMiddleware } from "hono/factory";
import type { ErrorBody } from "../../contract/error.ts";
import type { HttpEnv } from "./http.ts";

// Anthropic's types by status; its packages raise their exceptions by status, but show this.
const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  503: "overloaded_error",
  504: "timeout_error",
};

/** Signalbox's own errors in Anthropic's envelope, with its code and param kept; the provider's are as they came. */
export const inAnthropicEnvelope = createMiddleware<HttpEnv>(async (context, next) => {
  await next();
  const { res } = context;
  if (res.status < 400 || res.headers.has("x-signalbox-model")) return;
  const { error } = (await res.clone().json()) as ErrorBody;
  const type = types[res.status] ?? (res.status < 500 ? "invalid_request_error" : "api_error");
  context.res = new Response(JSON.stringify({ type: "error", error: { ...error, type } }), res);
});

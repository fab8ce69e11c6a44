import { createMiddleware } from "hono/factory";
import type { HttpEnv } from "./http.ts";

/**
 * On every answer of the Worker, also the provider's that it passes on: the playground, which holds a visitor's key, has
 * the same origin, so that no answer may ever act as a page, a script or a frame there.
 */
const headers = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

export const protectAnswers = createMiddleware<HttpEnv>(async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
  if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
});

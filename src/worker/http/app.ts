import { Hono } from "hono";
import { endpointNames, endpoints } from "../../contract/endpoints.ts";
import type { ErrorCode } from "../../contract/error.ts";
import openapi from "../../contract/openapi.json" with { type: "json" };
import { fail, type Result } from "../../core/result.ts";
import { describeError, logEvent } from "../log.ts";
import type { Env } from "../state/bindings.ts";
import type { Isolate } from "../state/isolate.ts";
import { allowOrigins, requireHost, requireKey, requirePermission } from "./access.ts";
import { protectAnswers } from "./answer-headers.ts";
import { inAnthropicEnvelope } from "./anthropic-errors.ts";
import { handlers } from "./handlers.ts";
import { failureResponse, type HttpContext, type HttpEnv } from "./http.ts";
import { pathOf } from "./path.ts";
import { shareBodyBudget } from "./share-body-budget.ts";

/** The whole API on one page. `isolateOf` gives what the isolate holds for all requests. */
export function createApp(isolateOf: (env: Env) => Result<Isolate, ErrorCode>): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>({ getPath: pathOf });
  app.onError((error, context) => {
    logEvent({ event: "internal_error", path: context.req.path, ...describeError(error) });
    return failureResponse({
      code: "internal_error",
      message: "something went wrong in Signalbox itself",
    });
  });
  app.notFound((context) =>
    failureResponse({
      code: "not_found",
      message: `there is no ${context.req.path}; see /openapi.json`,
    }),
  );

  app.use(protectAnswers);
  app.get(endpoints.openapi.path, (context) => context.json(openapi, 200, { "cache-control": "no-cache" }));
  app.use(async (context, next) => {
    const isolate = isolateOf(context.env);
    if (!isolate.ok) return failureResponse(isolate.failure);
    context.set("isolate", isolate.value);
    return next();
  });
  app.use(requireHost);
  app.use(allowOrigins);
  app.use(`${endpoints.messages.path}/*`, inAnthropicEnvelope);
  app.use("/v1/*", requireKey);
  app.use(endpoints.metrics.path, requireKey);
  app.use("/v1/*", shareBodyBudget);
  for (const name of endpointNames) {
    const { method, needs } = endpoints[name];
    const path = endpoints[name].path.replace("{id}", ":id{.+}");
    if (name !== "openapi") {
      if (needs !== "nothing" && needs !== "any_key") app[method](path, requirePermission(needs));
      app[method](path, handlers[name]);
    }
    app.all(path, (context) => methodNotAllowed(context, method.toUpperCase()));
  }
  return app;
}

function methodNotAllowed(context: HttpContext, method: string): Response {
  const failure = fail("method_not_allowed", `${context.req.path} takes ${method} only`).failure;
  const response = failureResponse(failure);
  response.headers.set("allow", method);
  return response;
}

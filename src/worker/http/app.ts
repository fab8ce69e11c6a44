import { Hono } from "hono";
import type { ErrorCode } from "../../contract/error.ts";
import openapi from "../../contract/openapi.json" with { type: "json" };
import { fail, type Result } from "../../core/result.ts";
import { describeError, logEvent } from "../log.ts";
import type { Env } from "../state/bindings.ts";
import type { Isolate } from "../state/isolate.ts";
import { allowOrigins, requireHost, requireKey, requirePermission } from "./access.ts";
import { protectAnswers } from "./answer-headers.ts";
import { type HttpContext, type HttpEnv, respondFailure } from "./http.ts";
import { postChatCompletions } from "./routes/chat-completions.ts";
import { postFeedback } from "./routes/feedback.ts";
import { getHealth } from "./routes/health.ts";
import { getModels } from "./routes/models.ts";
import { postRoute } from "./routes/route.ts";
import { postRouteBatch } from "./routes/route-batch.ts";
import { postRouteTask } from "./routes/route-task.ts";
import { getTraffic } from "./routes/traffic.ts";
import { shareBodyBudget } from "./share-body-budget.ts";

/** The whole API on one page. `isolateOf` gives what the isolate holds for all requests. */
export function createApp(isolateOf: (env: Env) => Result<Isolate, ErrorCode>): Hono<HttpEnv> {
  const app = new Hono<HttpEnv>();
  app.onError((error, context) => {
    logEvent({ event: "internal_error", path: context.req.path, ...describeError(error) });
    return respondFailure(context, {
      code: "internal_error",
      message: "something went wrong in Signalbox itself",
    });
  });
  app.notFound((context) =>
    respondFailure(context, {
      code: "not_found",
      message: `there is no ${context.req.path}; see /openapi.json`,
    }),
  );

  app.use(protectAnswers);
  app.get("/openapi.json", (context) => context.json(openapi, 200, { "cache-control": "no-cache" }));
  app.use(async (context, next) => {
    const isolate = isolateOf(context.env);
    if (!isolate.ok) return respondFailure(context, isolate.failure);
    context.set("isolate", isolate.value);
    return next();
  });
  app.use(requireHost);
  app.use(allowOrigins);
  app.use("/v1/*", requireKey);
  app.use("/v1/*", shareBodyBudget);
  app.get("/health", getHealth);
  app.get("/v1/models", getModels);
  app.post("/v1/route", requirePermission("route"), postRoute);
  app.post("/v1/route/batch", requirePermission("route"), postRouteBatch);
  app.post("/v1/route/task", requirePermission("route"), postRouteTask);
  app.post("/v1/chat/completions", requirePermission("chat"), postChatCompletions);
  app.post("/v1/feedback", requirePermission("feedback"), postFeedback);
  app.get("/v1/traffic", requirePermission("operate"), getTraffic);

  // Every address has one method; what stands under ALL is middleware.
  const methods = new Map(app.routes.map(({ path, method }) => [path, method]));
  for (const [path, method] of methods) {
    if (method !== "ALL") app.all(path, (context) => methodNotAllowed(context, method));
  }
  return app;
}

function methodNotAllowed(context: HttpContext, method: string): Response {
  const failure = fail("method_not_allowed", `${context.req.path} takes ${method} only`).failure;
  const response = respondFailure(context, failure);
  response.headers.set("allow", method);
  return response;
}

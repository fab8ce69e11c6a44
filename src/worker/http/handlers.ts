import type { EndpointName } from "../../contract/endpoints.ts";
import { answering, type HttpHandler, passingOn } from "./answering.ts";
import { postChatCompletions } from "./routes/chat-completions.ts";
import { postFeedback } from "./routes/feedback.ts";
import { getHealth } from "./routes/health.ts";
import { getModels } from "./routes/models.ts";
import { postRoute } from "./routes/route.ts";
import { postRouteBatch } from "./routes/route-batch.ts";
import { postRouteTask } from "./routes/route-task.ts";
import { getTraffic } from "./routes/traffic.ts";

/** What answers at each address but /openapi.json, which needs none of what handlers are given. */
export const handlers: Readonly<Record<Exclude<EndpointName, "openapi">, HttpHandler>> = {
  route: answering(postRoute),
  routeBatch: answering(postRouteBatch),
  routeTask: answering(postRouteTask),
  chatCompletions: passingOn(postChatCompletions),
  feedback: answering(postFeedback),
  models: answering(getModels),
  traffic: answering(getTraffic),
  health: answering(getHealth),
};

import type { EndpointName } from "../../contract/endpoints.ts";
import { answering, answeringText, type HttpHandler, passingOn } from "./answering.ts";
import { OPEN_METRICS_TYPE } from "./open-metrics.ts";
import {
  postChatCompletions,
  postCountTokens,
  postEmbeddings,
  postMessages,
  postResponses,
} from "./routes/answers.ts";
import { postFeedback, postSignal } from "./routes/feedback.ts";
import { getHealth } from "./routes/health.ts";
import { getMetrics } from "./routes/metrics.ts";
import { getModel, getModels } from "./routes/models.ts";
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
  responses: passingOn(postResponses),
  messages: passingOn(postMessages),
  countTokens: passingOn(postCountTokens),
  embeddings: passingOn(postEmbeddings),
  feedback: answering(postFeedback),
  signal: answering(postSignal),
  models: answering(getModels),
  model: answering(getModel),
  traffic: answering(getTraffic),
  metrics: answeringText(getMetrics, OPEN_METRICS_TYPE),
  health: answering(getHealth),
};

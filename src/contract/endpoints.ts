import type { Permission } from "./api-key.ts";

interface Endpoint {
  readonly method: "get" | "post";
  /** `{id}` stands for the rest of the path, slashes included. */
  readonly path: string;
  /** What a caller must hold: nothing, any key, or a key that is not limited to something else. Under /v1 it is a key at least. */
  readonly needs: "nothing" | "any_key" | Permission;
}

/** Every address of the API. The Worker's handlers, the OpenAPI document, the client and the security tests follow it. */
export const endpoints = {
  route: { method: "post", path: "/v1/route", needs: "route" },
  routeBatch: { method: "post", path: "/v1/route/batch", needs: "route" },
  routeTask: { method: "post", path: "/v1/route/task", needs: "route" },
  chatCompletions: { method: "post", path: "/v1/chat/completions", needs: "chat" },
  responses: { method: "post", path: "/v1/responses", needs: "chat" },
  messages: { method: "post", path: "/v1/messages", needs: "chat" },
  countTokens: { method: "post", path: "/v1/messages/count_tokens", needs: "chat" },
  embeddings: { method: "post", path: "/v1/embeddings", needs: "chat" },
  feedback: { method: "post", path: "/v1/feedback", needs: "feedback" },
  signal: { method: "post", path: "/v1/signal", needs: "feedback" },
  models: { method: "get", path: "/v1/models", needs: "any_key" },
  model: { method: "get", path: "/v1/models/{id}", needs: "any_key" },
  traffic: { method: "get", path: "/v1/traffic", needs: "operate" },
  metrics: { method: "get", path: "/metrics", needs: "operate" },
  health: { method: "get", path: "/health", needs: "nothing" },
  openapi: { method: "get", path: "/openapi.json", needs: "nothing" },
} as const satisfies Record<string, Endpoint>;

export type EndpointName = keyof typeof endpoints;
export const endpointNames = Object.keys(endpoints) as readonly EndpointName[];

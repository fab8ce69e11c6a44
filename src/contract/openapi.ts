import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { anthropicRequestSchema } from "./anthropic-messages.ts";
import { batchRequestSchema, batchResponseSchema } from "./batch.ts";
import { chatRequestSchema } from "./chat.ts";
import { decisionHeaderMeanings } from "./decision-headers.ts";
import { embeddingsRequestSchema } from "./embeddings.ts";
import { type EndpointName, endpointNames, endpoints } from "./endpoints.ts";
import { type ErrorCode, errorBodySchema, errorCodes, errorKinds } from "./error.ts";
import { feedbackRequestSchema, feedbackResponseSchema } from "./feedback.ts";
import { healthSchema } from "./health.ts";
import { modelListSchema, modelSchema } from "./models.ts";
import { responsesRequestSchema } from "./responses.ts";
import { routeRequestSchema, routeResponseSchema } from "./route.ts";
import { routeTaskRequestSchema, routeTaskResponseSchema } from "./route-task.ts";
import { signalRequestSchema, signalResponseSchema } from "./signal.ts";
import { trafficSchema } from "./traffic.ts";

/** What the document tells of an address beyond the table of endpoints. */
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly request?: GenericSchema;
  readonly response: GenericSchema | "any" | "text";
  /** Statuses that it can answer with besides 200. */
  readonly statuses: readonly number[];
  readonly decision?: boolean;
  /** The answer may also be a stream of server-sent events. */
  readonly streams?: boolean;
  /** A body that works. */
  readonly example?: unknown;
}

const READ = [401, 421, 429, 500, 503] as const;
const WRITE = [400, 401, 403, 408, 413, 415, 421, 429, 500, 503] as const;

const ID_PARAMETER = { name: "id", in: "path", required: true, schema: { type: "string" } };

const operations: Readonly<Record<EndpointName, Operation>> = {
  route: {
    summary: "Decide which model should answer a prompt",
    description:
      "Give `prompt` or `messages`, and at most one of `objective`, `spend`, `tolerance`, `min_p_correct` and `lambda_usd`.",
    request: routeRequestSchema,
    response: routeResponseSchema,
    statuses: WRITE,
    decision: true,
    example: { prompt: "How many positive divisors does 360 have?", tolerance: 0.05 },
  },
  routeBatch: {
    summary: "Decide up to 32 prompts",
    description: "A request without an answer (no prompt, no candidates, ...) gets its error in its place.",
    request: batchRequestSchema,
    response: batchResponseSchema,
    statuses: WRITE,
    example: { requests: [{ prompt: "What is 2 + 2?" }, { prompt: "Who wrote Kalevala?", tolerance: 0.1 }] },
  },
  routeTask: {
    summary: "Choose one model for a set of prompts",
    description:
      "Scores every model on all prompts together: S1, S2 and, with a knn bundle, S3 of Shnitzer et al. 2023, and a posterior mean that counts the labels.",
    request: routeTaskRequestSchema,
    response: routeTaskResponseSchema,
    statuses: WRITE,
    example: {
      prompts: [
        { prompt: "What is 7 times 8?", outcomes: { "gpt-5.4": 1, "gpt-4o-mini": 0 } },
        { prompt: "What is 9 times 12?" },
      ],
    },
  },
  chatCompletions: {
    summary: "Answer a chat with the model that fits it, through an OpenAI-compatible provider",
    description:
      "`model` is `auto`, `auto:spend=0.3` or a model of the catalogue. What the provider answers is passed on byte for byte, streams too; `x-signalbox-attempts` counts the models that were tried.",
    request: chatRequestSchema,
    response: "any",
    statuses: [...WRITE, 404, 502, 504],
    decision: true,
    streams: true,
    example: { model: "auto:spend=0.3", messages: [{ role: "user", content: "Say hello in Finnish." }] },
  },
  responses: {
    summary: "Answer on OpenAI's Responses API, through a provider that speaks it",
    description:
      "As chat completions, passed on and never translated. A stored conversation stays with the model that began it: name that model.",
    request: responsesRequestSchema,
    response: "any",
    statuses: [...WRITE, 404, 502, 504],
    decision: true,
    streams: true,
    example: { model: "auto", input: "Say hello in Finnish." },
  },
  messages: {
    summary: "Answer on Anthropic's Messages API, through a provider that speaks it",
    description: "As chat completions, passed on and never translated; errors are in Anthropic's envelope.",
    request: anthropicRequestSchema,
    response: "any",
    statuses: [...WRITE, 404, 502, 504],
    decision: true,
    streams: true,
    example: {
      model: "claude-auto",
      max_tokens: 500,
      messages: [{ role: "user", content: "Say hello in Finnish." }],
    },
  },
  countTokens: {
    summary: "Count the tokens of a Messages request, by the model that would answer it",
    request: anthropicRequestSchema,
    response: "any",
    statuses: [...WRITE, 404, 502, 504],
    decision: true,
  },
  embeddings: {
    summary: "Embed with a model of the catalogue, by its name",
    request: embeddingsRequestSchema,
    response: "any",
    statuses: [...WRITE, 404, 502, 504],
  },
  feedback: {
    summary: "Tell what came of a decision",
    description: "The decision's id carries what is kept; sending the same feedback twice changes nothing.",
    request: feedbackRequestSchema,
    response: feedbackResponseSchema,
    statuses: [...WRITE, 409, 410],
    example: { decision: "dec_...", score: 1 },
  },
  signal: {
    summary: "Tell what a program noticed of an answer",
    description:
      "Stands for a score, by the variable SIGNALS, until somebody sends one with /v1/feedback. Of several signals the lowest score counts.",
    request: signalRequestSchema,
    response: signalResponseSchema,
    statuses: [...WRITE, 409, 410],
    example: { decision: "dec_...", signal: "tests_passed" },
  },
  models: {
    summary: "List `auto` and the models of the catalogue, in OpenAI's form",
    response: modelListSchema,
    statuses: READ,
  },
  model: {
    summary: "One entry of that list, by its id or an alias",
    response: modelSchema,
    statuses: [...READ, 404],
  },
  traffic: {
    summary: "Count the decisions of the last seven days by model",
    description: "Of all keys, as far as DECISION_LOG records them; `recorded` is false where it doesn't.",
    response: trafficSchema,
    statuses: [...READ, 403],
  },
  metrics: {
    summary: "State and traffic as OpenMetrics text, for Prometheus and its kin",
    response: "text",
    statuses: [...READ, 403],
  },
  health: {
    summary: "Tell what is being served and what is wrong",
    description:
      "Answers 503 with the same body while nothing can be served, and with an error where the Worker is misconfigured.",
    response: healthSchema,
    statuses: [421, 500],
  },
  openapi: { summary: "This document", response: "any", statuses: [] },
};

/** The OpenAPI 3.1 document, made from the schemas that the Worker itself parses with. */
export function openApiDocument(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const name of endpointNames) {
    const { method, path } = endpoints[name];
    paths[path] = { ...paths[path], [method]: describeOperation(name, operations[name]) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Signalbox",
      version,
      description: "Which language model should answer this prompt, decided at the edge.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    security: [{ bearer: [] }, {}],
    components: {
      schemas: { Error: schemaOf(errorBodySchema, "output") },
      securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
      responses: errorResponses(),
    },
  };
}

function describeOperation(
  name: EndpointName,
  { summary, description, request, response, statuses, ...rest }: Operation,
) {
  const { method, path } = endpoints[name];
  const answer =
    response === "text"
      ? { "application/openmetrics-text": { schema: { type: "string" } } }
      : {
          "application/json": {
            schema: response === "any" ? { type: "object" } : schemaOf(response, "output"),
          },
        };
  const success = {
    description: "Success",
    content: {
      ...answer,
      ...(rest.streams ? { "text/event-stream": {} } : {}),
    },
    ...(rest.decision ? { headers: headers() } : {}),
  };
  const errors = statuses.map((status) => [String(status), { $ref: `#/components/responses/${status}` }]);
  const unavailable = name === "health" ? { 503: { ...success, description: "Nothing can be served" } } : {};
  return {
    operationId: operationId(method, path),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(path.includes("{id}") ? { parameters: [ID_PARAMETER] } : {}),
    ...(request === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": body(request, rest.example) } } }),
    responses: { 200: success, ...Object.fromEntries(errors), ...unavailable },
  };
}

function body(request: GenericSchema, example: unknown): Record<string, unknown> {
  return { schema: schemaOf(request, "input"), ...(example === undefined ? {} : { example }) };
}

function operationId(method: string, path: string): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "v1" && word !== "json");
  return method + words.map((word) => word[0]?.toUpperCase() + word.slice(1)).join("");
}

function headers(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(decisionHeaderMeanings).map(([name, description]) => [
      name,
      { description, schema: { type: "string" } },
    ]),
  );
}

function errorResponses(): Record<string, unknown> {
  const byStatus = Map.groupBy(errorCodes, (code) => errorKinds[code].status);
  return Object.fromEntries([...byStatus].map(([status, codes]) => [String(status), errorResponse(codes)]));
}

function errorResponse(codes: readonly ErrorCode[]): Record<string, unknown> {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorKinds[code].meaning}`).join("\n\n"),
    content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
  };
}

function schemaOf(schema: GenericSchema, typeMode: "input" | "output"): unknown {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    typeMode,
    // `finite` has no counterpart and needs none: JSON has no infinities.
    ignoreActions: ["finite"],
  });
  return json;
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ableAnswer } from "./able-answers.ts";
import { completion, documentOf, streamsOf } from "./fake-surfaces.ts";

/** What the provider does when a model is asked; `answer` unless told otherwise. */
export type Behavior =
  | { readonly kind: "answer"; readonly chunks?: number; readonly delayMs?: number }
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string | Uint8Array;
    }
  /** Closes the connection without a word. */
  | { readonly kind: "hang-up" }
  /** Takes the request and never answers. */
  | { readonly kind: "stall" }
  /** Sends a status and headers, but no byte of a body. */
  | { readonly kind: "stall-after-headers" }
  /** Sends some chunks, then closes the connection. */
  | { readonly kind: "die-mid-stream"; readonly chunks: number }
  /** Sends some chunks and half of one more, then ends the answer as if it were whole. */
  | { readonly kind: "half-event"; readonly chunks: number }
  /** Sends some chunks, then nothing more, and keeps the connection. */
  | { readonly kind: "stall-mid-stream"; readonly chunks: number }
  /** Resets the connection before any answer. */
  | { readonly kind: "reset" }
  | { readonly kind: "tool-call" }
  /** Calls tools and keeps to schemas, where the request has some and is not streamed. */
  | { readonly kind: "able" }
  /** Answers what the request deserves: a refusal where the function gives one. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Worker sent
  | { readonly kind: "strict"; readonly refusal: (body: any) => Refusal | undefined }
  /** Does what the request is written for. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Worker sent
  | { readonly kind: "choose"; readonly choose: (body: any) => Behavior }
  /** Writes as fast as the reader takes it, until the connection closes. */
  | { readonly kind: "flood" };

/** A provider's error, as its API answers it. */
export interface Refusal {
  readonly status: number;
  readonly error: object;
}

interface SeenRequest {
  readonly model: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the Worker sent
  readonly body: any;
  /** The body as it came. */
  readonly text: string;
  readonly headers: IncomingMessage["headers"];
  readonly path: string;
  /** Set when the connection closed before the answer was complete. */
  aborted: boolean;
  bytesSent: number;
}

/** A provider with OpenAI's API on loopback: real HTTP, on command slow, broken or over its limits. */
export interface FakeProvider {
  readonly baseUrl: string;
  readonly seen: SeenRequest[];
  behave(model: string, behavior: Behavior): void;
  /** All models that were not told otherwise. */
  behaveAll(behavior: Behavior): void;
  /** All models answer again, and nothing was seen. */
  reset(): void;
  stop(): Promise<void>;
}

/** @param standard how models answer that were not told otherwise */
export async function startFakeProvider(standard: { readonly chunks?: number } = {}): Promise<FakeProvider> {
  const behaviors = new Map<string, Behavior>();
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const body = JSON.parse(text);
    const entry: SeenRequest = {
      model: body.model,
      body,
      text,
      headers: request.headers,
      path: request.url ?? "",
      aborted: false,
      bytesSent: 0,
    };
    seen.push(entry);
    response.on("close", () => {
      entry.aborted = !response.writableFinished;
    });
    await act(
      behaviors.get(body.model) ?? behaviors.get("") ?? { kind: "answer", ...standard },
      entry,
      response,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    seen,
    behave: (model, behavior) => behaviors.set(model, behavior),
    behaveAll: (behavior) => behaviors.set("", behavior),
    reset() {
      behaviors.clear();
      seen.length = 0;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function act(behavior: Behavior, entry: SeenRequest, response: ServerResponse): Promise<void> {
  switch (behavior.kind) {
    case "status":
      response.writeHead(behavior.status, { "content-type": "application/json", ...behavior.headers });
      response.end(
        behavior.body ??
          JSON.stringify({ error: { message: "on command", type: "x", code: null, param: null } }),
      );
      return;
    case "hang-up":
      response.socket?.destroy();
      return;
    case "stall":
      return;
    case "stall-after-headers":
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      return;
    case "die-mid-stream":
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let k = 0; k < behavior.chunks; k++) {
        response.write(streamChunk(entry.model, k));
        await pause(10);
      }
      response.socket?.destroy();
      return;
    case "half-event": {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let k = 0; k < behavior.chunks; k++) response.write(streamChunk(entry.model, k));
      const next = streamChunk(entry.model, behavior.chunks);
      response.end(next.slice(0, next.length >> 1));
      return;
    }
    case "stall-mid-stream":
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let k = 0; k < behavior.chunks; k++) response.write(streamChunk(entry.model, k));
      return;
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "able": {
      const document = entry.body.stream === true ? undefined : ableAnswer(surfaceOf(entry), entry.body);
      if (document === undefined) return answer(5, entry, response);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(document));
      return;
    }
    case "tool-call":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify(completion(entry.model, { content: null, tool_calls: [toolCall] }, "tool_calls")),
      );
      return;
    case "flood":
      response.writeHead(200, { "content-type": "text/event-stream" });
      await flood(entry, response);
      return;
    case "choose":
      return act(behavior.choose(entry.body), entry, response);
    case "strict": {
      const refusal = behavior.refusal(entry.body);
      if (refusal === undefined) return answer(5, entry, response);
      response.writeHead(refusal.status, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: refusal.error }));
      return;
    }
    case "answer":
      if (behavior.delayMs !== undefined) await pause(behavior.delayMs);
      answer(behavior.chunks ?? 5, entry, response);
  }
}

const toolCall = {
  id: "call_1",
  type: "function",
  function: { name: "get_weather", arguments: '{"city":"Turku"}' },
};

function surfaceOf({ path }: SeenRequest): string {
  return (path.split("?", 1)[0] as string).replace(/^.*?\/v1(?=\/)/, "");
}

function answer(chunks: number, entry: SeenRequest, response: ServerResponse): void {
  const { model, body } = entry;
  const surface = surfaceOf(entry);
  if (body.stream !== true) {
    response.writeHead(200, { "content-type": "application/json", "x-request-id": "req_fake" });
    const document = documentOf(surface, model);
    response.end(JSON.stringify(document ?? completion(model, { content: `Hello from ${model}` }, "stop")));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const write = streamsOf[surface];
  if (write !== undefined) response.end(write(model, chunks));
  else response.end(streamOf(model, chunks, body.stream_options?.include_usage === true));
}

/** Exactly what a stream of so many chunks consists of; who asks for usage gets it in one more. */
export function streamOf(model: string, chunks: number, hasUsage = false): string {
  const isLast = (k: number) => k === chunks - 1;
  const parts = Array.from({ length: chunks }, (_, k) => streamChunk(model, k, isLast(k)));
  if (hasUsage) parts.push(usageChunk(model));
  return `${parts.join("")}data: [DONE]\n\n`;
}

function usageChunk(model: string): string {
  const usage = { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 };
  const chunk = {
    id: "chatcmpl-fake",
    object: "chat.completion.chunk",
    created: 1,
    model,
    choices: [],
    usage,
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

export function streamChunk(model: string, index: number, isLast = false): string {
  const delta = index === 0 ? { role: "assistant", content: "" } : { content: `word${index} 字🙂 ` };
  const chunk = {
    id: "chatcmpl-fake",
    object: "chat.completion.chunk",
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason: isLast ? "stop" : null }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

async function flood(entry: SeenRequest, response: ServerResponse): Promise<void> {
  const block = `: ${"x".repeat(65_534)}\n`;
  const closed = new Promise((resolve) => response.once("close", resolve));
  while (!response.destroyed) {
    const room = response.write(block);
    entry.bytesSent += block.length;
    if (!room) await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed]);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

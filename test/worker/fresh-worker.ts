import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { connectSignalbox, type Signalbox } from "../../src/client/index.ts";
import { allBackends } from "../../src/worker/backends/all-backends.ts";
import type { Backends } from "../../src/worker/backends/encoder-backend.ts";
import { createApp } from "../../src/worker/http/app.ts";
import { createScheduled } from "../../src/worker/scheduled.ts";
import { createIsolate } from "../../src/worker/state/isolate.ts";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface FreshWorker {
  /** One request; background work that it started is done when it returns. */
  send(path: string, init?: RequestInit): Promise<Answer>;
  route(body?: object, headers?: HeadersInit): Promise<Answer>;
  /** What the Cron Trigger runs. */
  scheduled(): Promise<void>;
}

/** The Worker as in an isolate that has just begun: nothing loaded, the real KV, and these variables. */
export function startFreshWorker(
  variables: Readonly<Record<string, unknown>> = {},
  backends: Backends = allBackends,
): FreshWorker {
  const isolate = createIsolate({ ...env, POINTER_REFRESH_MS: "0", ...variables }, backends);
  const app = createApp(() => isolate);
  async function send(path: string, init: RequestInit = {}): Promise<Answer> {
    const context = createExecutionContext();
    const request = new Request(`https://signalbox.example${path}`, init);
    const response = await app.fetch(request, env, context);
    const text = await response.text();
    await waitOnExecutionContext(context);
    return {
      status: response.status,
      headers: response.headers,
      body:
        text === ""
          ? null
          : /json/.test(response.headers.get("content-type") ?? "json")
            ? JSON.parse(text)
            : text,
    };
  }
  return {
    send,
    scheduled: () => createScheduled(() => isolate)(undefined, env),
    route: (body = { prompt: "What is 2 + 2?" }, headers = {}) =>
      send("/v1/route", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
  };
}

/** The package's client, whose requests this Worker gets. */
export function clientOf(worker: FreshWorker): Signalbox {
  return connectSignalbox({
    baseUrl: "https://signalbox.example",
    fetch: async (input, init) => {
      const { status, body } = await worker.send(new URL(String(input)).pathname, init);
      return Response.json(body, { status });
    },
  });
}

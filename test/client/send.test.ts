import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { connectSignalbox, SignalboxError } from "../../src/client/index.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let close: (() => void) | undefined;
afterEach(() => close?.());

/** A server on loopback that gives these answers in turn, the last one for ever. */
async function serve(
  ...answers: Answer[]
): Promise<{ readonly baseUrl: string; readonly requests: () => number }> {
  let requests = 0;
  const server = createServer((request, response) => {
    const answer = answers[Math.min(requests++, answers.length - 1)] as Answer;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests: () => requests };
}

const good: Answer = (_, response) => response.end(JSON.stringify({ model: "m" }));
const status =
  (code: number, headers: Record<string, string> = {}, error: object = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers);
    response.end(
      JSON.stringify({ error: { message: "told so", code: "invalid_request", param: null, ...error } }),
    );
  };
const hangUp: Answer = (_, response) => response.socket?.destroy();

test("an answer is returned as it is, and the key is sent", async () => {
  let authorization: string | undefined;
  const { baseUrl } = await serve((request, response) => {
    authorization = request.headers.authorization;
    good(request, response);
  });
  expect(await connectSignalbox({ baseUrl, apiKey: "sb_x_y" }).route({ prompt: "x" })).toEqual({
    model: "m",
  });
  expect(authorization).toBe("Bearer sb_x_y");
});

test.each([[408], [429], [500], [502], [503], [504]])("status %i is tried again", async (code) => {
  const { baseUrl, requests } = await serve(status(code), good);
  expect(await connectSignalbox({ baseUrl }).route({ prompt: "x" })).toEqual({ model: "m" });
  expect(requests()).toBe(2);
});

test("a lost connection is tried again, then told", async () => {
  const { baseUrl, requests } = await serve(hangUp, hangUp, good);
  expect(await connectSignalbox({ baseUrl }).route({ prompt: "x" })).toEqual({ model: "m" });
  expect(requests()).toBe(3);
  close?.();
  const failed = connectSignalbox({ baseUrl, maxRetries: 0 }).route({ prompt: "x" });
  await expect(failed).rejects.toMatchObject({ code: "network_error", status: undefined });
});

test("other errors are told at once, by code, status and param", async () => {
  const { baseUrl, requests } = await serve(status(400, {}, { code: "unknown_model", param: "models" }));
  const failed = connectSignalbox({ baseUrl }).route({ prompt: "x", models: ["y"] });
  await expect(failed).rejects.toBeInstanceOf(SignalboxError);
  await expect(failed).rejects.toMatchObject({
    code: "unknown_model",
    status: 400,
    param: "models",
    message: "told so",
  });
  expect(requests()).toBe(1);
});

test("Retry-After is waited for", async () => {
  const { baseUrl } = await serve(status(429, { "retry-after": "1" }), good);
  const start = performance.now();
  await connectSignalbox({ baseUrl }).route({ prompt: "x" });
  expect(performance.now() - start).toBeGreaterThanOrEqual(990);
});

test("an abort ends the call and its retries, with the caller's reason", async () => {
  const { baseUrl, requests } = await serve(status(503));
  const controller = new AbortController();
  const failed = connectSignalbox({ baseUrl, maxRetries: 50 }).route(
    { prompt: "x" },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(new Error("enough")), 300);
  await expect(failed).rejects.toThrow("enough");
  const before = requests();
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(requests()).toBe(before);
});

test("silence is a timeout", async () => {
  const { baseUrl } = await serve(() => undefined);
  const failed = connectSignalbox({ baseUrl, timeoutMs: 100, maxRetries: 1 }).health();
  await expect(failed).rejects.toMatchObject({ code: "timeout" });
});

test.each([
  ["no JSON", (_: IncomingMessage, response: ServerResponse) => void response.end("<html>"), 200],
  [
    "no envelope",
    (_: IncomingMessage, response: ServerResponse) => void response.writeHead(404).end("<html>"),
    404,
  ],
])("an answer with %s is told as such", async (_, answer, code) => {
  const { baseUrl } = await serve(answer);
  await expect(connectSignalbox({ baseUrl }).models()).rejects.toMatchObject({
    code: "bad_response",
    status: code,
  });
});

test("the health of a Worker that serves nothing is an answer; a misconfigured one is an error", async () => {
  const unavailable = { status: "unavailable", faults: [{ code: "bundle_missing" }] };
  const { baseUrl, requests } = await serve(
    (_, response) => {
      response.writeHead(503).end(JSON.stringify(unavailable));
    },
    status(503, {}, { code: "misconfigured" }),
  );
  const signalbox = connectSignalbox({ baseUrl, maxRetries: 0 });
  expect(await signalbox.health()).toEqual(unavailable);
  await expect(signalbox.health()).rejects.toMatchObject({ code: "misconfigured", status: 503 });
  expect(requests()).toBe(2);
});

import { exports } from "cloudflare:workers";

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

/** Posts JSON to the Worker under test. */
export async function post(path: string, body: unknown, init: RequestInit = {}): Promise<Answer> {
  return send(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
}

/** Any request to the Worker under test. */
export async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await exports.default.fetch(`https://signalbox.example${path}`, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

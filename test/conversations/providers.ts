import type { Secret } from "./people.ts";
import { holdsNothingOf, type Violations } from "./violations.ts";

/** What a provider does with a request. */
export const moods = [
  ...["answer", "over-limit", "refuses-key", "no-credit", "model-gone", "unfit", "broken", "hangs-up"],
  ...["silent", "silent-after-headers", "echo", "echo-in-error", "echo-in-stream", "breaks-off", "stalls"],
  ...["elsewhere", "no-content", "page", "empty", "flood"],
] as const;
export type Mood = (typeof moods)[number];

/** A request as a provider saw it. */
export interface Seen {
  readonly provider: string;
  readonly upstream: string;
  /** Who asked: good callers write their name into `user`. */
  readonly user: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly mood: Mood;
}

export const hosts = { one: "one.example", two: "two.example", guest: "guest.example" } as const;
export type ProviderName = keyof typeof hosts;
export const providerNames = Object.keys(hosts) as readonly ProviderName[];
const ownSecrets: Readonly<Record<ProviderName, string>> = {
  one: "ONE_KEY",
  two: "TWO_KEY",
  guest: "GUEST_KEY",
};

/** Providers of one world, in place of the network: whatever the Worker fetches comes here. */
export class Providers {
  readonly moods: Record<ProviderName, Mood> = { one: "answer", two: "answer", guest: "answer" };
  readonly seen: Seen[] = [];
  /** Answers that were begun and neither ended nor let go. */
  open = 0;

  readonly #secrets: readonly Secret[];
  readonly #violations: Violations;

  constructor(secrets: readonly Secret[], violations: Violations) {
    this.#secrets = secrets;
    this.#violations = violations;
  }

  readonly fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(String(input));
    const provider = providerNames.find((name) => hosts[name] === url.host);
    if (provider === undefined || url.protocol !== "https:") {
      this.#violations.add(`a request went to ${url.host}, which no catalogue names`);
      throw new TypeError("no such host");
    }
    const headers = new Headers(init.headers);
    const text = String(init.body);
    const body = JSON.parse(text);
    const user = String(body.user ?? "");
    this.#check(provider, user, `${url} ${JSON.stringify([...headers])} ${text}`);
    const wanted = /^mood:([^#]*)/.exec(user)?.[1] as Mood | undefined;
    const mood = wanted ?? this.moods[provider];
    this.seen.push({ provider, upstream: body.model, user, body, mood });
    return this.#act(mood, headers.get("authorization") ?? "", body, init.signal ?? undefined);
  };

  /** A provider sees its own key, or that of the very caller, and no other secret. */
  #check(provider: ProviderName, user: string, sent: string): void {
    const caller = user.split("#", 1)[0] as string;
    const own =
      provider === "guest" ? `own:${caller.startsWith("mood:") || caller === "" ? "mallory" : caller}` : "";
    const others = this.#secrets.filter(({ name }) => name !== ownSecrets[provider] && name !== own);
    holdsNothingOf(others, sent, `what ${provider} was sent for ${user || "somebody"}`, this.#violations);
  }

  #act(
    mood: Mood,
    authorization: string,
    body: Record<string, unknown>,
    signal?: AbortSignal,
  ): Response | Promise<Response> {
    const key = authorization.replace(/^Bearer /, "");
    const error = (
      status: number,
      code: string,
      extra: Record<string, string> = {},
      message = "on command",
    ) => Response.json({ error: { message, type: code, code, param: null } }, { status, headers: extra });
    switch (mood) {
      case "answer":
        return completion(body, `Hello ${String(body["user"] ?? "")} from ${body["model"]}`);
      case "over-limit":
        return error(429, "rate_limit_exceeded", { "retry-after": "86400" });
      case "refuses-key":
        return error(401, "invalid_api_key", {}, `your key ${key} is wrong`);
      case "no-credit":
        return error(402, "insufficient_quota");
      case "model-gone":
        return error(404, "model_not_found");
      case "unfit":
        return error(400, "unsupported_parameter");
      case "broken":
        return error(503, "server_error", { "retry-after": "86400" });
      case "hangs-up":
        throw new TypeError("the connection was reset");
      case "silent":
        return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      case "silent-after-headers":
        return this.#stream([], "stalls", signal);
      case "echo":
        return completion(body, echoes(key), {
          "x-request-id": `req_${key}`,
          "x-ratelimit-limit-requests": key,
        });
      case "echo-in-error":
        return error(400, "invalid_value", { "request-id": key }, echoes(key));
      case "echo-in-stream":
        return this.#stream(pieces(events(echoes(key))), "ends", signal);
      case "breaks-off":
        return this.#stream([events("one")], "breaks", signal);
      case "stalls":
        return this.#stream([events("one")], "stalls", signal);
      case "elsewhere":
        return new Response("moved", {
          status: 307,
          headers: { location: "https://collector.evil.example/" },
        });
      case "no-content":
        return new Response(null, { status: 204 });
      case "page":
        return new Response("<html><script>alert(1)</script>", { headers: { "content-type": "text/html" } });
      case "empty":
        return new Response("");
      case "flood":
        return this.#stream(
          Array.from({ length: 20 }, () => `: ${"x".repeat(8000)}\n`),
          "stalls",
          signal,
        );
    }
  }

  #stream(parts: readonly string[], end: "ends" | "breaks" | "stalls", signal?: AbortSignal): Response {
    const left = parts.map((part) => new TextEncoder().encode(part));
    let isOpen = true;
    const close = () => {
      if (isOpen) this.open--;
      isOpen = false;
    };
    this.open++;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) =>
          signal?.addEventListener("abort", () => {
            if (isOpen) controller.error(signal.reason);
            close();
          }),
        pull: (controller) => {
          const next = left.shift();
          if (next !== undefined) return controller.enqueue(next);
          if (end === "stalls") return new Promise<void>(() => undefined);
          close();
          return end === "ends" ? controller.close() : controller.error(new TypeError("broken off"));
        },
        cancel: close,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

function completion(
  body: Record<string, unknown>,
  content: string,
  headers: Record<string, string> = {},
): Response {
  if (body["stream"] === true)
    return new Response(events(content), { headers: { "content-type": "text/event-stream", ...headers } });
  const choices = [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }];
  return Response.json(
    { id: "c", object: "chat.completion", created: 1, model: body["model"], choices },
    { headers },
  );
}

function events(content: string): string {
  const chunk = { id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }] };
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`;
}

/** A key in the ways that providers and proxies repeat one. */
function echoes(key: string): string {
  const inside = ["", "x", "xx"].map((before) => Buffer.from(`${before}${key}zzz`).toString("base64"));
  return [key, key.replaceAll("/", "\\/"), encodeURIComponent(key), ...inside].join(" ");
}

/** Cut in the middle of everything. */
function pieces(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/g) ?? [];
}

import { afterAll, afterEach, beforeAll } from "vitest";
import { createApiKey } from "../../src/contract/api-key.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { type FaultWorker, startFaultWorker } from "../faults/fault-worker.ts";

export let provider: FakeProvider;
export let worker: FaultWorker;
export let key: string;

export const isAnthropic = (model: string) => model.startsWith("claude");

/** A Worker whose providers speak different surfaces, for the tests of a file. */
export function useSurfaces(): void {
  beforeAll(async () => {
    const made = await createApiKey("app", (count) => crypto.getRandomValues(new Uint8Array(count)));
    if (!made.ok) throw new Error(made.failure.message);
    key = made.value.key;
    provider = await startFakeProvider();
    worker = await startFaultWorker({
      providerUrl: provider.baseUrl,
      variables: {
        AUTH: "keys",
        API_KEYS: made.value.record,
        LOG_DECISIONS: "true",
        CORS_ORIGINS: "app://obsidian.md, https://app.example null chrome-extension://abcdef",
      },
      catalogue(document) {
        document.providers.fake.surfaces = { chat: {}, responses: {} };
        document.providers.anthropic = {
          base_url: provider.baseUrl,
          key_name: "OTHER_PROVIDER_KEY",
          surfaces: {
            chat: {},
            messages: { base_url: provider.baseUrl.replace("/v1", "/anthropic/v1"), key_header: "x-api-key" },
          },
        };
        document.providers.second = { base_url: provider.baseUrl, key_name: "PROVIDER_KEY" };
        for (const [id, model] of Object.entries<Record<string, unknown>>(document.models)) {
          if (isAnthropic(id)) model["provider"] = "anthropic";
        }
        document.models["gpt-4o-mini"].also_at = [{ provider: "second", upstream: "second/gpt-4o-mini" }];
        const [dear, cheap] = [9, 0.1].map((input) => ({ input, output: 1 }));
        Object.assign(document.models["gpt-5.4-mini"], {
          usd_per_million_tokens: { input: 1, output: 4 },
          also_at: [
            { provider: "second", upstream: "second/dear", usd_per_million_tokens: dear },
            { provider: "second", upstream: "second/cheap", usd_per_million_tokens: cheap },
            { provider: "second", upstream: "second/same" },
          ],
          providers_by: "price",
        });
        return document;
      },
    });
  }, 120_000);

  afterAll(async () => {
    await worker?.stop();
    await provider?.stop();
  });

  afterEach(async () => {
    provider.reset();
    await worker.jump(60_000);
  });
}

export function send(
  path: string,
  body: object | undefined,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${worker.origin}${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}`, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

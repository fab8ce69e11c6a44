import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { addressOf, filledAddress } from "../../src/contract/address.ts";
import { type CatalogueDocument, parseCatalogue } from "../../src/contract/catalogue.ts";

const valid: CatalogueDocument = {
  format_version: 1,
  prices_as_of: "2025-06-30",
  providers: { acme: { base_url: "https://api.acme.example/v1/", key_name: "ACME_API_KEY" } },
  models: {
    "acme-4.1": {
      aliases: ["acme-latest"],
      provider: "acme",
      upstream: "acme/four.one",
      usd_per_million_tokens: { input: 2, output: 8 },
      context_tokens: 128_000,
      max_output_tokens: 16_000,
      capabilities: ["vision", "tools"],
    },
  },
};

/** A copy of the valid catalogue with one thing changed, by dotless path. */
function changed(path: readonly string[], value: unknown): unknown {
  const copy = structuredClone(valid) as unknown as Record<string, unknown>;
  let parent = copy;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  const last = path.at(-1) as string;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

test("reads a catalogue into the core's type", () => {
  const parsed = parseCatalogue(new TextEncoder().encode(JSON.stringify(valid)));
  if (!parsed.ok) throw new Error(parsed.failure.message);
  expect(parsed.value.providers["acme"]?.baseUrl).toBe("https://api.acme.example/v1");
  expect(parsed.value.models["acme-4.1"]).toMatchObject({
    aliases: ["acme-latest"],
    provider: "acme",
    upstream: "acme/four.one",
    price: { input: 2, cachedInput: 2, output: 8 },
    contextTokens: 128_000,
    maxOutputTokens: 16_000,
    capabilities: ["vision", "tools"],
  });
});

test("reads the default catalogue", async () => {
  const bytes = await readFile(new URL("../../models/default/catalogue.json", import.meta.url));
  expect(parseCatalogue(new Uint8Array(bytes)).ok).toBe(true);
});

const model = ["models", "acme-4.1"];
test.each([
  [[...model, "usd_per_million_tokens", "input"], "2", "models.acme-4.1.usd_per_million_tokens.input"],
  [[...model, "usd_per_million_tokens", "input"], -1, "models.acme-4.1.usd_per_million_tokens.input"],
  [
    [...model, "usd_per_million_tokens", "output"],
    undefined,
    "models.acme-4.1.usd_per_million_tokens.output",
  ],
  [[...model, "context_tokens"], 0, "models.acme-4.1.context_tokens"],
  [[...model, "context_tokens"], 1.5, "models.acme-4.1.context_tokens"],
  [[...model, "capabilities"], ["sight"], "models.acme-4.1.capabilities.0"],
  [[...model, "aliases"], ["two words"], "models.acme-4.1.aliases.0"],
  [[...model, "aliases"], ["auto"], "models.acme-4.1"],
  [[...model, "provider"], "nobody", "models.acme-4.1.provider"],
  [[...model, "pricing"], {}, "models.acme-4.1.pricing"],
  [["models", "bad\r\nid"], valid.models["acme-4.1"], "models.bad\r\nid"],
  [
    ["models"],
    {
      "acme-4.1": { ...valid.models["acme-4.1"], variants: { low: { request: {} } } },
      "acme-4.1@low": { ...valid.models["acme-4.1"], aliases: [] },
    },
    "models.acme-4.1.variants.low",
  ],
  [["models", "acme-latest"], { ...valid.models["acme-4.1"], aliases: [] }, "models.acme-4.1.aliases"],
  [["providers", "acme", "base_url"], "http://api.acme.example/v1", "providers.acme.base_url"],
  [["providers", "acme", "base_url"], "https://user:pass@acme.example", "providers.acme.base_url"],
  [["providers", "acme", "key_name"], "acme key", "providers.acme.key_name"],
  [["prices_as_of"], "June", "prices_as_of"],
  [["format_version"], 2, "format_version"],
  [["models"], undefined, "models"],
])("%j = %j is refused and named", (path, value, param) => {
  const parsed = parseCatalogue(changed(path, value));
  expect(parsed).toMatchObject({ ok: false, failure: { code: "catalogue_invalid", param } });
});

test.each(["", "{", "[]", "null", '"x"', "\u00ff"])("the bytes %j are refused", (text) => {
  expect(parseCatalogue(new TextEncoder().encode(text)).ok).toBe(false);
});

describe("addresses of providers", () => {
  const withAddress = (base_url: string, more: object = {}) =>
    parseCatalogue({
      format_version: 1,
      prices_as_of: "2026-11-30",
      providers: { p: { base_url, key_name: "P_KEY", ...more } },
      models: {},
    });

  test.each([
    "https://api.openai.com/v1",
    "https://x.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-10-21",
    "http://[::1]:8080/v1",
    "http://127.0.0.1:11434/v1",
    "http://localhost:1234/v1/",
    "http://192.168.1.20:8000/v1",
    "http://10.1.2.3/v1",
    "http://172.16.0.9:8000/v1",
    "http://host.docker.internal:11434/v1",
    "http://gpu-box.local:8000/v1",
    "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
  ])("%s is one", (address) => {
    expect(withAddress(address).ok).toBe(true);
  });

  test.each([
    ["http://example.com/v1", "this machine and its own network"],
    ["http://172.32.0.1/v1", "this machine and its own network"],
    ["http://169.254.169.254/v1", "this machine and its own network"],
    ["https://api.openai.com/v1/chat/completions", "are added"],
    ["https://api.anthropic.com/v1/messages/", "are added"],
    ["https://api.openai.com/v1/responses?x=1", "are added"],
    ["https://x.example/v1?api-key=abc", "must not hold a key"],
    ["https://x.example/v1?sig=abc", "must not hold a key"],
    ["https://{HOST_NAME}.example/v1", "https address"],
    ["https://x.example/{API_KEYS}/v1", "_ID, _NAME or _REGION"],
    ["https://x.example/{OPENAI_API_KEY}/v1", "_ID, _NAME or _REGION"],
    ["https://user:secret@x.example/v1", "credentials"],
    ["https://x.example/v1#top", "fragment"],
  ])("%s is none: %s", (address, why) => {
    const parsed = withAddress(address);
    expect(parsed.ok ? "" : parsed.failure.message).toContain(why);
    expect(withAddress("https://x.example/v1", { surfaces: { messages: { base_url: address } } }).ok).toBe(
      false,
    );
  });

  test("paths are added before the query, and variables filled in", () => {
    expect(addressOf("https://x.example/deployments/a?api-version=1", "/chat/completions")).toBe(
      "https://x.example/deployments/a/chat/completions?api-version=1",
    );
    const cloudflare = "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1";
    const filled = (value: string | undefined) => filledAddress(cloudflare, () => value);
    expect(filled("0123abc")).toBe("https://api.cloudflare.com/client/v4/accounts/0123abc/ai/v1");
    for (const value of [undefined, "", "../x", "a/b", "a?b", "..", "a b"])
      expect(filled(value)).toBeUndefined();
  });

  test("a provider speaks what the catalogue says, at the address and with the key's header given", () => {
    const parsed = withAddress("https://x.example/v1", {
      surfaces: {
        chat: {},
        messages: { base_url: "https://x.example/anthropic/v1/", key_header: "x-api-key" },
      },
    });
    expect(parsed.ok && parsed.value.providers["p"]?.surfaces).toEqual({
      chat: { baseUrl: "https://x.example/v1", keyHeader: "authorization" },
      messages: { baseUrl: "https://x.example/anthropic/v1", keyHeader: "x-api-key" },
    });
  });
});

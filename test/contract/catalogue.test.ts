import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
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

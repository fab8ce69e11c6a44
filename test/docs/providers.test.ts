import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { type FaultWorker, startFaultWorker } from "../faults/fault-worker.ts";
import { documented } from "./provider-answers.ts";

// Every provider of docs/providers.md, with its addresses kept but for their host, which is a fake one's.
const page = await readFile(new URL("../../docs/providers.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/```json\n([\s\S]*?)\n```/g)]
  .flatMap(([, block]) => Object.entries<Row>(JSON.parse(block as string)))
  .filter(([, row]) => row.base_url !== undefined);

interface Row {
  readonly base_url: string;
  readonly key_name: string;
  readonly key_header?: string;
  readonly surfaces?: Readonly<Record<string, { readonly base_url?: string; readonly key_header?: string }>>;
}

const paths = { chat: "/chat/completions", responses: "/responses", messages: "/messages" } as const;
const bodies = {
  chat: { messages: [{ role: "user", content: "Hello" }], provider: { sort: "price" } },
  responses: { input: "Hello" },
  messages: { max_tokens: 9, messages: [{ role: "user", content: "Hello" }] },
} as const;
const variables: Readonly<Record<string, string>> = {
  CLOUDFLARE_ACCOUNT_ID: "acc0unt",
  AI_GATEWAY_ID: "my-gateway",
};

let provider: FakeProvider;
let worker: FaultWorker;
/** A model of the catalogue for each provider. */
const models: Record<string, string> = {};

beforeAll(async () => {
  provider = await startFakeProvider();
  const { origin } = new URL(provider.baseUrl);
  const here = (address: string) => origin + address.replace(/^https?:\/\/[^/]+/, "");
  worker = await startFaultWorker({
    variables: {
      ...variables,
      ...Object.fromEntries(blocks.map(([name, { key_name }]) => [key_name, `key-of-${name}`])),
    },
    catalogue(document) {
      const ids = Object.keys(document.models);
      for (const [k, [name, row]] of blocks.entries()) {
        const surfaces = Object.entries(row.surfaces ?? { chat: {} }).map(([surface, own]) => [
          surface,
          { ...own, ...(own.base_url === undefined ? {} : { base_url: here(own.base_url) }) },
        ]);
        document.providers[name] = {
          ...row,
          base_url: here(row.base_url),
          surfaces: Object.fromEntries(surfaces),
        };
        models[name] = ids[k] as string;
        document.models[ids[k] as string].provider = name;
      }
      return document;
    },
  });
}, 120_000);

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

test("the page has its providers", () => {
  expect(blocks.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      "openai",
      "anthropic",
      "openrouter",
      "workers-ai",
      "ai-gateway",
      "azure",
      "local",
    ]),
  );
});

test.each(blocks)("%s is asked at its addresses, with its key where it wants it", async (name, row) => {
  const keys = new Map(blocks.map(([each, { key_name }]) => [key_name, `key-of-${each}`]));
  for (const [surface, own] of Object.entries(
    row.surfaces ?? { chat: {} as { base_url?: string; key_header?: string } },
  )) {
    provider.reset();
    const call = surface as keyof typeof paths;
    const response = await fetch(`${worker.origin}/v1${paths[call]}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: models[name], ...bodies[call] }),
    });
    expect([name, surface, response.status]).toEqual([name, surface, 200]);
    const [base, query] = (own.base_url ?? row.base_url).replace(/^https?:\/\/[^/]+/, "").split("?");
    const filled = (base as string).replaceAll(
      /\{(\w+)\}/g,
      (_, variable: string) => variables[variable] as string,
    );
    const [seen] = provider.seen;
    expect(seen?.path).toBe(filled + paths[call] + (query === undefined ? "" : `?${query}`));
    const header = own.key_header ?? row.key_header ?? "authorization";
    const key = keys.get(row.key_name);
    expect(seen?.headers[header]).toBe(header === "authorization" ? `Bearer ${key}` : key);
    expect(seen?.body).toMatchObject(bodies[call]);
  }
});

describe.each(blocks)("%s", (name) => {
  const ask = (fields: object) =>
    fetch(`${worker.origin}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...bodies.chat, ...fields }),
    });
  const told = () => documented[name] as (typeof documented)[string];

  test("its stream passes as it documents it", async () => {
    const headers = { "content-type": "text/event-stream" };
    provider.behaveAll({ kind: "status", status: 200, body: told().stream, headers });
    const response = await ask({ model: models[name], stream: true });
    expect([response.status, await response.text()]).toEqual([200, told().stream]);
  });

  test("its refusal is understood: the log has the cause, and another model answers", async () => {
    provider.reset();
    const { status, body, cause } = told().refusal;
    const model = models[name] as string;
    provider.behave(`fake/${model}`, { kind: "status", status, body });
    const other = models[name === "openrouter" ? "openai" : "openrouter"] as string;
    const options = { signalbox: { models: [model, other] } };
    for (let k = 0; k < 2; k++) {
      const response = await ask({ model: k === 0 ? model : "auto", ...(k === 0 ? {} : options) });
      const answered = k === 0 ? [cause === "refused" ? 502 : status, model] : [200, other];
      expect([response.status, response.headers.get("x-signalbox-model") ?? model]).toEqual(answered);
    }
    expect(worker.logs).toContainEqual(
      expect.objectContaining({ event: "provider_fault", provider: name, model, cause, status }),
    );
    await worker.jump(60_000);
  });
});

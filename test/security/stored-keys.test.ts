import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey, type Permission } from "../../src/contract/api-key.ts";
import type { BuiltWorker } from "../bench/build-worker.ts";
import {
  type KeyValueWriter,
  modulesOf,
  platform,
  startWorkerd,
  type Workerd,
} from "../bench/live-worker.ts";
import { builtWorker } from "../prepared.ts";

// Keys whose records stand in KV or in a Secrets Store, both real, beside those of the secret API_KEYS.
const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

async function keyOf(name: string, allows?: readonly Permission[]) {
  const made = await createApiKey(name, random, allows);
  if (!made.ok) throw new Error(made.failure.message);
  return made.value;
}

let build: BuiltWorker;
const first = await keyOf("first");
beforeAll(async () => {
  build = await builtWorker("src/worker/light.ts");
});
afterAll(() => rm(build.folder, { recursive: true, force: true }));

interface Closed {
  readonly workerd: Workerd;
  readonly log: string[];
  /** Status and code of an address that no key leads to: 404 once a key was let in. */
  ask(key: string, path?: string): Promise<readonly [status: number, code: string]>;
  put(records: string): Promise<void>;
}

async function withWorker(
  options: { readonly bindings?: Readonly<Record<string, string>>; readonly store?: string },
  work: (worker: Closed) => Promise<void>,
  before: (worker: Pick<Closed, "put" | "workerd">) => Promise<void> = async () => undefined,
): Promise<void> {
  const log: string[] = [];
  const workerd = await startWorkerd({
    name: "signalbox",
    ...modulesOf(build),
    ...platform,
    kvNamespaces: { SIGNALBOX: "signalbox" },
    bindings: { POINTER_REFRESH_MS: "0", ENCODER_BACKEND: "simd", ...options.bindings },
    ...(options.store === undefined
      ? {}
      : { secretsStoreSecrets: { [options.store]: { store_id: "store", secret_name: "signalbox-keys" } } }),
    handleStructuredLogs: ({ message }) => void log.push(message),
  });
  const put = async (records: string) => {
    const kv = (await workerd.miniflare.getKVNamespace("SIGNALBOX")) as unknown as KeyValueWriter;
    await kv.put("keys", new TextEncoder().encode(records).buffer);
  };
  try {
    await before({ put, workerd });
    await work({
      workerd,
      log,
      put,
      async ask(key, path = "/v1/nowhere") {
        const response = await fetch(`${workerd.origin}${path}`, {
          headers: { authorization: `Bearer ${key}` },
        });
        const body = (await response.json()) as { readonly error: { readonly code: string } };
        return [response.status, body.error.code];
      },
    });
  } finally {
    await workerd.stop();
  }
}

const LET_IN = [404, "not_found"];
const WRONG = [401, "invalid_key"];
const UNREAD = [503, "keys_unavailable"];

describe("in KV", () => {
  test("a key opens as far as its record says, and no wrong one does", async () => {
    const app = await keyOf("app", ["route"]);
    const other = await keyOf("app");
    await withWorker(
      { bindings: { API_KEYS: first.record } },
      async ({ ask }) => {
        expect(await ask(app.key)).toEqual(LET_IN);
        expect(await ask(app.key, "/v1/traffic")).toEqual([403, "key_not_allowed"]);
        expect(await ask(first.key)).toEqual(LET_IN);
        // Its name is known, its secret is not; and a name that nobody has.
        expect(await ask(other.key)).toEqual(WRONG);
        expect(await ask((await keyOf("nobody")).key)).toEqual(WRONG);
        expect(await ask(app.record)).toEqual(WRONG);
      },
      ({ put }) => put(app.record),
    );
  });

  test("a key that is added opens, and one that is revoked no longer does, without a deploy", async () => {
    const [early, late] = [await keyOf("early"), await keyOf("late")];
    await withWorker(
      { bindings: { API_KEYS: first.record } },
      async ({ ask, put }) => {
        expect([await ask(early.key), await ask(late.key)]).toEqual([LET_IN, WRONG]);
        await put(`${late.record}\n`);
        await expect.poll(() => ask(late.key)).toEqual(LET_IN);
        await expect.poll(() => ask(early.key)).toEqual(WRONG);
        await put("");
        await expect.poll(() => ask(late.key)).toEqual(WRONG);
        expect(await ask(first.key)).toEqual(LET_IN);
      },
      ({ put }) => put(early.record),
    );
  });

  test("a record takes no name from the secret's own", async () => {
    const impostor = await keyOf("first");
    await withWorker(
      { bindings: { API_KEYS: first.record } },
      async ({ ask }) => {
        expect([await ask(impostor.key), await ask(first.key)]).toEqual([WRONG, LET_IN]);
      },
      ({ put }) => put(impostor.record),
    );
  });

  test("what cannot be read opens nothing, closes nothing that was open, and is told nowhere", async () => {
    const app = await keyOf("app");
    const pasted = `${app.record}\n${app.key}`;
    await withWorker(
      { bindings: { API_KEYS: first.record } },
      async ({ ask, put, log }) => {
        // The holder of a key must not be told that it is wrong before anybody could look.
        expect([await ask(app.key), await ask(first.key)]).toEqual([UNREAD, LET_IN]);
        expect(log.join()).toContain("keys_unavailable");
        await put(app.record);
        await expect.poll(() => ask(app.key)).toEqual(LET_IN);
        await put(pasted);
        // Each request looks in the background: after some, the last good records still hold.
        for (let k = 0; k < 5; k++) expect(await ask(app.key)).toEqual(LET_IN);
        await expect.poll(() => log.filter((line) => line.includes("keys_unavailable")).length).toBe(2);
        expect(log.join()).not.toContain(app.key);
      },
      ({ put }) => put(pasted),
    );
  });

  test("an empty KV doesn't open a Worker without API_KEYS", async () => {
    const app = await keyOf("app");
    await withWorker(
      {},
      async ({ ask }) => expect(await ask(app.key)).toEqual([503, "misconfigured"]),
      ({ put }) => put(""),
    );
  });
});

describe("in a Secrets Store", () => {
  const storing = (text: string) => async (worker: Pick<Closed, "workerd">) => {
    const open = await worker.workerd.miniflare.getSecretsStoreSecretAPI("API_KEYS");
    await open().create(text);
  };

  test("more keys than one secret of a Worker holds open", async () => {
    const many = await Promise.all(Array.from({ length: 100 }, (_, k) => keyOf(`app-${k}`)));
    const text = many.map(({ record }) => record).join("\n");
    expect(text.length).toBeGreaterThan(5 * 1024);
    await withWorker(
      { store: "API_KEYS" },
      async ({ ask }) => {
        expect(await ask(many[0]?.key ?? "")).toEqual(LET_IN);
        expect(await ask(many[99]?.key ?? "")).toEqual(LET_IN);
        expect(await ask(first.key)).toEqual(WRONG);
      },
      storing(text),
    );
  });

  test("a secret that isn't there opens nothing, and leaves the other secrets' keys open", async () => {
    await withWorker({ store: "API_KEYS", bindings: { API_KEYS_2: first.record } }, async ({ ask }) => {
      expect([await ask(first.key), await ask((await keyOf("app")).key)]).toEqual([LET_IN, UNREAD]);
    });
  });
});

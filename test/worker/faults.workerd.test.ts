import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { kvKeys } from "../../src/contract/pointer.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { startFreshWorker } from "./fresh-worker.ts";
import { putContent, putPointer, readModelFile, type Seed, seed } from "./seed.ts";

let seeded: Seed;
beforeEach(async () => {
  seeded = await seed();
});

const kv = env.SIGNALBOX;
const text = (value: string) => new TextEncoder().encode(value);

/** The value under a key, changed and stored under the same key. */
async function damage(key: string, change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  const bytes = await kv.get(key, { type: "arrayBuffer" });
  await kv.put(key, change(new Uint8Array(bytes as ArrayBuffer)));
}

const half = (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1);
const flipped = (bytes: Uint8Array) => {
  const copy = bytes.slice();
  copy[copy.length >> 1] = copy[copy.length >> 1] ^ 1;
  return copy;
};

type Fault = readonly [name: string, code: string, make: () => Promise<void>];

// Content of another checksum than the live one, so that a Worker which serves already looks at it.
const publishBundle = async (change: (bytes: Uint8Array) => Uint8Array) =>
  putPointer({
    ...seeded,
    bundle: await putContent("bundle", change(await readModelFile("default/bundle.safetensors"))),
  });
const publishCatalogue = async (change: (catalogue: string) => string) => {
  const catalogue = new TextDecoder().decode(await readModelFile("default/catalogue.json"));
  await putPointer({ ...seeded, catalogue: await putContent("catalogue", text(change(catalogue))) });
};
const other = (sha256: string) => `${sha256.slice(1)}${sha256[0]}`;
const absent = "0".repeat(64);

const pointerFaults: readonly Fault[] = [
  ["no pointer", "pointer_missing", () => kv.delete(kvKeys.active)],
  ["an empty pointer", "pointer_invalid", () => kv.put(kvKeys.active, "")],
  ["a truncated pointer", "pointer_invalid", () => damage(kvKeys.active, half)],
  ["a pointer of another format", "pointer_invalid", () => kv.put(kvKeys.active, '{"format_version":2}')],
  [
    "a pointer without a checksum",
    "pointer_invalid",
    () =>
      kv.put(
        kvKeys.active,
        JSON.stringify({ format_version: 1, ...seeded, bundle: "latest", published_at: "" }),
      ),
  ],
];

const contentFaults: readonly Fault[] = [
  ["a missing bundle", "bundle_missing", () => putPointer({ ...seeded, bundle: absent })],
  [
    "a damaged bundle",
    "bundle_corrupt",
    async () => {
      await kv.put(kvKeys.bundle(other(seeded.bundle)), await readModelFile("default/bundle.safetensors"));
      await putPointer({ ...seeded, bundle: other(seeded.bundle) });
    },
  ],
  ["a bundle that was truncated before it was published", "bundle_invalid", () => publishBundle(half)],
  ["a bundle that is no bundle", "bundle_invalid", () => publishBundle(() => text("hello"))],
  ["an empty bundle", "bundle_invalid", () => publishBundle(() => new Uint8Array())],
  ["a missing catalogue", "catalogue_missing", () => putPointer({ ...seeded, catalogue: absent })],
  [
    "a damaged catalogue",
    "catalogue_corrupt",
    async () => {
      await kv.put(kvKeys.catalogue(other(seeded.catalogue)), await readModelFile("default/catalogue.json"));
      await putPointer({ ...seeded, catalogue: other(seeded.catalogue) });
    },
  ],
  ["a truncated catalogue", "catalogue_invalid", () => publishCatalogue((json) => json.slice(0, 500))],
  [
    "a catalogue that breaks its schema",
    "catalogue_invalid",
    () => publishCatalogue(() => '{"format_version":1}'),
  ],
  [
    "a catalogue of other models",
    "models_mismatch",
    () =>
      publishCatalogue((json) => {
        const catalogue = JSON.parse(json);
        const [model] = Object.values(catalogue.models);
        return JSON.stringify({
          ...catalogue,
          models: { "some-other-model": { ...(model as object), aliases: [] } },
        });
      }),
  ],
  ["a missing encoder", "encoder_missing", () => putPointer({ ...seeded, encoder: absent })],
];

const encoderFaults: readonly Fault[] = [
  ["a missing graph", "encoder_missing", () => kv.delete(kvKeys.encoder(seeded.encoder, "graph"))],
  ["missing weights", "encoder_missing", () => kv.delete(kvKeys.encoder(seeded.encoder, "weights"))],
  ["truncated weights", "encoder_corrupt", () => damage(kvKeys.encoder(seeded.encoder, "weights"), half)],
  ["damaged weights", "encoder_corrupt", () => damage(kvKeys.encoder(seeded.encoder, "weights"), flipped)],
  ["a damaged graph", "encoder_corrupt", () => damage(kvKeys.encoder(seeded.encoder, "graph"), flipped)],
  [
    "a damaged tokenizer",
    "encoder_corrupt",
    () => damage(kvKeys.encoder(seeded.encoder, "tokenizer"), flipped),
  ],
  [
    "a damaged manifest",
    "encoder_corrupt",
    () => damage(kvKeys.encoder(seeded.encoder, "manifest"), flipped),
  ],
  [
    "a bundle that was trained on another encoder",
    "encoder_mismatch",
    async () => {
      // The same encoder under a manifest that differs by a blank, so that its checksum is another one.
      const manifest = text(`${new TextDecoder().decode(await readModelFile("encoder/manifest.json"))} `);
      const encoder = await checksumOf(manifest);
      await kv.put(kvKeys.encoder(encoder, "manifest"), manifest);
      for (const name of ["graph", "weights", "tokenizer"] as const) {
        const bytes = await kv.get(kvKeys.encoder(seeded.encoder, name), { type: "arrayBuffer" });
        await kv.put(kvKeys.encoder(encoder, name), bytes as ArrayBuffer);
      }
      await putPointer({ ...seeded, encoder });
    },
  ],
];

describe("a Worker that begins with a fault answers 503 and says which, then recovers", () => {
  test.each([...pointerFaults, ...contentFaults, ...encoderFaults])("%s: %s", async (_, code, make) => {
    await make();
    const worker = startFreshWorker();
    const answer = await worker.route();
    expect([answer.status, answer.body.error.code]).toEqual([503, code]);
    expect(answer.headers.get("retry-after")).toBe("5");
    const health = await worker.send("/health");
    expect(health.status).toBe(503);
    expect(health.body.status).toBe("unavailable");
    expect(health.body.faults.map((fault: { code: string }) => fault.code)).toContain(code);
    expect((await worker.send("/v1/models")).status).toBe(503);

    await seed();
    expect((await worker.route()).status).toBe(200);
    expect((await worker.send("/health")).body).toMatchObject({ status: "ok", faults: [] });
  });
});

test("a Worker that serves keeps its last good state through every fault", async () => {
  const worker = startFreshWorker();
  const good = (await worker.route()).body;
  for (const [name, code, make] of [...pointerFaults, ...contentFaults]) {
    await make();
    await worker.route(); // starts the check in the background
    const health = await worker.send("/health");
    expect([name, health.status, health.body.status]).toEqual([name, 200, "degraded"]);
    expect([name, ...health.body.faults.map((fault: { code: string }) => fault.code)]).toContain(code);
    expect((await worker.route()).body).toMatchObject({ model: good.model, bundle: seeded.bundle });
    seeded = await seed();
    await worker.route();
    expect([name, (await worker.send("/health")).body.status]).toEqual([name, "ok"]);
  }
});

test("all faults are told at once", async () => {
  await putPointer({ encoder: absent, bundle: absent, catalogue: absent });
  const { body } = await startFreshWorker().send("/health");
  expect(body.faults.map(({ code }: { code: string }) => code)).toEqual([
    "encoder_missing",
    "bundle_missing",
    "catalogue_missing",
  ]);
});

test("KV that cannot be read", async () => {
  const broken = { get: () => Promise.reject(new Error("KV GET failed: 503 Service Unavailable")) };
  const answer = await startFreshWorker({ SIGNALBOX: broken }).route();
  expect([answer.status, answer.body.error.code]).toEqual([503, "storage_unavailable"]);
});

test.each([
  [{ SIGNALBOX: undefined }, "SIGNALBOX"],
  [{ ENCODER_BACKEND: "cuda" }, "ENCODER_BACKEND"],
  [{ POINTER_REFRESH_MS: "soon" }, "POINTER_REFRESH_MS"],
  [{ MAX_BODY_BYTES: "-1" }, "MAX_BODY_BYTES"],
  [{ RATE_LIMITER: "600" }, "RATE_LIMITER"],
])("a wrong environment %j is told", async (variables, param) => {
  for (const answer of [
    await startFreshWorker(variables).route(),
    await startFreshWorker(variables).send("/health"),
  ]) {
    expect(answer.status).toBe(503);
    expect(answer.body.error).toMatchObject({ code: "misconfigured", param });
  }
});

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unwrap } from "../../src/cli/failure.ts";
import { catalogueChanges } from "../../src/cli/kv/catalogue-changes.ts";
import { changesBetween } from "../../src/cli/kv/changes.ts";
import { findGarbage } from "../../src/cli/kv/collect-garbage.ts";
import type { KeyValue } from "../../src/cli/kv/key-value.ts";
import { openLocalKeyValue } from "../../src/cli/kv/local.ts";
import { promote, rollback } from "../../src/cli/kv/move.ts";
import { type Publication, readEncoder, readPublication } from "../../src/cli/kv/publication.ts";
import { planUpload, readLivePointer, type Upload, upload } from "../../src/cli/kv/upload.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { kvKeys } from "../../src/contract/pointer.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import type { Catalogue, CatalogueModel, Provider } from "../../src/core/catalogue.ts";
import { checksumOf } from "../../src/encoder/files.ts";
import { variantBundle } from "./variant-bundle.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let kv: KeyValue;
let first: Publication;
let second: Publication;
/** Every publication gets a price of its own, so that no two share a catalogue. */
let catalogues = 0;
const settled = new Date("2026-01-01T00:00:00Z");

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-steps-"));
  kv = await openLocalKeyValue(join(root, "wrangler.toml"), folder);
  first = unwrap(await readPublication(join(root, "models/default")));
  second = await publicationOf("second");
  unwrap(
    await upload(kv, { ...asked(first), encoder: unwrap(await readEncoder(join(root, "models/encoder"))) }),
  );
});
afterAll(async () => {
  await kv.close();
  await rm(folder, { recursive: true, force: true });
});

function asked(publication: Publication): Upload {
  return { publication, source: "test", publishedAt: settled, onProgress: () => undefined };
}

/** The default bundle under a name of its own, so that its checksum is another one; with a catalogue of its own. */
async function publicationOf(name: string): Promise<Publication> {
  const bundle = variantBundle(
    new Uint8Array(await readFile(join(root, "models/default/bundle.safetensors"))),
    (document) => {
      document["name"] = name;
    },
  );
  const catalogue = JSON.parse(new TextDecoder().decode(first.catalogue.bytes));
  catalogue.prices_as_of = "2026-01-01";
  catalogue.models["gpt-5.4"].usd_per_million_tokens.input = ++catalogues;
  const bytes = new TextEncoder().encode(JSON.stringify(catalogue));
  const sums = [await checksumOf(bundle), await checksumOf(bytes)] as const;
  return {
    bundle: { key: kvKeys.bundle(sums[0]), bytes: bundle, sha256: sums[0] },
    catalogue: {
      key: kvKeys.catalogue(sums[1]),
      bytes,
      sha256: sums[1],
      parsed: unwrap(parseCatalogue(bytes)),
    },
    predictor: unwrap(loadPredictor(bundle)),
  };
}

/** The namespace of a command that dies at its nth write: before anything of it is stored, or right after. */
function dyingAt(write: number, when: "before" | "after", on: KeyValue = kv): KeyValue {
  let writes = 0;
  return {
    ...on,
    async put(key, value) {
      writes++;
      if (writes < write) return on.put(key, value);
      if (when === "after" && writes === write) await on.put(key, value);
      throw new Error("killed");
    },
  };
}

// Bundle, catalogue, pointer: a publish of a new bundle on the live encoder writes three times.
test.each([
  [1, "before"],
  [1, "after"],
  [2, "before"],
  [2, "after"],
  [3, "before"],
] as const)(
  "a publish that dies at write %i, %s it, leaves the old state, and a second one finishes",
  async (write, when) => {
    const publication = await publicationOf(`dies-${write}-${when}`);
    const before = await readLivePointer(kv);
    await expect(upload(dyingAt(write, when), asked(publication))).rejects.toThrow("killed");
    expect(await readLivePointer(kv)).toEqual(before);
    const lines: string[] = [];
    const again = unwrap(await upload(kv, { ...asked(publication), onProgress: (line) => lines.push(line) }));
    expect(again.bundle).toBe(publication.bundle.sha256);
    // What the first one stored is not sent again.
    expect(lines.filter((line) => line.endsWith("is there"))).toHaveLength(
      when === "after" ? write : write - 1,
    );
    expect(unwrap(await rollback(kv, settled, false)).pointer.bundle).toBe(before?.bundle);
  },
  60_000,
);

// Three files, the manifest, bundle, catalogue, pointer: nothing is live until the last one.
test("a first publish that dies at any write leaves nothing live, and a second one finishes", async () => {
  const own = await openLocalKeyValue(join(root, "wrangler.toml"), join(folder, "empty"));
  const encoder = unwrap(await readEncoder(join(root, "models/encoder")));
  try {
    for (const write of [1, 2, 3, 4, 5, 6, 7]) {
      const dying = dyingAt(1, "after", own);
      // Each attempt gets one write further than the one before: what is there is not sent again.
      await expect(upload(dying, { ...asked(first), encoder })).rejects.toThrow("killed");
      expect((await readLivePointer(own)) === undefined).toBe(write < 7);
    }
    expect((await readLivePointer(own))?.bundle).toBe(first.bundle.sha256);
  } finally {
    await own.close();
  }
});

test("dying right after the pointer was written leaves the new state complete", async () => {
  const publication = await publicationOf("dies-late");
  await expect(upload(dyingAt(3, "after"), asked(publication))).rejects.toThrow("killed");
  expect((await readLivePointer(kv))?.bundle).toBe(publication.bundle.sha256);
  unwrap(await rollback(kv, settled, false));
});

test("content that doesn't read back as it was written leaves the pointer alone", async () => {
  const before = await readLivePointer(kv);
  const lossy: KeyValue = { ...kv, put: (key, value) => kv.put(key, value.subarray(0, value.length - 1)) };
  const publication = await publicationOf("lossy");
  expect(await upload(lossy, asked(publication))).toMatchObject({
    ok: false,
    failure: { code: "not_stored" },
  });
  expect(await readLivePointer(kv)).toEqual(before);
});

test("a pointer that somebody else moves meanwhile is not overwritten", async () => {
  const before = await readLivePointer(kv);
  const other = { ...before, source: "somebody else" };
  let moved = false;
  const busy: KeyValue = {
    ...kv,
    async put(key, value) {
      await kv.put(key, value);
      if (!moved) await kv.put(kvKeys.active, new TextEncoder().encode(JSON.stringify(other)));
      moved = true;
    },
  };
  expect(await upload(busy, asked(await publicationOf("race")))).toMatchObject({
    ok: false,
    failure: { code: "changed_meanwhile" },
  });
  expect(await readLivePointer(kv)).toEqual(other);
});

test("canary, shadow, promote, roll back; each reads back, a dry run writes nothing", async () => {
  const canary = { ...asked(second), role: { kind: "canary", percent: 10 } } as const;
  const before = await readLivePointer(kv);
  const plan = unwrap(await planUpload(kv, canary));
  expect(plan.pointer.canary?.percent).toBe(10);
  expect(await readLivePointer(kv)).toEqual(before);

  unwrap(await upload(kv, canary));
  const { bundle, catalogue } = second;
  expect(await readLivePointer(kv)).toMatchObject({
    bundle: first.bundle.sha256,
    canary: { bundle: bundle.sha256, catalogue: catalogue.sha256, percent: 10 },
  });
  const shadow = await publicationOf("shadow");
  unwrap(await upload(kv, { ...asked(shadow), role: { kind: "shadow" } }));
  expect(unwrap(await promote(kv, settled, true)).pointer.bundle).toBe(bundle.sha256);
  expect((await readLivePointer(kv))?.bundle).toBe(first.bundle.sha256);
  unwrap(await promote(kv, settled, false));
  expect(await readLivePointer(kv)).toMatchObject({
    bundle: bundle.sha256,
    catalogue: catalogue.sha256,
    shadow: { bundle: shadow.bundle.sha256 },
  });
  unwrap(await rollback(kv, settled, false));
  expect((await readLivePointer(kv))?.bundle).toBe(first.bundle.sha256);
});

test("a state whose content is damaged is not made live", async () => {
  const damaged = await publicationOf("damaged");
  unwrap(await upload(kv, { ...asked(damaged), role: { kind: "canary", percent: 50 } }));
  await kv.put(damaged.bundle.key, damaged.bundle.bytes.subarray(1));
  const before = await readLivePointer(kv);
  expect(await promote(kv, settled, false)).toMatchObject({
    ok: false,
    failure: { code: "content_damaged" },
  });
  expect(await readLivePointer(kv)).toEqual(before);
  unwrap(await rollback(kv, settled, false));
});

test("changes are told in words", async () => {
  const fewer = {
    ...second,
    predictor: { ...second.predictor, models: ["newcomer", ...second.predictor.models.slice(1)] },
  };
  const lines = await changesBetween(kv, await readLivePointer(kv), fewer);
  expect(lines).toEqual([
    `Models: added newcomer; removed ${second.predictor.models[0]}.`,
    expect.stringMatching(/^Tasks: the same \d+\.$/),
    expect.stringMatching(/^Training prompts: (\d+) -> \1\.$/),
    expect.stringMatching(/^Bundle: [\d.]+ -> [\d.]+ MB\.$/),
    expect.stringMatching(/^Prices as of .* -> 2026-01-01, .*gpt-5.4 [\d.]+\/[\d.]+.* -> 1\/[\d.]+/),
  ]);
});

type Providers = Catalogue["providers"];
const movedTo = (baseUrl: string | undefined, provider: Provider | undefined) => ({
  ...provider,
  surfaces: { chat: { baseUrl, keyHeader: "authorization" } },
});

test.each<[string, (providers: Providers) => Providers, string]>([
  [
    "every key elsewhere",
    (providers) =>
      Object.fromEntries(
        Object.entries(providers).map(([name, provider]) => [
          name,
          movedTo("https://collector.example/v1", provider),
        ]),
      ) as Providers,
    "collector.example",
  ],
  [
    "one provider's key to another's host",
    ({ openai, mistral, ...others }) =>
      ({ ...others, mistral, openai: movedTo(mistral?.baseUrl, openai) }) as Providers,
    "api.mistral.ai",
  ],
  [
    "another key to a provider's host",
    ({ openai, mistral, ...others }) =>
      ({ ...others, mistral, openai: { ...openai, keyName: mistral?.keyName } }) as Providers,
    "api.openai.com",
  ],
  [
    "a key to another path on its host",
    ({ openai, ...others }) =>
      ({ ...others, openai: movedTo(`${openai?.baseUrl}/tenant`, openai) }) as Providers,
    "api.openai.com",
  ],
  [
    "a key to another address for one surface",
    ({ openai, ...others }) =>
      ({
        ...others,
        openai: {
          ...openai,
          surfaces: {
            ...openai?.surfaces,
            messages: { baseUrl: "https://collector.example/v1", keyHeader: "x-api-key" },
          },
        },
      }) as Providers,
    "collector.example",
  ],
])(
  "a catalogue that sends %s goes live only with the host typed",
  async (_, change, host) => {
    const before = await readLivePointer(kv);
    const publication = await publicationOf("elsewhere");
    const { parsed } = publication.catalogue;
    const elsewhere = {
      ...publication,
      catalogue: { ...publication.catalogue, parsed: { ...parsed, providers: change(parsed.providers) } },
    };
    const canary = { kind: "canary", percent: 1 } as const;
    for (const options of [{ role: canary }, {}, { acceptedHosts: ["other.example"] }]) {
      const refused = await upload(kv, { ...asked(elsewhere), ...options });
      expect(refused).toMatchObject({ ok: false, failure: { code: "providers_not_accepted" } });
      expect(refused.ok ? "" : refused.failure.message).toMatch(
        new RegExp(`--accept-providers ${host.replaceAll(".", "\\.")}$`),
      );
    }
    expect(await readLivePointer(kv)).toEqual(before);
    const plan = unwrap(await planUpload(kv, { ...asked(elsewhere), acceptedHosts: [host] }));
    expect(plan.acceptance.ok).toBe(true);
  },
  60_000,
);

test("every field of a catalogue that changes is told", async () => {
  const before = first.catalogue.parsed;
  const [id, model] = Object.entries(before.models)[0] as [string, CatalogueModel];
  const { [id]: _, ...others } = before.models;
  const change = (fields: Partial<CatalogueModel>) =>
    catalogueChanges(before, { ...before, models: { ...others, [id]: { ...model, ...fields } } }).slice(1);
  expect(change({})).toEqual([]);
  expect(change({ provider: "mistral" })).toEqual([`provider: ${id} "${model.provider}" -> "mistral".`]);
  // One value that differs from the own one for each field there is: none may change in silence.
  for (const [field, value] of Object.entries(model)) {
    if (field === "price") continue;
    const other =
      typeof value === "number" ? value + 1 : typeof value === "string" ? "other" : ["vision", "x"];
    expect(change({ [field]: other }), field).toHaveLength(1);
  }
  expect(catalogueChanges(before, { ...before, models: others })[0]).toBe(`Catalogue models: removed ${id}.`);
  expect(catalogueChanges({ ...before, models: others }, before)[0]).toBe(`Catalogue models: added ${id}.`);
  const cached = { price: { ...model.price, cachedInput: 7 } };
  const [prices] = catalogueChanges(before, { ...before, models: { [id]: { ...model, ...cached } } }).slice(
    1,
  );
  expect(prices).toContain("(cached 7)");
});

test("unreferenced content is found; what is live, on trial or remembered stays", async () => {
  const now = new Date(settled.getTime() + 10 * 60_000);
  const orphan = kvKeys.bundle("0".repeat(64));
  await kv.put(orphan, new Uint8Array([1]));
  await kv.put("task/kept", new Uint8Array([1]));
  const garbage = unwrap(await findGarbage(kv, now));
  expect(garbage).toContain(orphan);
  expect(garbage.filter((key) => !/^(bundle|catalogue)\//.test(key))).toEqual([]);
  for (const key of garbage) await kv.delete(key);
  expect(unwrap(await findGarbage(kv, now))).toEqual([]);
  // Whatever is left is enough to go on: the live state is promoted over and rolled back to.
  unwrap(await upload(kv, { ...asked(second), role: { kind: "canary", percent: 1 } }));
  unwrap(await promote(kv, settled, false));
  expect(unwrap(await rollback(kv, settled, false)).pointer.bundle).toBe(first.bundle.sha256);
  expect(await findGarbage(kv, new Date(settled.getTime() + 60_000))).toMatchObject({
    ok: false,
    failure: { code: "not_settled" },
  });
});

/** Reads show what was there before a write for so long, as at Cloudflare's edge. */
function lagging(on: KeyValue, lagMs: number, patienceMs: number): KeyValue {
  const hidden = new Map<string, { readonly until: number; readonly before: Uint8Array | undefined }>();
  return {
    ...on,
    lagMs: patienceMs,
    async get(key) {
      const lag = hidden.get(key);
      return lag !== undefined && Date.now() < lag.until ? lag.before : on.get(key);
    },
    async put(key, value) {
      const before = await on.get(key);
      await on.put(key, value);
      hidden.set(key, { until: Date.now() + lagMs, before });
    },
  };
}

// A hundredth of what happens: 0, 20 and 60 s of lag, and 90 s of patience.
test.each([0, 200, 600])("a publish waits out a lag of %i ms", async (lagMs) => {
  const publication = await publicationOf(`lags-${lagMs}`);
  const pointer = unwrap(await upload(lagging(kv, lagMs, 900), asked(publication)));
  expect(pointer.bundle).toBe(publication.bundle.sha256);
  expect(await readLivePointer(kv)).toEqual(pointer);
  unwrap(await rollback(kv, settled, false));
});

test("a write that never shows is no success: content stops before the pointer, a pointer says so", async () => {
  const publication = await publicationOf("lost");
  const before = await readLivePointer(kv);
  const losing = (lost: string): KeyValue => ({
    ...kv,
    lagMs: 100,
    put: async (key, value) => (key.startsWith(lost) ? undefined : kv.put(key, value)),
  });
  const content = await upload(losing("bundle/"), asked(publication));
  expect(content).toMatchObject({ ok: false, failure: { code: "not_stored" } });
  const pointer = await upload(losing("active"), asked(publication));
  expect(pointer).toMatchObject({ ok: false, failure: { code: "not_stored" } });
  expect(await readLivePointer(kv)).toEqual(before);
});

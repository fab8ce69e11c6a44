import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unwrap } from "../../src/cli/failure.ts";
import { openKeyValue } from "../../src/cli/kv/open.ts";
import { readPublication } from "../../src/cli/kv/publication.ts";
import { upload } from "../../src/cli/kv/upload.ts";
import { type LocalWorker, startLocalWorker } from "../../src/cli/local-worker.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { copyPublishedState } from "../prepared.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const configPath = join(root, "wrangler.toml");

interface TestWorkerOptions {
  /** All models of the catalogue are reached there. */
  readonly providerUrl: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** Makes the tables of D1. */
  readonly hasTables?: boolean;
}

/** The real Worker in a local workerd, with the default bundle, and a catalogue that leads to the fake provider. */
export async function startTestWorker({
  providerUrl,
  variables = {},
  hasTables = false,
}: TestWorkerOptions): Promise<LocalWorker> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-test-"));
  await copyPublishedState(folder, hasTables);
  const cataloguePath = join(folder, "catalogue.json");
  await writeFile(cataloguePath, JSON.stringify(await testCatalogue(providerUrl)));
  const kv = await openKeyValue({ location: "local", configPath, statePath: folder });
  try {
    unwrap(
      await upload(kv, {
        publication: unwrap(await readPublication(join(root, "models/default"), cataloguePath)),
        source: "test",
        acceptedHosts: [new URL(providerUrl).host],
        publishedAt: new Date(),
        onProgress: () => undefined,
      }),
    );
  } finally {
    await kv.close();
  }
  const worker = await startLocalWorker({
    configPath,
    statePath: folder,
    port: 0,
    variables: { AUTH: "open", FAKE_API_KEY: "fake-provider-key", ...variables },
  });
  return {
    ...worker,
    async stop() {
      await worker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The bundle's models with their real prices where the default catalogue knows them, all at the fake provider. */
export async function testCatalogue(providerUrl: string): Promise<object> {
  const standard = JSON.parse(await readFile(join(root, "models/default/catalogue.json"), "utf8"));
  const bundle = new Uint8Array(await readFile(join(root, "models/default/bundle.safetensors")));
  const plain = {
    usd_per_million_tokens: { input: 1, output: 3 },
    context_tokens: 128_000,
    max_output_tokens: 8_000,
    capabilities: ["tools", "json"],
  };
  // A variant comes with the model that it is one of, and is asked for by that model's name.
  const models = unwrap(loadPredictor(bundle))
    .models.filter((id) => !id.includes("@"))
    .map((id) => [id, { ...plain, ...standard.models[id], provider: "fake", upstream: `fake/${id}` }]);
  return {
    format_version: 1,
    prices_as_of: "2025-06-30",
    providers: { fake: { base_url: providerUrl, key_name: "FAKE_API_KEY" } },
    models: Object.fromEntries(models),
  };
}

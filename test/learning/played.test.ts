import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createGunzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withDatabase } from "../../src/cli/d1/open-database.ts";
import { unwrap } from "../../src/cli/failure.ts";
import { openKeyValue } from "../../src/cli/kv/open.ts";
import { readPublication } from "../../src/cli/kv/publication.ts";
import { upload } from "../../src/cli/kv/upload.ts";
import { type LocalWorker, startLocalWorker } from "../../src/cli/local-worker.ts";
import { readBenchmark } from "../../src/evaluation/benchmark-file.ts";
import { row } from "../../src/numerics/matrix.ts";
import { permutation, seededRandom } from "../../src/numerics/random.ts";
import { dropEmptyTasks, takePrompts } from "../../src/training/dataset.ts";
import { fitRouter } from "../../src/training/fit-router.ts";
import { type FakeProvider, startFakeProvider } from "../conformance/fake-provider.ts";
import { copyPublishedState } from "../prepared.ts";
import { choose } from "./traffic.ts";
import { predictorOf } from "./world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const configPath = join(root, "wrangler.toml");
// Benchmark files hold no prompts; who has them beside the repository can play them over HTTP.
const prompts = join(root, "../shared/data/llmrouter/outcomes.jsonl.gz");
const TASK = "mmlu";
const REQUESTS = 160;

interface Prompt {
  readonly prompt: string;
  readonly outcomes: Readonly<Record<string, number>>;
}

let folder: string;
let provider: FakeProvider;
let worker: LocalWorker;
let bundle: Uint8Array;

beforeAll(async () => {
  if (!existsSync(prompts)) return;
  const { dataset, header } = unwrap(
    readBenchmark(await readFile(join(root, "models/benchmarks/llmrouter.safetensors"))),
  );
  const task = dataset.tasks.indexOf(TASK);
  const others = Int32Array.from(dataset.ids, (_, i) => i).filter(
    (i) => dataset.taskOf[i] !== task && i % 4 === 0,
  );
  const train = dropEmptyTasks(takePrompts(dataset, others));
  const encoder = { ...header.encoder, dimension: dataset.embeddings.columns };
  bundle = unwrap(await fitRouter(train, encoder, { kind: "landmark-heads", seed: 0 }));

  folder = await mkdtemp(join(tmpdir(), "signalbox-learning-"));
  provider = await startFakeProvider();
  await writeFile(join(folder, "bundle.safetensors"), bundle);
  const entry = {
    provider: "fake",
    usd_per_million_tokens: { input: 1, output: 1 },
    context_tokens: 128_000,
    max_output_tokens: 8_000,
    capabilities: [],
  };
  const catalogue = {
    format_version: 1,
    prices_as_of: "2026-01-01",
    providers: { fake: { base_url: provider.baseUrl, key_name: "FAKE_API_KEY" } },
    models: Object.fromEntries(train.models.map((id) => [id, { ...entry, upstream: id }])),
  };
  await writeFile(join(folder, "catalogue.json"), JSON.stringify(catalogue));
  await copyPublishedState(folder, true);
  const kv = await openKeyValue({ location: "local", configPath, statePath: folder });
  unwrap(
    await upload(kv, {
      publication: unwrap(await readPublication(folder)),
      source: "test",
      acceptedHosts: [new URL(provider.baseUrl).host],
      publishedAt: new Date(),
      onProgress: () => undefined,
    }),
  );
  await kv.close();
  worker = await startLocalWorker({
    configPath,
    statePath: folder,
    port: 0,
    variables: {
      AUTH: "open",
      FAKE_API_KEY: "fake-provider-key",
      DECISION_SECRET: "0123456789abcdef0123456789abcdef",
      LEARN: "live",
      LEARN_MIN_FEEDBACK: "20",
      LEARN_PER_KEY: "1000",
      POINTER_REFRESH_MS: "0",
    },
  });
});
afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function post(path: string, body: object): Promise<Response> {
  return fetch(`${worker.origin}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function promptsOfTask(): Promise<readonly Prompt[]> {
  const found: Prompt[] = [];
  for await (const line of createInterface({ input: createReadStream(prompts).pipe(createGunzip()) })) {
    const record = JSON.parse(line);
    if (record.task === TASK) found.push(record);
  }
  const order = permutation(found.length, seededRandom(7));
  return Array.from(order.subarray(0, REQUESTS), (k) => found[k] as Prompt);
}

test.skipIf(!existsSync(prompts))(
  "a task that was left out of training, played as chats with feedback, is learned within 160 requests",
  async () => {
    const before = predictorOf(bundle);
    const { dataset } = unwrap(
      readBenchmark(await readFile(join(root, "models/benchmarks/llmrouter.safetensors"))),
    );
    const answers = new Map<string, number>();
    const scores: number[] = [];
    for (const [k, { prompt, outcomes }] of (await promptsOfTask()).entries()) {
      const stream = k % 2 === 0;
      const options = stream ? { stream, stream_options: { include_usage: true } } : {};
      const chat = await post("/v1/chat/completions", {
        model: "auto",
        messages: [{ role: "user", content: prompt }],
        ...options,
      });
      expect(chat.status).toBe(200);
      await chat.text();
      const model = chat.headers.get("x-signalbox-model") as string;
      const score = outcomes[model] as number;
      answers.set(model, (answers.get(model) ?? 0) + 1);
      scores.push(score);
      const decision = chat.headers.get("x-signalbox-decision");
      expect((await post("/v1/feedback", { decision, score })).status).toBe(200);
      if (k % 20 === 19) await worker.scheduled();
    }
    // What the same bundle chooses for the same task where it never learns.
    const task = dataset.tasks.indexOf(TASK);
    const own = dataset.ids.map((_, i) => i).filter((i) => dataset.taskOf[i] === task);
    const scoreAt = (i: number) => {
      const best = choose(
        before.predict(row(dataset.embeddings, i) as Float32Array).decisionScore,
        () => true,
      );
      return dataset.outcomes.data[
        i * dataset.outcomes.columns + dataset.models.indexOf(before.models[best] as string)
      ] as number;
    };
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(scores.slice(80))).toBeGreaterThan(mean(own.map(scoreAt)) + 0.2);

    const kept = await withDatabase({ config: configPath, state: folder }, async (database) => {
      const rows = async (sql: string) => (await database.prepare(sql).bind().all()).results;
      return {
        completions: await rows(
          "SELECT COUNT(*) AS rows, MIN(visible_tokens) AS least, MAX(visible_tokens) AS most FROM completions",
        ),
        published: await rows("SELECT COUNT(*) AS runs FROM learning_runs WHERE stage = 'published'"),
      };
    });
    // The provider counts 12 tokens, whether it streams or not.
    expect(kept.completions).toEqual([{ rows: REQUESTS, least: 12, most: 12 }]);
    expect(Number(kept.published[0]?.["runs"])).toBeGreaterThan(0);

    // Lengths came along: answers of whoever gave most are expected to be shorter than was assumed.
    const decision = (await (await post("/v1/route", { prompt: "Which is it, A or B?" })).json()) as {
      readonly ranking: readonly { readonly model: string; readonly expected_usd: number }[];
    };
    const [most] = [...answers].toSorted(([, a], [, b]) => b - a);
    const asked = decision.ranking.find(({ model }) => model === most[0]);
    // Where lengths aren't known 400 tokens are assumed, 400e-6 USD here.
    expect(asked?.expected_usd).toBeLessThan(200e-6);
  },
);

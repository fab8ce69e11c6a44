import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = join(root, "examples/collect-promptfoo/collect.ts");
const brief = join(root, "examples/collect-promptfoo/brief.json");
/** Such as `npx promptfoo@0.121`: 2 GB, so it is no dependency. */
const promptfoo = process.env["PROMPTFOO"];
if (!promptfoo) console.warn("promptfoo itself is not run: PROMPTFOO names its command");

let folder: string;
let provider: Server;
let made = 0;
const asked: { readonly model: string; readonly content: string; readonly key: string | undefined }[] = [];

/** Sums are answered right by `up-large` alone; whoever is asked for prompts makes some, of which one comes again and again. */
function answerTo(model: string, content: string): string {
  if (content.includes("more prompts of one kind")) {
    const items = Array.from({ length: 20 }, () => ({ prompt: `Made question ${made++}?`, expected: "7" }));
    const useless = [
      { prompt: "Made question 0?", expected: "7" },
      { prompt: "Nobody can grade this" },
      null,
    ];
    return `Here they are:\n\`\`\`json\n${JSON.stringify([...useless, ...items])}\n\`\`\``;
  }
  return model === "up-large" ? "The answer is 4." : "No idea.";
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signalbox-collect-"));
  provider = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { model, messages } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const { content } = messages.at(-1);
    asked.push({ model, content, key: request.headers.authorization });
    const message = { role: "assistant", content: answerTo(model, content) };
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ model, choices: [{ index: 0, message, finish_reason: "stop" }], usage }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => provider.once("listening", resolve));
  const model = (name: string, output: number) => ({
    provider: "home",
    upstream: `up-${name}`,
    usd_per_million_tokens: { input: 1, output },
    unseen_output_tokens: 100,
    variants: { high: { request: { reasoning_effort: "high" } } },
  });
  const base_url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
  await writeFile(
    join(folder, "catalogue.json"),
    JSON.stringify({
      providers: { home: { base_url, key_name: "HOME_API_KEY" } },
      models: { small: model("small", 1), large: model("large", 10) },
    }),
  );
  const lines = [
    { prompt: "What is 2 plus 2?", expected: "4" },
    { prompt: "What is 1 plus 3?", expected: "4", made_by: "large" },
  ];
  await writeFile(join(folder, "prompts.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
});
afterAll(async () => {
  await new Promise((resolve) => provider?.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function collect(...args: readonly string[]) {
  const { PATH = "", HOME = "" } = process.env;
  const env = {
    PATH,
    HOME,
    HOME_API_KEY: "a-key",
    PROMPTFOO: promptfoo ?? "",
    PROMPTFOO_DISABLE_TELEMETRY: "1",
  };
  return promisify(execFile)(process.execPath, [script, ...args, "--catalogue", "catalogue.json"], {
    cwd: folder,
    env,
  });
}

const failing = (...args: readonly string[]) => collect(...args).catch((error: unknown) => error);

test("a hundred prompts are made of a brief, each once and marked", async () => {
  await collect("make", brief, "--model", "large", "--out", "made.jsonl");
  const prompts = (await readFile(join(folder, "made.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(prompts).toHaveLength(100);
  expect(new Set(prompts.map(({ prompt }) => prompt)).size).toBe(100);
  expect(prompts.every(({ made_by, expected }) => made_by === "large" && expected === "7")).toBe(true);
  expect(asked[0]).toMatchObject({
    model: "up-large",
    key: "Bearer a-key",
    content: expect.stringContaining("home cooks"),
  });
});

describe("a plan", () => {
  const models = ["--models", "small,large@high"];

  test("says what it costs, and writes what promptfoo takes", async () => {
    const { stderr } = await collect("plan", "prompts.jsonl", ...models);
    // Two prompts of 17 characters, 300 tokens of answer and 100 unseen: 1 and 10 USD per million.
    expect(stderr).toMatch(
      /small +about 0\.0008 USD\n +large@high +about 0\.0080 USD\n +total +about 0\.0088 USD/,
    );
    const config = JSON.parse(await readFile(join(folder, "promptfooconfig.json"), "utf8"));
    expect(config.providers[1]).toMatchObject({
      id: "openai:chat:up-large",
      label: "large@high",
      config: { apiKeyEnvar: "HOME_API_KEY", passthrough: { reasoning_effort: "high" } },
    });
    expect(config.tests).toHaveLength(2);
  });

  test("beyond the budget is refused before anything is spent", async () => {
    const before = asked.length;
    expect(await failing("run", "prompts.jsonl", ...models, "--max-usd", "0.001")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("more than --max-usd 0.001"),
    });
    expect(await failing("make", brief, "--model", "large", "--max-usd", "0.001")).toMatchObject({ code: 1 });
    expect(asked.length).toBe(before);
  });

  test("that makes no sense says what is missing", async () => {
    expect(await failing("plan", "prompts.jsonl", "--models", "small")).toMatchObject({
      stderr: expect.stringContaining("at least two"),
    });
    expect(await failing("plan", "prompts.jsonl", "--models", "small,none")).toMatchObject({
      stderr: expect.stringContaining("has no model none"),
    });
    await writeFile(join(folder, "ungraded.jsonl"), '{"prompt": "Name a river."}\n');
    expect(await failing("plan", "ungraded.jsonl", ...models)).toMatchObject({
      stderr: expect.stringContaining("who is to grade it?"),
    });
  });
});

test.skipIf(!promptfoo)(
  "promptfoo asks, grades, and its results become outcomes; what was made is apart",
  async () => {
    await collect("run", "prompts.jsonl", "--models", "small,large");
    const outcomes = (await readFile(join(folder, "outcomes.jsonl"), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(outcomes).toMatchObject([
      { task: "collected", prompt: "What is 2 plus 2?", outcomes: { small: 0, large: 1 } },
      { task: "collected-made", made_by: "large", outcomes: { small: 0, large: 1 } },
    ]);
  },
);

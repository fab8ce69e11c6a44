import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LocalWorker } from "../../src/cli/local-worker.ts";
import { createApiKey } from "../../src/contract/api-key.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.ts";
import { startTestWorker } from "./test-worker.ts";

// The official package, unchanged: what an app has today, with another base URL.
let provider: FakeProvider;
let worker: LocalWorker;
let openai: OpenAI;
let model: string;
let key: string;

const messages = [{ role: "user" as const, content: "How many positive divisors does 360 have?" }];

beforeAll(async () => {
  const made = await createApiKey("app", (count) => crypto.getRandomValues(new Uint8Array(count)));
  if (!made.ok) throw new Error(made.failure.message);
  key = made.value.key;
  provider = await startFakeProvider();
  worker = await startTestWorker({
    providerUrl: provider.baseUrl,
    variables: { AUTH: "keys", API_KEYS: made.value.record },
  });
  openai = new OpenAI({ baseURL: `${worker.origin}/v1`, apiKey: made.value.key, maxRetries: 0 });
  const models = await openai.models.list();
  model = models.data.find(({ id }) => id !== "auto")?.id as string;
});

afterAll(async () => {
  await worker?.stop();
  await provider?.stop();
});

beforeEach(() => provider.reset());

describe("the openai package", () => {
  test("lists models, auto first", async () => {
    const { data } = await openai.models.list();
    expect(data[0]?.id).toBe("auto");
    expect(data.length).toBeGreaterThan(5);
  });

  test("completes", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: "auto", messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toMatch(/^Hello from fake\//);
    expect(data.usage?.total_tokens).toBe(21);
    const decided = response.headers.get("x-signalbox-model");
    expect(`fake/${decided?.replace(/@.*/, "")}`).toBe(provider.seen[0]?.model);
  });

  test("takes Signalbox's options beside OpenAI's", async () => {
    const body = { model: "auto", messages, signalbox: { models: [model], explain: false } };
    const { response } = await openai.chat.completions.create(body).withResponse();
    expect(response.headers.get("x-signalbox-model")).toBe(model);
  });

  test("streams", async () => {
    let text = "";
    let chunks = 0;
    for await (const chunk of await openai.chat.completions.create({
      model: "auto:tolerance=0.1",
      messages,
      stream: true,
    })) {
      text += chunk.choices[0]?.delta.content ?? "";
      chunks++;
    }
    expect(chunks).toBe(5);
    expect(text).toBe("word1 字🙂 word2 字🙂 word3 字🙂 word4 字🙂 ");
  });

  test("calls tools", async () => {
    for (const { id } of (await openai.models.list()).data)
      provider.behave(`fake/${id}`, { kind: "tool-call" });
    const completion = await openai.chat.completions.create({
      model: "auto",
      messages,
      tools: [{ type: "function", function: { name: "get_weather", parameters: { type: "object" } } }],
    });
    const call = completion.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" && JSON.parse(call.function.arguments)).toEqual({ city: "Turku" });
    expect(provider.seen[0]?.body.tools).toHaveLength(1);
  });

  test("aborts a stream, and the provider hears of it", async () => {
    provider.behave(`fake/${model}`, { kind: "answer", chunks: 200_000 });
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    for await (const _ of stream) break;
    stream.controller.abort();
    await expect.poll(() => provider.seen[0]?.aborted).toBe(true);
  });

  test("raises its own errors", async () => {
    const create = (body: object = {}, client = openai) =>
      client.chat.completions.create({ model: "auto", messages, ...body });
    const stranger = new OpenAI({ baseURL: `${worker.origin}/v1`, apiKey: "sk-wrong", maxRetries: 0 });
    await expect(create({}, stranger)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(create({ model: "gpt-99" })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(create({ signalbox: { spend: 2 } })).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(create({ signalbox: { spend: 2 } })).rejects.toMatchObject({
      status: 400,
      code: "invalid_request",
      param: "signalbox.spend",
    });
    provider.behave(`fake/${model}`, { kind: "status", status: 500 });
    await expect(create({ model })).rejects.toBeInstanceOf(OpenAI.InternalServerError);
    provider.behave(`fake/${model}`, { kind: "status", status: 429, headers: { "retry-after": "1" } });
    await expect(create({ model })).rejects.toBeInstanceOf(OpenAI.RateLimitError);
  });
});

describe("signalbox launch", () => {
  const launch = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
    runCommand(["launch", ...args], { SIGNALBOX_URL: worker.origin, SIGNALBOX_KEY: key, ...variables });

  test.each([
    ["codex", { SIGNALBOX_KEY: () => key }],
    [
      "claude",
      {
        ANTHROPIC_BASE_URL: () => worker.origin,
        ANTHROPIC_AUTH_TOKEN: () => key,
        ANTHROPIC_API_KEY: () => "",
        ANTHROPIC_MODEL: () => "claude-auto:spend=0.3",
        ANTHROPIC_DEFAULT_HAIKU_MODEL: () => "claude-auto:tolerance=1",
      },
    ],
  ])("prints what a shell sets for %s", async (tool, variables) => {
    const { stdout } = await launch([tool, "--model", "auto:spend=0.3", "--print"]);
    const wanted = Object.keys(variables);
    const echo = wanted.map((variable) => `printf '%s\n' "$${variable}"`).join("\n");
    const set = spawnSync("sh", ["-c", `${stdout}\n${echo}`], { encoding: "utf8" });
    const values = Object.values(variables).map((value) => value());
    expect([set.status, set.stdout.split("\n").slice(0, -1)]).toEqual([0, values]);
  });

  test("starts the tool with its own arguments, and ends as it ends", async () => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-tools-"));
    const echo = '#!/bin/sh\necho "$OPENCODE_CONFIG_CONTENT|$ANTHROPIC_BASE_URL|$*"\nexit 7\n';
    for (const tool of ["claude", "codex", "opencode"]) {
      await writeFile(join(folder, tool), echo, { mode: 0o755 });
    }
    try {
      const PATH = `${folder}:${process.env["PATH"]}`;
      const claude = await launch(["claude", "--", "-p", "Don't"], { PATH });
      expect(claude).toMatchObject({ code: 7, stdout: `|${worker.origin}|-p Don't\n` });
      const codex = await launch(["codex", "--", "exec", "x"], { PATH });
      expect(codex.stdout).toContain(`-c model_providers.signalbox.base_url="${worker.origin}/v1"`);
      expect(codex.stdout).toMatch(/wire_api="responses" exec x\n$/);
      const opencode = await launch(["opencode"], { PATH });
      const configuration = JSON.parse(opencode.stdout.split("|")[0] as string);
      expect(configuration.model).toBe("signalbox/auto");
      expect(configuration.provider.signalbox.options.baseURL).toBe(`${worker.origin}/v1`);
      // The key is in the environment, not in what may be logged.
      expect(opencode.stdout).not.toContain(key);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test.each<[readonly string[], Readonly<Record<string, string>>, number, RegExp]>([
    [["claude"], { PATH: "/nowhere" }, 1, /npm install -g @anthropic-ai\/claude-code/],
    [["codex"], { PATH: "/nowhere" }, 1, /npm install -g @openai\/codex/],
    [["opencode"], { PATH: "/nowhere" }, 1, /npm install -g opencode-ai/],
    [["aider"], {}, 2, /claude, codex, opencode/],
    [["claude", "--url", "router"], {}, 2, /--url "router" is no address/],
  ])("%j is told what is missing", async (args, variables, code, told) => {
    const ended = await launch(args, variables);
    expect(ended).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(told) });
  });

  test.each<[readonly string[], Readonly<Record<string, string>>, RegExp]>([
    [["sh"], { SIGNALBOX_KEY: "sb_wrong" }, /this key is wrong.*set SIGNALBOX_KEY/],
    [["sh", "--url", "http://127.0.0.1:9"], {}, /no Worker answers at http:\/\/127\.0\.0\.1:9;.*--url/],
    [["sh", "--model", "gpt-99"], {}, /"gpt-99" is neither auto nor a model/],
  ])("%j: the Worker is asked before the tool is started", async ([, ...args], variables, told) => {
    const folder = await mkdtemp(join(tmpdir(), "signalbox-tools-"));
    await writeFile(join(folder, "claude"), "#!/bin/sh\necho started\n", { mode: 0o755 });
    const ended = await launch(["claude", ...args], {
      ...variables,
      PATH: `${folder}:${process.env["PATH"]}`,
    });
    await rm(folder, { recursive: true, force: true });
    expect([ended.code === 0, ended.stdout]).toEqual([false, ""]);
    expect(ended.stderr).toMatch(told);
  });
});

/** The command line in a process of its own. */
function runCommand(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
  const env = { ...process.env, ...variables };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

import { describe, expect, test } from "vitest";
import { asked, chat, post, provider, useAutoWorld } from "./auto-world.ts";

// What a request needs of a model: room for its answer and for itself, files, an effort.
useAutoWorld();

describe("the length of the answer", () => {
  test("a model that writes as much is chosen, where one is there", async () => {
    await chat({
      max_tokens: 8192,
      signalbox: { models: ["gpt-4.1-mini", "gpt-4.1", "gemini-3.1-flash-lite"] },
    });
    expect([asked(), provider.seen[0]?.body.max_tokens]).toEqual([["gemini-3.1-flash-lite"], 8192]);
  });

  test.each(["max_tokens", "max_completion_tokens"])("%s is cut where none is", async (name) => {
    const response = await chat({ [name]: 8192, signalbox: { models: ["gpt-4.1-mini", "gpt-4.1"] } });
    expect([response.status, provider.seen[0]?.body[name]]).toEqual([200, 4096]);
  });

  test("a model by its name is asked for what the caller wrote", async () => {
    await chat({ model: "gpt-4.1-mini", max_tokens: 8192 });
    expect(provider.seen[0]?.body.max_tokens).toBe(8192);
  });
});

describe("what the user did not write", () => {
  test.each<[string, readonly object[]]>([
    ["a system message alone", [{ role: "system", content: "Write a haiku about routers." }]],
    ["a developer message alone", [{ role: "developer", content: "Write a haiku about routers." }]],
    ["an assistant message alone", [{ role: "assistant", content: "Once upon a time" }]],
    ["an empty user message", [{ role: "user", content: "" }]],
    ["a user message of null", [{ role: "user", content: null }]],
    ["a user message without parts", [{ role: "user", content: [] }]],
    ["a no-break space", [{ role: "user", content: "\u00a0" }]],
    ["a file alone", [{ role: "user", content: [{ type: "file", file: { file_id: "x" } }] }]],
    ["sound alone", [{ role: "user", content: [{ type: "input_audio", input_audio: { data: "AA" } }] }]],
  ])("%s is answered", async (_, sent) => {
    const response = await chat({ messages: sent });
    expect(response.status).toBe(200);
    const decided = await post("/v1/route", { messages: sent });
    expect(decided.status).toBe(200);
  });

  test.each(["", null, [], [{ type: "image_url", image_url: { url: "data:image/png;base64,AA" } }]])(
    "without any words, %j goes to the model that is best on average",
    async (content) => {
      const decided = await post("/v1/route", { messages: [{ role: "user", content }] });
      expect((await decided.json()).reason).toBe("best_on_average");
    },
  );

  test("a PDF is counted by its pages", async () => {
    const file = { filename: "a.pdf", file_data: `data:application/pdf;base64,${"A".repeat(600_000)}` };
    const content = [
      { type: "text", text: "Summarise this." },
      { type: "file", file },
    ];
    const response = await chat({
      messages: [{ role: "user", content }],
      signalbox: { models: ["gpt-4o*"] },
    });
    expect(response.status).toBe(200);
  });

  test("sound is counted by its length", async () => {
    const sound = { type: "input_audio", input_audio: { data: "A".repeat(480_000), format: "mp3" } };
    const content = [{ type: "text", text: "What is said?" }, sound];
    const response = await chat({
      messages: [{ role: "user", content }],
      signalbox: { models: ["gpt-4o*"] },
    });
    expect(response.status).toBe(200);
  });

  test("files go to models that take them, where the catalogue knows some", async () => {
    const content = [{ type: "file", file: { file_id: "x" } }];
    const decided = await post("/v1/route", { messages: [{ role: "user", content }] });
    const { ranking: seeing } = await decided.json();
    expect(seeing.map(({ model }: { model: string }) => model)).not.toContain("deepseek-v3.2");
    const required = await post("/v1/route", { prompt: "x", require: { files: true } });
    expect((await required.json()).error.code).toBe("no_candidates");
  });
});

describe("the context window", () => {
  const line =
    "2026-11-30T19:00:01.123Z [worker-17] INFO  req=8f3a2b1c status=200 dur=12ms path=/api/v1/x?id=8812\n";
  test.each<[string, string, readonly string[], string]>([
    ["a log", line.repeat(4500), ["gpt-4o-mini", "gemini-3.1-flash-lite"], "gemini-3.1-flash-lite"],
    [
      "hexadecimal",
      "9f86d081884c7d65".repeat(15_000),
      ["gpt-4o-mini", "gemini-3.1-flash-lite"],
      "gemini-3.1-flash-lite",
    ],
    [
      "Chinese",
      "如何预防感冒？".repeat(27_000),
      ["gpt-4o-mini", "gemini-3.1-flash-lite"],
      "gemini-3.1-flash-lite",
    ],
    ["no room for the answer", "word ".repeat(7_400), ["llama-3.3-70b-instruct", "gpt-4.1"], "gpt-4.1"],
  ])("%s", async (_, prompt, models, chosen) => {
    const decided = await post("/v1/route", { prompt, models, spend: 0 });
    expect((await decided.json()).model).toBe(chosen);
  });
});

test("a variant of a model is asked for with its fields, unless the caller set them", async () => {
  const named = (fields: object) => chat({ model: "gpt-5.4@low", ...fields });
  await named({});
  await named({ reasoning_effort: "high" });
  expect(provider.seen.map(({ body }) => body.reasoning_effort)).toEqual(["low", "high"]);
});

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { FormatName } from "../../src/importers/formats.ts";
import { fixture, importWith, temporaryFolder } from "./fixtures.ts";

// Files as real tools and spreadsheets leave them, each with what should come of it.
const temporary = temporaryFolder();
const file = (name: string) => fixture(`cases/${name}`);

type Options = Parameters<typeof importWith>[2];
type Scores = Readonly<Record<string, number>>;
const two = "What is 2 plus 2?";

const read: readonly (readonly [FormatName, string, Options, Readonly<Record<string, Scores>>])[] = [
  ["csv", "csv-capitals.csv", {}, { [two]: { "tiny-a": 1 } }],
  ["csv", "csv-score-capital.csv", {}, { [two]: { "tiny-a": 1 } }],
  ["csv", "csv-words.csv", {}, { [two]: { "tiny-a": 1, "tiny-b": 0 } }],
  ["csv", "csv-percent.csv", {}, { [two]: { "tiny-a": 0.85 } }],
  ["csv", "csv-percent.csv", { maxScore: 10 }, { [two]: { "tiny-a": 0.85 } }],
  ["csv", "csv-na.csv", {}, { [two]: { "tiny-a": 1 } }],
  ["csv", "csv-model-space.csv", {}, { [two]: { "tiny-a": 1 }, "What is 3 plus 3?": { "tiny-a": 0 } }],
  ["csv", "csv-utf16.csv", {}, { [two]: { "tiny-a": 1 } }],
  ["csv", "csv-semicolon.csv", {}, { 'Say "four" please': { "tiny-a": 1, "tiny-b": 0.5 } }],
  ["csv", "csv-trailing.csv", {}, { [two]: { "tiny-a": 1, "tiny-b": 0 } }],
  [
    ...(["csv", "csv-index.csv", {}] as const),
    { [two]: { "tiny-a": 1, "tiny-b": 0 }, "What is 3 plus 3?": { "tiny-a": 1, "tiny-b": 1 } },
  ],
  [
    ...(["csv", "csv-index-3rows.csv", {}] as const),
    {
      [two]: { "tiny-a": 1, "tiny-b": 0 },
      "What is 3 plus 3?": { "tiny-a": 1, "tiny-b": 1 },
      "What is 4 plus 4?": { "tiny-a": 0, "tiny-b": 1 },
    },
  ],
  ["routerbench", "routerbench-nan.csv", {}, { "What is 2+2?": { "gpt-4": 1 } }],
  ["promptfoo", "promptfoo-failed-call.json", {}, { [two]: { "tiny-a": 1 } }],
  ["promptfoo", "promptfoo-summary.json", {}, { [two]: { "tiny-a": 1 } }],
  ["promptfoo", "promptfoo-indented-chat.json", {}, { [two]: { "tiny-a": 1, "tiny-b": 1 } }],
  ["openai-evals", "oa-cut.jsonl", {}, { Q1: { "gpt-x": 1 } }],
];

test.each(read)("%s reads %s with %j", async (format, name, options, expected) => {
  const result = await importWith(format, [file(name)], options);
  if (!result.ok) throw new Error(result.failure.message);
  const outcomes = result.value.records.map(({ prompt, outcomes }) => [prompt, outcomes]);
  expect(Object.fromEntries(outcomes)).toEqual(expected);
});

test("one table a model: the folder is the task, so that prompts meet; dots of names stay", async () => {
  const files = [file("answers-tiny-a.csv"), file("answers-tiny-b.csv")];
  const result = await importWith("csv", files, { models: ["tiny-a", "tiny-b"] });
  expect(result).toMatchObject({
    ok: true,
    value: { summary: { prompts: 2, comparable: 2, tasks: { cases: 2 } } },
  });
  const dotted = await temporary.put("gpt-4.1-mini.csv", "prompt,model,score\nWhat is 2 plus 2?,a,1\n");
  expect(await importWith("csv", [dotted])).toMatchObject({
    ok: true,
    value: { summary: { comparable: 0, tasks: { "gpt-4.1-mini": 1 } } },
  });
});

test("metric and filter belong together: a group of tasks is read whole, and the rest is told", async () => {
  const time = "2026-01-01T00-00-00.000000";
  const files = [file(`samples_sums_gen_${time}.jsonl`), file(`samples_even_mc_${time}.jsonl`)];
  const result = await importWith("lm-eval", files, { metrics: ["exact_match,strict-match", "acc"] });
  if (!result.ok) throw new Error(result.failure.message);
  expect(result.value.summary).toMatchObject({ prompts: 4, tasks: { sums_gen: 2, even_mc: 2 } });
  expect(result.value.summary.skipped.map(({ reason }) => reason)).toEqual([
    "another filter (flexible-extract)",
  ]);
});

test("unfinished logs of Inspect, and its list of logs, are passed over with the reason", async () => {
  const names = ["inspect-no-samples.json", "inspect-killed.eval", "logs.json", "inspect-ok.json"];
  const result = await importWith("inspect", names.map(file));
  if (!result.ok) throw new Error(result.failure.message);
  expect(result.value.records.map(({ outcomes }) => outcomes)).toEqual([{ "mock/tiny-b": 1 }]);
  expect(result.value.summary.skipped.map(({ reason }) => reason)).toEqual([
    "a log without samples (status cancelled)",
    "an unfinished log, without a header",
    "Inspect's list of logs, no log itself",
  ]);
});

test("a chat and a completion model of OpenAI evals meet in one prompt, in either order", async () => {
  for (const names of [
    ["oa-chat.jsonl", "oa-text.jsonl"],
    ["oa-text.jsonl", "oa-chat.jsonl"],
  ]) {
    const result = await importWith("openai-evals", names.map(file));
    expect(result).toMatchObject({
      ok: true,
      value: { records: [{ prompt: two, outcomes: { "gpt-x": 1, "davinci-x": 0 } }] },
    });
  }
});

test("what is no table is named, with the way out", async () => {
  const workbook = await importWith("csv", [file("csv-excel.xlsx")]);
  expect(workbook.ok ? "" : workbook.failure.message).toMatch(/a spreadsheet .*save its sheet as CSV/);
  const average = await temporary.put("average.csv", "prompt,tiny-a,tiny-b,Average\nQ,1,0,0.5\n");
  const asked = await importWith("csv", [average]);
  expect(asked.ok ? "" : asked.failure.message).toContain(
    'is the column "Average" a model? Say which columns are: --columns tiny-a,tiny-b',
  );
  expect(await importWith("csv", [average], { columns: ["tiny-a", "tiny-b"] })).toMatchObject({
    ok: true,
    value: { records: [{ outcomes: { "tiny-a": 1, "tiny-b": 0 } }] },
  });
});

test("any table by a map of its columns: CSV, JSON lines, a JSON document with rows", async () => {
  const row = {
    inputs: { messages: [{ role: "user", content: two }] },
    metadata: { llm: "tiny-a" },
    feedback: { correctness: 0.5 },
  };
  const map = { prompt: "inputs.messages", model: "metadata.llm", score: "feedback.correctness" };
  const lines = await temporary.put("rows.jsonl", `${JSON.stringify(row)}\n`);
  const document = await temporary.put("rows.json", JSON.stringify({ runs: [row] }));
  for (const path of [lines, document]) {
    const result = await importWith("csv", [path], { map });
    expect(result).toMatchObject({
      ok: true,
      value: { records: [{ prompt: two, outcomes: { "tiny-a": 0.5 } }] },
    });
  }
  const none = await importWith("csv", [lines], { map: { ...map, score: "grade" } });
  expect(none.ok ? "" : none.failure.message).toContain(
    'the column "grade" is missing; there is: inputs.messages',
  );
});

test("preferences: the winner is right, a tie is half, both bad is none", async () => {
  const table = [
    "prompt,model_a,model_b,winner",
    '"[""First"", ""Second""]",x,y,model_a',
    "Other,x,y,tie",
    "Bad,x,y,tie (bothbad)",
    "Named,x,y,y",
  ].join("\n");
  const path = await temporary.put("arena.csv", table);
  const result = await importWith("preferences", [path]);
  if (!result.ok) throw new Error(result.failure.message);
  expect(result.value.records.map(({ prompt, outcomes }) => [prompt, outcomes])).toEqual([
    ["First", { x: 1, y: 0 }],
    ["Other", { x: 0.5, y: 0.5 }],
    ["Bad", { x: 0, y: 0 }],
    ["Named", { x: 0, y: 1 }],
  ]);
  const odd = await temporary.put("odd.csv", "prompt,model_a,model_b,winner\nQ,x,y,z\n");
  const failed = await importWith("preferences", [odd]);
  expect(failed.ok ? "" : failed.failure.message).toMatch(/odd\.csv:2: "winner" is "z"/);
});

test("LLMRouterBench: folders tell task and model", async () => {
  const { mkdir, writeFile } = await import("node:fs/promises");
  const folder = `${temporary.path()}/bench/sums/test/tiny-a`;
  await mkdir(folder, { recursive: true });
  const records = [
    {
      index: 1,
      origin_query: two,
      prompt: `Question: ${two}`,
      score: 1.0,
      completion_tokens: 5,
      cost: 0.0001,
    },
  ];
  await writeFile(`${folder}/1.json`, JSON.stringify({ performance: 1, records }));
  expect(await importWith("llmrouterbench", [`${folder}/1.json`])).toMatchObject({
    ok: true,
    value: {
      records: [
        { task: "sums", id: "1", prompt: two, outcomes: { "tiny-a": 1 }, outputTokens: { "tiny-a": 5 } },
      ],
    },
  });
});

test("a row of a tool that says too much or too little asks for the option that is missing", async () => {
  const row = { inputs: { question: two, style: "brief" }, "feedback.right": 1, "feedback.short": 0 };
  const file = await temporary.put("wide.jsonl", `${JSON.stringify(row)}\n`);
  const messages = [];
  for (const options of [{}, { promptField: "question" }, { promptField: "question", metrics: ["right"] }]) {
    const failed = await importWith("langsmith", [file], options);
    messages.push(failed.ok ? "" : failed.failure.message);
  }
  expect(messages).toEqual([
    expect.stringContaining("Say it with --prompt-field: question, style"),
    expect.stringContaining("choose one with --metric: right, short"),
    expect.stringContaining("give it with --model"),
  ]);
  const options = { promptField: "question", metrics: ["right"], models: ["tiny-a"] };
  expect(await importWith("langsmith", [file], options)).toMatchObject({
    ok: true,
    value: { records: [{ prompt: two, outcomes: { "tiny-a": 1 } }] },
  });
});

test("fields nested without end are read no deeper than tools nest them", async () => {
  const depth = 100_000;
  const row = `{"prompt":"Q","model":"a","score":1,"x":${'{"y":'.repeat(depth)}1${"}".repeat(depth)}}`;
  const file = await temporary.put("deep.jsonl", row);
  const read = await importWith("csv", [file]);
  // Either the row is read without what is nested in it, or the runtime's own parser refuses it; in both cases at once.
  expect(read.ok ? "read" : read.failure.code).toMatch(/^(read|broken_line)$/);
});

test("promptfoo's own CSV: a model's columns stand together, a failed call is no wrong answer", async () => {
  const result = await importWith("promptfoo", [fixture("promptfoo/results.csv")], {
    promptField: "question",
  });
  if (!result.ok) throw new Error(result.failure.message);
  expect(result.value.records.map(({ prompt, outcomes }) => [prompt, outcomes])).toEqual([
    [two, { "tiny-a": 1 }],
    ['What is 3 plus 3, "doubled"?', { "tiny-a": 0, "tiny-b": 1 }],
  ]);
  expect(result.value.summary.skipped).toMatchObject([{ reason: "the call ended in an error", count: 1 }]);
  const sent = await importWith("promptfoo", [fixture("promptfoo/results.csv")]);
  expect(sent.ok && sent.value.records[0]?.prompt).toBe(`Answer with the result only. ${two}`);
  const older = await temporary.put(
    "older.csv",
    "question,[a] {{question}},[b] {{question}}\nQ,[PASS] 4,[FAIL] 5\n",
  );
  expect(await importWith("promptfoo", [older])).toMatchObject({
    ok: true,
    value: { records: [{ prompt: "Q", outcomes: { a: 1, b: 0 }, outputChars: { a: 1, b: 1 } }] },
  });
});

test("promptfoo's JSON lines are its results one by one", async () => {
  const document = JSON.parse(await readFile(fixture("promptfoo/results.json"), "utf8"));
  const lines = document.results.results.map((line: object) => `${JSON.stringify(line)}\n`).join("");
  const file = await temporary.put("results.jsonl", lines);
  const options = { promptField: "question", task: "sums" };
  const [one, other] = [
    await importWith("promptfoo", [file], options),
    await importWith("promptfoo", [fixture("promptfoo/results.json")], options),
  ];
  expect(one.ok && one.value.records).toEqual(other.ok && other.value.records);
  expect(one.ok && one.value.summary.prompts).toBe(6);
});

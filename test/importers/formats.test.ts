import { describe, expect, test } from "vitest";
import { type FormatName, formats } from "../../src/importers/formats.ts";
import type { ImportedOutcomes } from "../../src/importers/import-files.ts";
import type { OutcomeRecord } from "../../src/outcomes/outcome.ts";
import { fixture, importWith } from "./fixtures.ts";

// What the files hold: two made-up models, of which tiny-b gets every second question wrong.
const pears = "Anna fills 7 baskets with 12 pears each and gives 15 pears away. How many pears are left?";
const train = "A train leaves at 9:40 and travels for 95 minutes. At what time does it arrive?";

async function imported(...args: Parameters<typeof importWith>): Promise<ImportedOutcomes> {
  const result = await importWith(...args);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

const lmEvalFiles = ["tiny-a", "tiny-b"].map((model) => fixture(`lm-eval/${model}`, ".jsonl"));
const lmEvalChoices = fixture("lm-eval/dummy", ".jsonl");
const inspectFiles = [fixture("inspect", ".json"), fixture("inspect", ".eval")];
const helmRuns = [
  fixture("helm/everyday-tiny-a"),
  fixture("helm/everyday-tiny-b", "per_instance_stats.json"),
];

/** Format, files, options -> the first two records (by task and id), and the means of the models. */
const cases: readonly {
  readonly format: FormatName;
  readonly files: readonly string[];
  readonly options?: Parameters<typeof importWith>[2];
  readonly first: Partial<OutcomeRecord>;
  readonly second: Partial<OutcomeRecord>;
  readonly prompts: number;
  readonly means: Readonly<Record<string, number>>;
}[] = [
  {
    format: "lm-eval",
    files: lmEvalFiles,
    first: {
      task: "everyday_sums",
      id: "0",
      prompt: `Question: ${pears}\nAnswer:`,
      outcomes: { "tiny-a": 1, "tiny-b": 1 },
      outputChars: { "tiny-a": 2, "tiny-b": 2 },
    },
    second: { id: "1", prompt: `Question: ${train}\nAnswer:`, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 6,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "inspect",
    files: inspectFiles,
    options: { metrics: ["includes"] },
    first: {
      task: "everyday_sums",
      id: "q1",
      prompt: pears,
      outcomes: { "openai-api/mock/tiny-a": 1, "openai-api/mock/tiny-b": 1 },
      outputChars: { "openai-api/mock/tiny-a": 2, "openai-api/mock/tiny-b": 2 },
      outputTokens: { "openai-api/mock/tiny-a": 1, "openai-api/mock/tiny-b": 1 },
    },
    second: {
      id: "q2",
      prompt: train,
      outcomes: { "openai-api/mock/tiny-a": 1, "openai-api/mock/tiny-b": 0 },
    },
    prompts: 4,
    means: { "openai-api/mock/tiny-a": 1, "openai-api/mock/tiny-b": 0.75 },
  },
  {
    format: "promptfoo",
    files: [fixture("promptfoo/results.json")],
    options: { promptField: "question" },
    first: {
      task: "everyday sums",
      prompt: pears,
      outcomes: { "openai:chat:tiny-a": 1, "openai:chat:tiny-b": 1 },
      outputChars: { "openai:chat:tiny-a": 2, "openai:chat:tiny-b": 2 },
      outputTokens: { "openai:chat:tiny-a": 1, "openai:chat:tiny-b": 1 },
    },
    second: { prompt: train, outcomes: { "openai:chat:tiny-a": 1, "openai:chat:tiny-b": 0 } },
    prompts: 6,
    means: { "openai:chat:tiny-a": 1, "openai:chat:tiny-b": 0.5 },
  },
  {
    format: "helm",
    files: helmRuns,
    first: {
      task: "everyday_sums",
      id: "id0",
      prompt: pears,
      outcomes: { "mock/tiny-a": 1, "mock/tiny-b": 1 },
      outputChars: { "mock/tiny-a": 2, "mock/tiny-b": 2 },
    },
    second: { id: "id1", prompt: train, outcomes: { "mock/tiny-a": 1, "mock/tiny-b": 0 } },
    prompts: 6,
    means: { "mock/tiny-a": 1, "mock/tiny-b": 0.5 },
  },
  {
    format: "openai-evals",
    files: [fixture("openai-evals/tiny-a.jsonl"), fixture("openai-evals/tiny-b.jsonl")],
    first: {
      task: "everyday-sums",
      id: "everyday-sums.dev.0",
      prompt: pears,
      outcomes: { "local/tiny-a": 1, "local/tiny-b": 1 },
      outputChars: { "local/tiny-a": 2, "local/tiny-b": 2 },
      outputTokens: { "local/tiny-a": 1, "local/tiny-b": 1 },
    },
    second: { id: "everyday-sums.dev.1", prompt: train, outcomes: { "local/tiny-a": 1, "local/tiny-b": 0 } },
    prompts: 6,
    means: { "local/tiny-a": 1, "local/tiny-b": 0.5 },
  },
  {
    format: "routerbench",
    files: [fixture("routerbench/everyday.csv")],
    first: {
      task: "everyday-sums",
      id: "everyday-sums.dev.0",
      prompt: `Answer with the result only.\n${pears}`,
      outcomes: { "tiny-a": 1, "tiny-b": 1 },
      outputChars: { "tiny-a": 2, "tiny-b": 2 },
      costUsd: { "tiny-a": 0.000025, "tiny-b": 0.0000015 },
    },
    second: { id: "everyday-sums.dev.1", outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 7,
    means: { "tiny-a": 6.9 / 7, "tiny-b": 0.5 },
  },
  {
    format: "embedllm",
    files: [fixture("embedllm/everyday.csv")],
    first: {
      task: "everyday sums",
      id: "0",
      prompt: pears,
      outcomes: { "maker/tiny-a": 1, "maker/tiny-b": 1 },
    },
    second: { id: "1", prompt: train, outcomes: { "maker/tiny-a": 1, "maker/tiny-b": 0 } },
    prompts: 6,
    means: { "maker/tiny-a": 1, "maker/tiny-b": 0.5 },
  },
  {
    format: "langsmith",
    files: [fixture("langsmith/tiny-a.csv"), fixture("langsmith/tiny-b.csv")],
    options: { models: ["tiny-a", "tiny-b"] },
    first: { task: "langsmith", prompt: pears, outcomes: { "tiny-a": 1, "tiny-b": 1 } },
    second: { prompt: train, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 2,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "langfuse",
    files: [fixture("langfuse/observations.json")],
    first: {
      task: "langfuse",
      prompt: pears,
      outcomes: { "tiny-a": 1, "tiny-b": 1 },
      outputTokens: { "tiny-a": 3, "tiny-b": 3 },
      costUsd: { "tiny-a": 0.0001, "tiny-b": 0.0001 },
    },
    second: { prompt: train, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 2,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "braintrust",
    files: [fixture("braintrust/experiment.csv")],
    first: {
      task: "braintrust",
      prompt: pears,
      outcomes: { "tiny-a": 1, "tiny-b": 1 },
      outputTokens: { "tiny-a": 3, "tiny-b": 3 },
      costUsd: { "tiny-a": 0.0001, "tiny-b": 0.0001 },
    },
    second: { prompt: train, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 2,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "deepeval",
    files: [fixture("deepeval/tiny-a.json"), fixture("deepeval/tiny-b.json")],
    first: {
      task: "deepeval",
      prompt: pears,
      outcomes: { "tiny-a": 1, "tiny-b": 1 },
      outputTokens: { "tiny-a": 3, "tiny-b": 3 },
      costUsd: { "tiny-a": 0.0001, "tiny-b": 0.0001 },
    },
    second: { prompt: train, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 2,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "csv",
    files: [fixture("csv/long.csv")],
    first: {
      task: "sums",
      id: "1",
      prompt: "Anna fills 7 baskets with 12 pears each\nand gives 15 pears away. How many are left?",
      outcomes: { "tiny-a": 1, "tiny-b": 0 },
      outputTokens: { "tiny-a": 2, "tiny-b": 8 },
      costUsd: { "tiny-a": 0.00002, "tiny-b": 0.000001 },
    },
    second: {
      task: "words",
      id: "1",
      prompt: 'Write the word "lantern" backwards.',
      outcomes: { "tiny-a": 0.5 },
    },
    prompts: 2,
    means: { "tiny-a": 0.75, "tiny-b": 0 },
  },
  {
    format: "csv",
    files: [fixture("csv/wide.csv")],
    first: { task: "wide", prompt: "What is 18 percent of 250?", outcomes: { "tiny-a": 1, "tiny-b": 1 } },
    second: { task: "wide", prompt: train, outcomes: { "tiny-a": 1, "tiny-b": 0 } },
    prompts: 3,
    means: { "tiny-a": 1, "tiny-b": 0.5 },
  },
  {
    format: "llmrouterbench",
    files: [fixture("llmrouterbench/sums/test/tiny-a/20260101_000000.json")],
    first: {
      task: "sums",
      id: "1",
      prompt: "What is 18 percent of 250?",
      outcomes: { "tiny-a": 1 },
      outputTokens: { "tiny-a": 5 },
      costUsd: { "tiny-a": 0.0001 },
    },
    second: { id: "2", outcomes: { "tiny-a": 0 } },
    prompts: 2,
    means: { "tiny-a": 0.5 },
  },
  {
    format: "preferences",
    files: [fixture("preferences/arena.csv")],
    first: {
      task: "arena",
      id: "1",
      prompt: "What is 18 percent of 250?",
      outcomes: { "tiny-a": 1, "tiny-b": 0 },
    },
    second: { id: "2", outcomes: { "tiny-a": 0.5, "tiny-b": 0.5 } },
    prompts: 5,
    means: { "tiny-a": 0.5, "tiny-b": 0.3 },
  },
];

test.each(cases)(
  "$format: a file of the tool becomes outcomes",
  async ({ format, files, options, ...expected }) => {
    const { records, summary } = await imported(format, files, options);
    expect(records).toHaveLength(expected.prompts);
    // Tools that run samples in parallel write them in the order in which they ended.
    const find = ({ id, prompt }: Partial<OutcomeRecord>) =>
      records.find((record) => (id === undefined ? record.prompt === prompt : record.id === id));
    expect(find(expected.first)).toMatchObject(expected.first);
    expect(find(expected.first)).toEqual({ id: expect.any(String), ...expected.first });
    expect(
      records.find(({ prompt }) => prompt === expected.second.prompt) ?? find(expected.second),
    ).toMatchObject(expected.second);
    for (const [model, mean] of Object.entries(expected.means)) {
      expect(summary.models[model]?.mean).toBeCloseTo(mean, 10);
    }
    expect(Object.keys(summary.models)).toHaveLength(Object.keys(expected.means).length);
    expect(new Set(records.map(({ task, id }) => `${task}/${id}`)).size).toBe(records.length);
  },
);

test("every format is tested on a file of its own", () => {
  expect(new Set(cases.map(({ format }) => format))).toEqual(new Set(Object.keys(formats)));
});

describe("choices", () => {
  test("lm-eval: several metrics ask for one, a preference list takes the first that is there", async () => {
    const choices = [lmEvalChoices];
    expect(await importWith("lm-eval", choices)).toMatchObject({
      ok: false,
      failure: { code: "choose_metric" },
    });
    const { records } = await imported("lm-eval", choices, { metrics: ["exact_match", "acc_norm"] });
    expect(records.map(({ id }) => id)).toEqual(["0", "1", "2", "3"]);
    expect(records[0]?.outputChars).toBeUndefined();
  });

  test("lm-eval: the bare question instead of the prompt that was sent", async () => {
    const { records } = await imported("lm-eval", lmEvalFiles, { promptField: "question" });
    expect(records[0]?.prompt).toBe(pears);
  });

  test("lm-eval: a metric may be named with its filter", async () => {
    const { records } = await imported("lm-eval", lmEvalFiles, { metrics: ["exact_match,none"] });
    expect(records).toHaveLength(6);
  });

  test("inspect: .json and .eval of one run give the same", async () => {
    for (const file of inspectFiles) {
      const { records } = await imported("inspect", [file], { metrics: ["exact"], models: ["m"] });
      expect(records.map(({ id, prompt }) => ({ id, prompt }))).toHaveLength(4);
      expect(records[0]).toMatchObject({ id: "q1", prompt: pears, outcomes: { m: 1 } });
    }
  });

  test("promptfoo: the prompt as it was sent, and `pass` as the score", async () => {
    const { records } = await imported("promptfoo", [fixture("promptfoo/results.json")], {
      metrics: ["pass"],
    });
    expect(records[0]?.prompt).toBe(`Answer with the result only. ${pears}`);
  });

  test("helm: multiple choice prompts hold the choices; the task keeps its arguments, without the model", async () => {
    const { records, summary } = await imported("helm", [fixture("helm/household")]);
    expect(summary.tasks).toEqual({ "household_choices:room=kitchen": 4 });
    expect(records[0]?.prompt).toBe("Which of these floats on water?\nA. a cork\nB. a brick\nC. a spoon");
    const sent = await imported("helm", [fixture("helm/household")], { promptField: "request" });
    expect(sent.records[0]?.prompt).toMatch(/^Answer with a single letter only\./);
  });

  test("routerbench: of several turns the first is the prompt, a model without a score is left out", async () => {
    const { records, summary } = await imported("routerbench", [fixture("routerbench/everyday.csv")]);
    expect(records.at(-1)).toMatchObject({ prompt: "Name three fruits.", outcomes: { "tiny-a": 0.9 } });
    expect(Object.keys(records.at(-1)?.outcomes ?? {})).toEqual(["tiny-a"]);
    expect(records[4]?.prompt).toContain(`It's spelled "lantern".`);
    expect(summary.skipped).toEqual([
      { reason: "no score", count: 1, first: `${fixture("routerbench/everyday.csv")}:8` },
    ]);
  });

  test("names of model and task can be given, for all files or for each", async () => {
    const files = [fixture("openai-evals/tiny-a.jsonl"), fixture("openai-evals/tiny-b.jsonl")];
    const { records, summary } = await imported("openai-evals", files, { models: ["a", "b"], task: "sums" });
    expect(Object.keys(summary.models)).toEqual(["a", "b"]);
    expect(records.every(({ task }) => task === "sums")).toBe(true);
  });
});

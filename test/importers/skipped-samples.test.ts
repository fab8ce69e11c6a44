import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { fixture, importWith, temporaryFolder } from "./fixtures.ts";

const temporary = temporaryFolder();

interface InspectLog {
  samples: { id: unknown; epoch: number; error?: object; scores?: Record<string, { value: unknown }> }[];
}

test("inspect: errors, unscored samples and NaN are skipped and counted, epochs averaged", async () => {
  const log = JSON.parse(await readFile(fixture("inspect", ".json"), "utf8")) as InspectLog;
  const [first, second, third, fourth] = log.samples as [
    InspectLog["samples"][number],
    InspectLog["samples"][number],
    InspectLog["samples"][number],
    InspectLog["samples"][number],
  ];
  second.error = { message: "the sandbox broke" };
  delete third.scores;
  fourth.scores = { exact: { value: "not a number" } };
  log.samples.push({ ...structuredClone(first), epoch: 2, scores: { exact: { value: "I" } } });
  const text = JSON.stringify(log, undefined, 2).replace('"not a number"', "NaN");
  const file = await temporary.put("log.json", text);
  const result = await importWith("inspect", [file], { metrics: ["exact"], models: ["m"] });
  expect(result).toMatchObject({
    ok: true,
    value: {
      records: [{ id: "q1", outcomes: { m: 0.5 } }],
      summary: {
        prompts: 1,
        results: 2,
        repeats: 1,
        skipped: [
          { reason: "the sample ended in an error", count: 1 },
          { reason: "the sample was not scored", count: 1 },
          { reason: "the score is not a number", count: 1 },
        ],
      },
    },
  });
});

test("inspect: a scorer with several values offers each by name", async () => {
  const log = JSON.parse(await readFile(fixture("inspect", ".json"), "utf8")) as InspectLog;
  for (const sample of log.samples) sample.scores = { judge: { value: { style: 0.25, facts: true } } };
  const file = await temporary.put("dict.json", JSON.stringify(log));
  expect(await importWith("inspect", [file], { metrics: ["judge.style"], models: ["m"] })).toMatchObject({
    ok: true,
    value: { summary: { models: { m: { mean: 0.25 } } } },
  });
});

test("helm: perturbed copies are skipped", async () => {
  const folder = fixture("helm/everyday-tiny-a");
  const stats = JSON.parse(await readFile(`${folder}/per_instance_stats.json`, "utf8")) as object[];
  stats.push({ ...stats[0], perturbation: { name: "typos" } });
  for (const name of ["scenario_state.json", "run_spec.json"]) {
    await temporary.put(name, await readFile(`${folder}/${name}`));
  }
  const file = await temporary.put("per_instance_stats.json", JSON.stringify(stats));
  expect(await importWith("helm", [file])).toMatchObject({
    ok: true,
    value: {
      summary: {
        results: 6,
        repeats: 0,
        skipped: [{ reason: "a perturbed copy of another prompt", count: 1 }],
      },
    },
  });
});

test("lm-eval: several filters ask for one, which leaves the others out", async () => {
  const lines = (await readFile(fixture("lm-eval/tiny-a", ".jsonl"), "utf8")).trimEnd().split("\n");
  const strict = lines.map((line) => line.replace('"filter": "none"', '"filter": "strict-match"'));
  const loose = lines.map((line) => line.replace('"filter": "none"', '"filter": "flexible-extract"'));
  const file = await temporary.put("samples.jsonl", [...strict, ...loose].join("\n"));
  const unclear = await importWith("lm-eval", [file], { models: ["m"] });
  expect(unclear).toMatchObject({ ok: false, failure: { code: "choose_metric" } });
  expect(unclear.ok ? "" : unclear.failure.message).toContain(`${file}:7: `);
  expect(unclear.ok ? "" : unclear.failure.message).toContain("exact_match,strict-match");
  const chosen = await importWith("lm-eval", [file], {
    models: ["m"],
    metrics: ["exact_match,strict-match"],
  });
  expect(chosen).toMatchObject({
    ok: true,
    value: { summary: { results: 6, skipped: [{ reason: "another filter (flexible-extract)", count: 6 }] } },
  });
});

test("lm-eval: the older form of a sample, with a list of lists and without the metrics' names", async () => {
  const sample = {
    ...{ doc_id: 3, doc: { question: "What is 2 + 2?" }, target: "4", resps: [["4"]], filtered_resps: ["4"] },
    ...{ arguments: [["Question: What is 2 + 2?\nAnswer:", { until: ["\n"] }]], exact_match: true },
  };
  const file = await temporary.put("old.jsonl", JSON.stringify(sample));
  expect(await importWith("lm-eval", [file], { models: ["m"], task: "sums" })).toMatchObject({
    ok: true,
    value: {
      records: [
        { id: "3", prompt: "Question: What is 2 + 2?\nAnswer:", outcomes: { m: 1 }, outputChars: { m: 1 } },
      ],
    },
  });
});

test("openai-evals: a graded log takes the first sampling's prompt and the chosen metric", async () => {
  const event = (sample: string, type: string, data: object) =>
    JSON.stringify({ run_id: "r", event_id: 0, sample_id: sample, type, data });
  const file = await temporary.put(
    "graded.jsonl",
    [
      JSON.stringify({
        spec: { completion_fns: ["m"], eval_name: "tales.dev.v0", base_eval: "tales", split: "dev" },
      }),
      event("tales.0", "sampling", {
        prompt: [{ role: "user", content: "Tell a tale." }],
        sampled: ["Once."],
      }),
      event("tales.0", "sampling", { prompt: "Grade this tale: Once.", sampled: ["B"] }),
      event("tales.0", "metrics", { choice: "B", score: 0.5 }),
      event("tales.1", "sampling", { prompt: "Tell another.", sampled: ["No."] }),
      event("tales.2", "error", { type: "Timeout", message: "too slow" }),
      JSON.stringify({ final_report: { score: 0.5 }, run_id: "r" }),
    ].join("\n"),
  );
  expect(await importWith("openai-evals", [file])).toMatchObject({
    ok: true,
    value: {
      records: [
        { task: "tales", id: "tales.0", prompt: "Tell a tale.", outcomes: { m: 0.5 }, outputChars: { m: 5 } },
      ],
      summary: {
        skipped: [
          { reason: "no match or metrics event", count: 1, first: `${file}:5` },
          { reason: "the sample ended in an error", count: 1, first: `${file}:6` },
        ],
      },
    },
  });
});

test("promptfoo: calls that ended in an error are skipped", async () => {
  const document = JSON.parse(await readFile(fixture("promptfoo/results.json"), "utf8")) as {
    results: { results: { failureReason: number }[] };
  };
  (document.results.results[0] as { failureReason: number }).failureReason = 2;
  const file = await temporary.put("results.json", JSON.stringify(document));
  expect(await importWith("promptfoo", [file])).toMatchObject({
    ok: true,
    value: { summary: { results: 11, skipped: [{ reason: "the call ended in an error", count: 1 }] } },
  });
});

test("csv: scores up to another maximum are divided by it", async () => {
  const file = await temporary.put("ten.csv", "prompt,model,score\nTell a tale.,a,7\nTell a tale.,b,10\n");
  expect(await importWith("csv", [file], { maxScore: 10 })).toMatchObject({
    ok: true,
    value: { records: [{ outcomes: { a: 0.7, b: 1 } }] },
  });
});

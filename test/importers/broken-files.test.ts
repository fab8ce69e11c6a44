import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FormatName } from "../../src/importers/formats.ts";
import { formats } from "../../src/importers/formats.ts";
import { fixture, importWith, temporaryFolder } from "./fixtures.ts";

const temporary = temporaryFolder();

/** A good file of each format, with the options that it needs. */
const good: Readonly<Record<FormatName, { readonly file: string; readonly metrics?: readonly string[] }>> = {
  "lm-eval": { file: fixture("lm-eval/tiny-a", ".jsonl") },
  inspect: { file: fixture("inspect", ".json"), metrics: ["exact"] },
  promptfoo: { file: fixture("promptfoo/results.json") },
  helm: { file: fixture("helm/everyday-tiny-a/per_instance_stats.json") },
  "openai-evals": { file: fixture("openai-evals/tiny-a.jsonl") },
  routerbench: { file: fixture("routerbench/everyday.csv") },
  embedllm: { file: fixture("embedllm/everyday.csv") },
  llmrouterbench: { file: fixture("llmrouterbench/sums/test/tiny-a/20260101_000000.json") },
  preferences: { file: fixture("preferences/arena.csv") },
  langsmith: { file: fixture("langsmith/tiny-a.csv") },
  langfuse: { file: fixture("langfuse/observations.json") },
  braintrust: { file: fixture("braintrust/experiment.csv") },
  deepeval: { file: fixture("deepeval/tiny-a.json") },
  csv: { file: fixture("csv/long.csv") },
};
const names = Object.keys(formats) as FormatName[];

let count = 0;
/** Imports the good file with its text changed; the files beside it stay as they are. */
async function importChanged(format: FormatName, change: (text: string) => string | Uint8Array) {
  const { file, metrics = [] } = good[format];
  const folder = join(temporary.path(), `${count++}`);
  await mkdir(folder);
  for (const beside of ["scenario_state.json", "run_spec.json"]) {
    if (format === "helm") await copyFile(join(dirname(file), beside), join(folder, beside));
  }
  const changed = join(folder, basename(file));
  await writeFile(changed, change(await readFile(file, "utf8")));
  return { changed, result: await importWith(format, [changed], { metrics, models: ["tiny"] }) };
}

function lineOf(text: string, part: string | RegExp): number {
  return text.slice(0, text.search(part)).split("\n").length;
}

describe("every format names file and line of", () => {
  test.each(names)("%s: an unchanged file is good", async (format) => {
    const { result } = await importChanged(format, (text) => text);
    expect(result).toMatchObject({ ok: true });
  });

  test.each(names)("%s: an empty file", async (format) => {
    const { changed, result } = await importChanged(format, () => "");
    expect(result).toMatchObject({ ok: false, failure: { code: "empty_file", param: changed } });
    expect(result.ok ? "" : result.failure.message).toMatch(`${changed}:1: `);
  });

  test.each(names)("%s: a missing file", async (format) => {
    const file = join(temporary.path(), "missing", "none.json");
    const result = await importWith(format, [file], { models: ["tiny"] });
    expect(result).toMatchObject({ ok: false, failure: { code: "unreadable_file" } });
    expect(result.ok ? "" : result.failure.message).toContain(dirname(file));
  });

  test.each(names)("%s: a file of another kind", async (format) => {
    const other = format.endsWith("evals") || format === "lm-eval" ? '{"hello": 1}\n' : '{"a":\n 1}\n';
    const { changed, result } = await importChanged(format, () => other);
    expect(result).toMatchObject({ ok: false, failure: { param: changed } });
    expect(result.ok ? "" : result.failure.message).toMatch(new RegExp(`^${changed}:[12]: not `));
  });

  // OpenAI's logs are written line by line: what stands before the cut is kept.
  test.each(names.filter((name) => name !== "openai-evals"))(
    "%s: a file that was cut in the middle",
    async (format) => {
      const { changed, result } = await importChanged(format, (text) => {
        const half = text.slice(0, Math.floor(text.length / 2));
        return good[format].file.endsWith(".csv") ? `${half},"` : half;
      });
      expect(result.ok).toBe(false);
      expect(result.ok ? "" : result.failure.code).toMatch(/^broken_/);
      expect(result.ok ? "" : result.failure.message).toMatch(new RegExp(`^${changed}:\\d+: not valid`));
    },
  );

  test.each(names)("%s: bytes that are not UTF-8", async (format) => {
    const { changed, result } = await importChanged(format, (text) =>
      Buffer.concat([Buffer.from(text.slice(0, 40)), Buffer.from([0xff, 0xfe]), Buffer.from(text.slice(40))]),
    );
    expect(result.ok).toBe(false);
    expect(result.ok ? "" : result.failure.message).toContain(`${changed}:`);
  });

  test.each(names)("%s: gzip that was cut off", async (format) => {
    const { changed, result } = await importChanged(format, (text) => gzipSync(text).subarray(0, 200));
    expect(result).toMatchObject({ ok: false, failure: { code: "broken_gzip", param: changed } });
    expect(result.ok ? "" : result.failure.message).toMatch(new RegExp(`^${changed}:\\d+: `));
  });
});

/** Format, what is changed in the good file, and the code of the failure on the changed line. */
const faults: readonly [FormatName, string, string | RegExp, string, string][] = [
  ["lm-eval", "a score that is no number", '"exact_match": 1.0', '"exact_match": "maybe"', "wrong_type"],
  ["lm-eval", "a score above 1", '"exact_match": 1.0', '"exact_match": 45.5', "score_out_of_range"],
  ["lm-eval", "no document", '"doc_id": 0', '"document": 0', "wrong_format"],
  ["inspect", "a grade that is unknown", '"value": "C"', '"value": "A+"', "wrong_type"],
  ["inspect", "a sample without input", /"input": (?="A train)/, '"asked": ', "wrong_format"],
  ["promptfoo", "a score in words", /"score": 1,(?=\s+"success")/, '"score": "1",', "wrong_format"],
  ["promptfoo", "a score above 1", /"score": 1,(?=\s+"success")/, '"score": 3,', "score_out_of_range"],
  [
    "helm",
    "a score above 1",
    /"mean": 1.0(?=[^{}]*\},\s+\{\s+"name": \{\s+"name": "quasi_exact)/,
    '"mean": 7',
    "score_out_of_range",
  ],
  ["helm", "an instance of another run", '"instance_id": "id3"', '"instance_id": "id99"', "wrong_format"],
  ["openai-evals", "a sample's match in words", '"correct": true', '"correct": "maybe"', "wrong_type"],
  ["openai-evals", "an event without its type", '"type": "match"', '"kind": "match"', "wrong_format"],
  ["routerbench", "a score in words", ",1.0,0.0,", ",good,0.0,", "wrong_type"],
  ["routerbench", "a negative cost", "2.5e-05", "-2.5e-05", "wrong_type"],
  ["embedllm", "a label above 1", /2,0,0,1,/, "2,0,0,4,", "score_out_of_range"],
  ["csv", "a score in words", ",tiny-a,0.5,", ",tiny-a,half,", "wrong_type"],
  ["csv", "a row with a cell too many", ",tiny-a,0.5,3,", ",tiny-a,0.5,3,,9", "broken_csv"],
  ["csv", "a column that stands twice", "output_tokens", "score", "broken_csv"],
];

test.each(faults)("%s: %s", async (format, _, part, replacement, code) => {
  let line = 0;
  const { changed, result } = await importChanged(format, (text) => {
    line = lineOf(text, part);
    expect(text.search(part), "the fixture has what is to be changed").toBeGreaterThan(0);
    return text.replace(part, replacement);
  });
  expect(result).toMatchObject({ ok: false, failure: { code, param: changed } });
  const named = Number(/:(\d+): /.exec(result.ok ? "" : result.failure.message)?.[1]);
  // Whole-document formats name the line on which the sample starts.
  if (format === "inspect" || format === "promptfoo" || format === "helm") {
    expect(named).toBeGreaterThan(1);
    expect(named).toBeLessThanOrEqual(line);
    expect(line - named).toBeLessThan(300);
  } else if (format === "openai-evals") {
    expect(Math.abs(line - named)).toBeLessThanOrEqual(1);
  } else expect(named).toBe(line);
});

test("the same id with another prompt is not mixed", async () => {
  const first = await temporary.put("one.csv", "task,id,prompt,model,score\nsums,1,What is 2 + 2?,a,1\n");
  const second = await temporary.put("two.csv", "task,id,prompt,model,score\nsums,1,What is 3 + 3?,b,1\n");
  const result = await importWith("csv", [first, second]);
  expect(result).toMatchObject({ ok: false, failure: { code: "prompt_mismatch", param: second } });
  expect(result.ok ? "" : result.failure.message).toContain(`${second}:2`);
  expect(result.ok ? "" : result.failure.message).toContain(`${first}:2`);
});

test("a pickle is told from CSV, with the command that converts it", async () => {
  const result = await importWith("routerbench", [fixture("routerbench/everyday.pkl")]);
  expect(result).toMatchObject({ ok: false, failure: { code: "wrong_format" } });
  expect(result.ok ? "" : result.failure.message).toContain("pandas.read_pickle");
});

test("lm-eval samples without their results file ask for the model's name", async () => {
  const file = await temporary.put(
    "samples_sums_2026-01-01T00-00-00.000000.jsonl",
    await readFile(good["lm-eval"].file),
  );
  expect(await importWith("lm-eval", [file])).toMatchObject({
    ok: false,
    failure: { code: "unknown_model" },
  });
});

test("a file with nothing but skipped samples is a failure that says why", async () => {
  const file = await temporary.put("none.csv", "prompt,model,score\nWhat is 2 + 2?,a,\n");
  const result = await importWith("csv", [file]);
  expect(result).toMatchObject({ ok: false, failure: { code: "nothing_imported" } });
  expect(result.ok ? "" : result.failure.message).toContain("1 x no score");
});

describe("an .eval archive", () => {
  const file = fixture("inspect", ".eval");

  test.each([
    ["cut in the middle", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), "broken_zip"],
    ["that is no zip", () => Buffer.from("hello"), "broken_zip"],
    ["that is empty", () => Buffer.alloc(0), "broken_zip"],
    [
      "with a broken entry",
      (bytes: Buffer) => {
        const changed = Buffer.from(bytes);
        // Past the first entries' headers, inside the compressed data of the samples.
        changed.fill(0x55, 900, 1400);
        return changed;
      },
      "broken_zip",
    ],
  ])("%s", async (_, change, code) => {
    const changed = await temporary.put(`${count++}.eval`, change(await readFile(file)));
    const result = await importWith("inspect", [changed], { metrics: ["exact"] });
    expect(result).toMatchObject({ ok: false, failure: { code, param: changed } });
    expect(result.ok ? "" : result.failure.message).toMatch(new RegExp(`^${changed}(/[^:]+)?:1: `));
  });
});
